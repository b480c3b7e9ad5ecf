import { describe, expect, it } from 'vitest';
import { duplicateEndpoint } from '../../../src/lib/doctor/rules/sd204-duplicate-endpoint.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import { anInstance } from '../../support/builders.js';
import { at, consulWith, earlier, found, foundAbout, onConsul } from './entry-premises.js';
import { leased, leaseOf, observed, withLeases } from './lease-premises.js';
import { anExamination, run } from './premises.js';

const a = leased('a', '1', { revision: '9' });
const b = leased('b', '2', { revision: '10' });

/** Both, with so many of 15 seconds left. */
function withLeft(leftOfA: number, leftOfB = 14): ReturnType<typeof withLeases> {
  return withLeases([a, b], [leaseOf([a], { leftSeconds: leftOfA }), leaseOf([b], { leftSeconds: leftOfB })]);
}

describe('finds', () => {
  it('two ids at one address, and suspects the older one', () => {
    expect(run(duplicateEndpoint, withLeft(14))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: 'a', address: '10.0.0.1:8080' },
        detail: 'order/a and order/b announce 10.0.0.1:8080',
        evidence: expect.arrayContaining([{ name: 'probably left over', value: 'order/a' }]) as unknown,
        identity: ['order', '', '10.0.0.1:8080'],
      },
    ]);
  });

  it('an error where their metadata differ', () => {
    const other = { ...b, metadata: { zone: 'b' } };
    expect(run(duplicateEndpoint, anExamination([a, other]))).toMatchObject([
      { severity: 'error', detail: expect.stringContaining('metadata differ') as unknown },
    ]);
  });

  it('any of several addresses, once for each', () => {
    const both = {
      endpoints: [...at('10.0.0.1', 80, 'http').endpoints, ...at('10.0.0.1', 90, 'grpc').endpoints],
    };
    expect(
      run(
        duplicateEndpoint,
        anExamination([
          { ...a, ...both },
          { ...b, ...both },
        ]),
      ),
    ).toMatchObject([{ subject: { address: '10.0.0.1:80' } }, { subject: { address: '10.0.0.1:90' } }]);
  });

  it('two without a lease, although SD101 names each', () => {
    const [c, d] = [
      { ...a, lease: null },
      { ...b, lease: null },
    ];
    const known = earlier({ SD101: [foundAbout(c), foundAbout(d)] });
    expect(run(duplicateEndpoint, anExamination([c, d], known))).toHaveLength(1);
  });

  it('loopback addresses where a single host is meant', () => {
    const local = [
      { ...a, ...at('127.0.0.1') },
      { ...b, ...at('127.0.0.1') },
    ];
    const settings = { ...defaultSettings, allowLoopback: true };
    expect(run(duplicateEndpoint, anExamination(local, { settings }))).toHaveLength(1);
  });
});

describe('leaves alone', () => {
  it('one that nobody renews any more', () => {
    expect(run(duplicateEndpoint, withLeft(8))).toEqual([]);
    // Ten of fifteen seconds are left right before a renewal.
    expect(run(duplicateEndpoint, withLeft(9))).toHaveLength(1);
    const watched = [leaseOf([a], { isRenewed: false }), leaseOf([b], { isRenewed: true })];
    expect(run(duplicateEndpoint, withLeases([a, b], watched))).toEqual([]);
  });

  it('one that is gone when it was last looked at', () => {
    const examination = observed(
      [a, b],
      [
        [0, []],
        [5, []],
      ],
    );
    const [first] = examination.samples;
    const last = { ...first, instances: new Map([[b.key ?? '', b]]) } as never;
    expect(run(duplicateEndpoint, { ...examination, samples: [...examination.samples, last] })).toEqual([]);
  });

  it('one without a lease beside one with a lease, which is SD101', () => {
    const permanent = { ...a, lease: null };
    const examination = anExamination([permanent, b], earlier({ SD101: [foundAbout(permanent)] }));
    expect(run(duplicateEndpoint, examination)).toEqual([]);
  });

  it.each([
    ['one that callers are not given', [a, { ...b, health: 'critical' as const }]],
    ['other ports', [a, { ...b, ...at('10.0.0.1', 8_081, 'http') }]],
    ['the same port on UDP', [a, { ...b, ...at('10.0.0.1', 8_080, 'quic') }]],
    ['other services', [a, leased('b', '2', { service: 'pay' })]],
    [
      'another root',
      [
        { ...a, root: '/a/' },
        { ...b, root: '/b/' },
      ],
    ],
    ['one id twice, which is SD206', [a, { ...a, key: '/other' }]],
    [
      'addresses that every machine has',
      [
        { ...a, ...at('172.17.0.2') },
        { ...b, ...at('172.17.0.2') },
      ],
    ],
    [
      'entries without a port',
      [
        { ...a, ...at('10.0.0.1', null) },
        { ...b, ...at('10.0.0.1', null) },
      ],
    ],
    [
      'configuration',
      [
        { ...a, readOnly: true },
        { ...b, readOnly: true },
      ],
    ],
    [
      'one instance with an address twice',
      [anInstance({ endpoints: [...at('10.0.0.1').endpoints, ...at('10.0.0.1').endpoints] })],
    ],
  ])('%s', (_what, instances) => {
    expect(run(duplicateEndpoint, anExamination(instances))).toEqual([]);
  });

  it('instances that SD203 has found at the address of a server', () => {
    const copies = ['a', 'b'].map((id) => onConsul({ id }));
    expect(run(duplicateEndpoint, consulWith(copies))).toHaveLength(1);
    const known = earlier({ SD203: [found({ service: 'order', node: 'node-1', address: '10.0.0.1:8080' })] });
    expect(run(duplicateEndpoint, consulWith(copies, known))).toEqual([]);
  });
});

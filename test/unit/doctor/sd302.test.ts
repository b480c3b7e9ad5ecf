import { describe, expect, it } from 'vitest';
import { unreachable } from '../../../src/lib/doctor/rules/sd302-unreachable.js';
import type { ProbeAnswer } from '../../../src/lib/doctor/types.js';
import type { Instance } from '../../../src/lib/model/instance.js';
import { anInstance } from '../../support/builders.js';
import { at, consulWith, earlier, found, onConsul, probed } from './entry-premises.js';
import { leased, leaseOf, withLeases } from './lease-premises.js';
import { anExamination, run } from './premises.js';

type Outcome = ProbeAnswer['outcome'];

function host(subnet: number, number: number): Instance {
  const id = `${subnet}-${number}`;
  return anInstance({ id, ...at(`10.0.${subnet}.${number}`) });
}

/** Instances with what probing each of them has told. */
function probing(...all: readonly (readonly [Instance, ...Outcome[]])[]): ReturnType<typeof anExamination> {
  return anExamination(
    all.map(([instance]) => instance),
    probed(all),
  );
}

const well = [1, 2, 3].map((number) => [host(9, number), 'ok'] as const);
const one = host(1, 1);

it('needs probes', () => {
  expect(run(unreachable, anExamination([one]))).toBe('skip');
});

describe('finds', () => {
  it.each<[Outcome, string, string]>([
    ['refused', 'refuses connections', 'deregister'],
    ['timeout', 'does not answer', 'list'],
    ['unresolved', 'has a name that does not resolve', 'list'],
    ['tls', 'fails at TLS', 'list'],
    ['not-serving', 'says that it does not serve', 'list'],
    ['error', 'cannot be called', 'list'],
  ])('an instance whose answer is %s', (outcome, text, command) => {
    expect(run(unreachable, probing([one, outcome], ...well))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: '1-1', address: '10.0.1.1:8080' },
        detail: expect.stringContaining(text) as unknown,
        fix: {
          commands: [['sdctl', command, ...(command === 'list' ? ['order', '--id', '1-1'] : ['order/1-1'])]],
        },
      },
    ]);
  });

  it('one of several endpoints', () => {
    const instance = anInstance({
      endpoints: [...at('10.0.1.1').endpoints, ...at('10.0.1.1', 9_000).endpoints],
    });
    expect(run(unreachable, probing([instance, 'ok', 'refused'], ...well))).toMatchObject([
      { subject: { address: '10.0.1.1:9000' } },
    ]);
  });

  it('few silent ones each by itself, whatever their share', () => {
    expect(run(unreachable, probing([one, 'timeout']))).toMatchObject([{ severity: 'error' }]);
    expect(run(unreachable, probing([one, 'timeout'], [host(2, 1), 'error']))).toHaveLength(2);
  });

  it('many that refuse each by itself: their machines answer', () => {
    const refusing = [1, 2, 3, 4, 5].map((number) => [host(1, number), 'refused'] as const);
    expect(run(unreachable, probing(...refusing))).toMatchObject(refusing.map(() => ({ severity: 'error' })));
  });

  it('one that lies on the way out, but whose lease never ends it', () => {
    const a = leased('a', '1', at('10.0.1.1'));
    const overdue = withLeases(
      [a],
      [leaseOf([a], { leftSeconds: 0, isOverdue: true })],
      probed([[a, 'refused']]),
    );
    expect(run(unreachable, overdue)).toHaveLength(1);
    expect(run(unreachable, { ...overdue, ...earlier({ SD106: [found({ lease: '1' })] }) })).toEqual([]);
  });
});

describe('the place that is probed from', () => {
  const silent = [1, 2, 3].map((number) => [host(1, number), 'timeout'] as const);

  it('is found once where most are silent, beside those that answer otherwise', () => {
    const examination = probing(
      ...silent,
      [host(2, 1), 'unresolved'],
      [host(2, 2), 'refused'],
      ...well.slice(0, 1),
    );
    expect(run(unreachable, examination)).toMatchObject([
      {
        severity: 'warning',
        subject: { service: null, instance: null, address: null },
        evidence: expect.arrayContaining([{ name: 'silent', value: '4 of 6' }]) as unknown,
        identity: ['vantage', ''],
      },
      { severity: 'error', subject: { instance: '2-2' } },
    ]);
  });

  it('is found for a subnet in which all are silent', () => {
    expect(run(unreachable, probing(...silent, ...well))).toMatchObject([
      { severity: 'warning', subject: { address: '10.0.1.0/24' }, identity: ['vantage', '10.0.1.0/24'] },
    ]);
  });

  it('is found for a subnet of IPv6', () => {
    const far = ['2001:db8::1', '2001:db8:0:0:1::2', '2001:db8::3'].map((address) => {
      const instance = anInstance({ id: address, ...at(`[${address}]`) });
      return [instance, 'timeout'] as const;
    });
    expect(run(unreachable, probing(...far, ...well))).toMatchObject([
      { subject: { address: '2001:db8:0:0::/64' } },
    ]);
  });

  it('is not found for a subnet in which one answers, were it to refuse', () => {
    const mixed = probing(
      ...silent,
      [host(1, 9), 'refused'],
      ...well,
      [host(9, 8), 'ok'],
      [host(9, 9), 'ok'],
    );
    expect(run(unreachable, mixed)).toMatchObject([1, 2, 3, 4].map(() => ({ severity: 'error' })));
  });
});

describe('leaves alone', () => {
  it('what answers, and what was not probed', () => {
    expect(run(unreachable, { ...probing(...well), ...probed(well.slice(0, 1)) })).toEqual([]);
  });

  it.each([
    ['what callers are not given', { health: 'critical' as const }],
    ['what is in maintenance', { health: 'maintenance' as const }],
    ['loopback, which is another machine there', at('127.0.0.1')],
    ['the bridge of another machine', at('172.17.0.3')],
  ])('%s', (_what, change) => {
    expect(
      run(unreachable, probing([anInstance({ ...at('10.0.1.1'), ...change }), 'refused'], ...well)),
    ).toEqual([]);
  });

  it('an entry that nobody renews any more', () => {
    const a = leased('a', '1', at('10.0.1.1'));
    const left = (leftSeconds: number): ReturnType<typeof withLeases> =>
      withLeases([a], [leaseOf([a], { leftSeconds })], probed([[a, 'refused']]));
    expect(run(unreachable, left(14))).toHaveLength(1);
    expect(run(unreachable, left(5))).toEqual([]);
  });

  it("Consul's own entry", () => {
    const consul = onConsul({ service: 'consul' });
    expect(run(unreachable, consulWith([consul], probed([[consul, 'refused']])))).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import { viewDrift } from '../../../src/lib/doctor/rules/sd401-view-drift.js';
import type { Examination, Sample } from '../../../src/lib/doctor/types.js';
import type { BackendFacts, DriftFacts } from '../../../src/lib/model/backend-facts.js';
import { run } from './premises.js';
import { withFacts } from './server-premises.js';

function aDrift(change: Partial<DriftFacts> = {}): DriftFacts {
  const name = { node: 'node-1', service: 'order', instance: 'order-1' };
  return { ...name, kind: 'extra', agent: '10.0.0.1:80', catalog: null, ...change };
}

/** What was seen when: seconds since the start, and the drift of that moment; without one nobody asked the agents. */
function looked(
  looks: readonly (readonly [atSeconds: number, drift?: readonly DriftFacts[] | null])[],
  facts: Partial<BackendFacts> = {},
  change: Partial<Examination> = {},
): Examination {
  const samples = looks.map(([atSeconds, drift]): Sample => ({
    atMs: 7_000 + atSeconds * 1_000,
    leases: new Map(),
    instances: new Map(),
    term: null,
    ...(drift === undefined ? {} : { drift }),
  }));
  return withFacts({ drift: looks[0]?.[1] ?? null, ...facts }, { backend: 'consul', samples, ...change });
}

describe('finds', () => {
  it('an entry of an agent that the catalog does not get in a whole period', () => {
    expect(run(viewDrift, looked([[0, [aDrift()]], [60], [121, [aDrift()]]]))).toMatchObject([
      {
        severity: 'error',
        subject: { node: 'node-1', service: 'order', instance: 'order-1' },
        detail: 'order/order-1@node-1 is registered at its agent, and the catalog does not have it',
        evidence: [
          { name: 'address at the agent', value: '10.0.0.1:80' },
          { name: 'address in the catalog', value: 'not there' },
          { name: 'seen for', value: '2m 1s' },
          { name: 'sync period', value: 'at most 2m' },
        ],
        fix: {
          commands: expect.arrayContaining([
            ['sdctl', 'doctor', '--only', 'SD401', '--observe', '2m'],
          ]) as unknown,
        },
      },
    ]);
  });

  it('all that differs of one instance once, and another instance beside it', () => {
    const drift = [
      aDrift({ kind: 'address', catalog: '10.9.9.9:80' }),
      aDrift({ kind: 'status', agent: 'c: passing', catalog: 'c: critical' }),
      aDrift({ instance: 'order-2', kind: 'missing', agent: null, catalog: '10.0.0.2:80' }),
    ];
    expect(
      run(
        viewDrift,
        looked([
          [0, drift],
          [120, drift],
        ]),
      ),
    ).toMatchObject([
      { subject: { instance: 'order-1' }, detail: expect.stringContaining('address, status') as unknown },
      { subject: { instance: 'order-2' }, detail: expect.stringContaining('does not know it') as unknown },
    ]);
  });

  it('what the facts knew already where the first sample has none of its own', () => {
    const examination = looked([[0], [120, [aDrift()]]], { drift: [aDrift()] });
    expect(run(viewDrift, examination)).toHaveLength(1);
  });
});

describe('leaves alone', () => {
  it.each([
    [
      'agents that agree',
      looked([
        [0, []],
        [5, []],
      ]),
    ],
    [
      'what was mended',
      looked([
        [0, [aDrift()]],
        [120, []],
      ]),
    ],
    [
      'what has just come up',
      looked([
        [0, []],
        [120, [aDrift()]],
      ]),
    ],
    [
      'what was mended in between',
      looked([
        [0, [aDrift()]],
        [60, []],
        [120, [aDrift()]],
      ]),
    ],
    [
      'what differs otherwise by then',
      looked([
        [0, [aDrift()]],
        [120, [aDrift({ kind: 'tags' })]],
      ]),
    ],
    [
      'services that nobody asked about',
      looked(
        [
          [0, [aDrift()]],
          [120, [aDrift()]],
        ],
        {},
        { service: 'pay' },
      ),
    ],
  ])('%s', (_what, examination) => {
    expect(run(viewDrift, examination)).toEqual([]);
  });
});

describe('does not decide', () => {
  it('without --observe, and says how long it takes', () => {
    const reason = 'needs --observe 2m';
    expect(viewDrift.applies?.(looked([[0, [aDrift()]]]))).toEqual({ status: 'skip', reason });
  });

  it('on less than a period, which is longer in a large cluster', () => {
    expect(
      run(
        viewDrift,
        looked([
          [0, [aDrift()]],
          [119, [aDrift()]],
        ]),
      ),
    ).toBe('unknown');
    const node = { name: 'n', address: '', alive: true, isExternal: false, services: 0, maintenance: null };
    const nodes = Array.from({ length: 200 }, () => node);
    const looks = [
      [0, [aDrift()]],
      [130, [aDrift()]],
    ] as const;
    expect(run(viewDrift, looked(looks))).toHaveLength(1);
    expect(run(viewDrift, looked(looks, { nodes }))).toBe('unknown');
  });

  it('where the agents were asked once only', () => {
    expect(run(viewDrift, looked([[0, [aDrift()]], [120]]))).toBe('unknown');
  });

  it('where no agent could be compared, and says why', () => {
    const denied = [{ call: 'catalog/node', why: 'this token may not see it' }];
    expect(run(viewDrift, looked([[0], [120]]))).toBe('unknown');
    expect(viewDrift.applies?.(looked([[0], [120]], { denied }))).toMatchObject({ reason: denied[0]?.why });
  });
});

/** What is certainly of nobody any more: each rule with the case that it must not take. */
import { describe, expect, it } from 'vitest';
import { Mass } from '../../src/lib/discovery/mass.js';
import { judgeStale, type StaleEvidence, type StaleSample } from '../../src/lib/discovery/staleness.js';
import { instanceKey, type Check, type Health, type Instance } from '../../src/lib/model/instance.js';
import type { Lease } from '../../src/lib/registry/types.js';
import { anInstance } from '../support/builders.js';

interface Case extends Partial<Omit<StaleEvidence, 'first' | 'second'>> {
  readonly before: StaleSample;
  /** Default: as before. */
  readonly after?: StaleSample;
  readonly apartSeconds?: number;
  /** How long the two samples took themselves. Default: a moment. */
  readonly tookSeconds?: number;
}

/** `id: reason` of what is taken, `id: spared` of what only looks stale. */
function judged(one: Case) {
  const { before, after = before, backend = 'etcd', refused = null } = one;
  const { apartSeconds = 60, tookSeconds = 0.02 } = one;
  const elapsed = { leastMs: apartSeconds * 1_000, mostMs: (apartSeconds + tookSeconds) * 1_000 };
  const verdicts = judgeStale({ backend, first: before, second: after, elapsed, refused });
  return verdicts.map(({ instance, reason, spared }) => ({
    id: instance.id,
    because: reason,
    spared,
  }));
}

describe('on Consul', () => {
  const check = (overrides: Partial<Check> = {}): Check => ({
    id: 'service:a',
    name: 'ttl',
    type: 'ttl',
    health: 'critical',
    output: 'TTL expired (last output before timeout follows): ok',
    notes: '',
    ...overrides,
  });
  const member = (id: string, overrides: Partial<Instance> = {}): Instance =>
    anInstance({
      id,
      node: 'node-1',
      key: null,
      lease: null,
      layout: 'generic',
      endpoints: [{ protocol: 'http', address: `10.0.0.${id.length}`, port: id.charCodeAt(0) }],
      ...overrides,
    });
  const expired = (id: string, overrides: Partial<Instance> = {}): Instance =>
    member(id, { health: 'critical', checks: [check()], ...overrides });
  const node = (health: Health): Partial<Instance> => ({
    health: 'critical',
    nodeChecks: [check({ id: 'serfHealth', type: '', health, output: 'Agent not live or unreachable' })],
  });
  const sample = (...instances: readonly Instance[]): StaleSample => ({ instances, leases: new Map() });
  const onConsul = (before: readonly Instance[], overrides: Partial<Case> = {}) =>
    judged({ backend: 'consul', before: sample(...before), ...overrides });
  const healthy = ['b', 'c'].map((id) => member(id));

  it('a TTL check that stayed expired is', () => {
    expect(onConsul([expired('a'), ...healthy])).toEqual([
      { id: 'a', because: 'its TTL check has expired, and nobody passed it since', spared: null },
    ]);
  });

  it.each([
    ['expired just now', [expired('a'), ...healthy], { apartSeconds: 29.9 }],
    ['may have expired just now', [expired('a'), ...healthy], { apartSeconds: 20, tookSeconds: 40 }],
    [
      'is passed again, whatever it says',
      [expired('a', { checks: [check({ health: 'passing' })] }), ...healthy],
      {},
    ],
    [
      'has a longer TTL than the time between',
      [expired('a', { lease: { id: 'service:a', ttlSeconds: 90, leftSeconds: null } }), ...healthy],
      { apartSeconds: 89 },
    ],
    ['was fine before', [expired('a'), ...healthy], { after: [member('a'), ...healthy] }],
    ['is fine again', [member('a'), ...healthy], { after: [expired('a'), ...healthy] }],
    [
      'expired by another check',
      [expired('a', { checks: [check({ id: 'other' })] }), ...healthy],
      { after: [expired('a'), ...healthy] },
    ],
    [
      'was registered anew',
      [expired('a', { revision: '1' }), ...healthy],
      { after: [expired('a', { revision: '2' }), ...healthy] },
    ],
    [
      'was failed by its own program',
      [expired('a', { checks: [check({ output: 'disk full' })] }), ...healthy],
      {},
    ],
    ['fails an http check', [expired('a', { checks: [check({ type: 'http' })] }), ...healthy], {}],
    ['is new', healthy, { after: [expired('a'), ...healthy] }],
  ] as const)(
    'one that %s is not',
    (_what, before, { after, ...rest }: { after?: readonly Instance[] } & object) => {
      expect(onConsul(before, after === undefined ? rest : { ...rest, after: sample(...after) })).toEqual([]);
    },
  );

  it('a check of no type counts when it is the one that sdctl keeps', () => {
    const own = expired('a', {
      checks: [check({ type: '' })],
      lease: { id: 'service:a', ttlSeconds: 10, leftSeconds: null },
    });
    expect(onConsul([own, ...healthy])).toHaveLength(1);
    expect(onConsul([{ ...own, lease: null }, ...healthy])).toEqual([]);
  });

  it('an instance on a failed node is, at once', () => {
    const found = onConsul([member('a', { node: 'dead', ...node('critical') }), ...healthy], {
      apartSeconds: 0,
    });
    expect(found).toEqual([{ id: 'a', because: 'its node has failed or left', spared: null }]);
  });

  it('one on a node that is there, or only just went, is not', () => {
    expect(onConsul([member('a', { ...node('passing') }), ...healthy])).toEqual([]);
    const after = sample(member('a', node('critical')), ...healthy);
    expect(onConsul([member('a'), ...healthy], { after })).toEqual([]);
  });

  it('a critical copy of one that passes is; a passing copy is not', () => {
    const place = { endpoints: [{ protocol: 'http', address: '10.9.9.9', port: 80 }] };
    const old = member('old', { ...place, health: 'critical' });
    const fresh = member('new', { ...place, node: 'node-2' });
    expect(onConsul([old, fresh, ...healthy])).toEqual([
      {
        id: 'old',
        because: 'it is critical while order/new@node-2 on the same address passes',
        spared: null,
      },
    ]);
    expect(onConsul([{ ...old, health: 'passing' }, fresh, ...healthy])).toEqual([]);
    expect(onConsul([{ ...old, health: 'warning' }, fresh, ...healthy])).toEqual([]);
    expect(onConsul([old, { ...fresh, health: 'warning' }, ...healthy])).toEqual([]);
    expect(onConsul([old, { ...fresh, service: 'pay' }, ...healthy])).toEqual([]);
    expect(onConsul([old, { ...fresh, endpoints: [] }, ...healthy])).toEqual([]);
    expect(onConsul([{ ...old, endpoints: [] }, { ...fresh, endpoints: [] }, ...healthy])).toEqual([]);
    const recovered = { ...old, health: 'passing' } as const;
    expect(onConsul([old, fresh, ...healthy], { after: sample(recovered, fresh, ...healthy) })).toEqual([]);
    // A single failure of a check may be over at the next one.
    expect(onConsul([old, fresh, ...healthy], { apartSeconds: 29 })).toEqual([]);
    expect(
      onConsul([{ ...old, health: 'passing' }, fresh, ...healthy], { after: sample(old, fresh, ...healthy) }),
    ).toEqual([]);
  });

  it('spares what went down with more than half of its service', () => {
    const [first, second] = [expired('a'), expired('d', { node: 'node-2' })];
    expect(onConsul([first, second, member('b')])).toMatchObject([
      { id: 'a', spared: '2 of 3 of service order are down together' },
      { id: 'd', spared: '2 of 3 of service order are down together' },
    ]);
    // Half of it is not more than half.
    expect(onConsul([first, second, ...healthy])).toMatchObject([{ spared: null }, { spared: null }]);
    // One alone did not go down together with anything.
    expect(onConsul([first])).toMatchObject([{ id: 'a', spared: null }]);
  });

  it('spares what went down with more than half of its node', () => {
    const beside = [
      member('x', { service: 'pay', health: 'critical' }),
      member('y', { service: 'pay', node: 'node-2' }),
    ];
    const others = healthy.map((instance) => ({ ...instance, node: 'node-2' }));
    expect(onConsul([expired('a'), ...beside, ...others])).toMatchObject([
      { id: 'a', spared: '2 of 2 of node node-1 are down together' },
    ]);
    const fine = [member('v', { service: 'pay' }), member('w', { service: 'pay' })];
    expect(onConsul([expired('a'), ...beside, ...fine, ...others])).toMatchObject([
      { id: 'a', spared: null },
    ]);
  });

  it('spares a service of which most nodes have failed', () => {
    const dead = ['a', 'd'].map((id) => member(id, { node: `dead-${id}`, ...node('critical') }));
    expect(onConsul([...dead, member('b')])).toMatchObject([
      { spared: '2 of 3 of service order are down together' },
      { spared: '2 of 3 of service order are down together' },
    ]);
    // All of one failed node are down by nature, which spares nothing.
    const one = [member('a', { node: 'dead', ...node('critical') })];
    const pay = member('p', { service: 'pay', node: 'dead', ...node('critical') });
    expect(onConsul([...one, pay, ...healthy])).toMatchObject([
      { id: 'a', spared: null },
      { id: 'p', spared: null },
    ]);
  });
});

describe('on leases', () => {
  const lease = (id: string, leftSeconds: number, grantedSeconds = 30): Lease => ({
    id,
    grantedSeconds,
    leftSeconds: Math.max(0, leftSeconds),
    isOverdue: leftSeconds < 0,
  });
  const member = (id: string, overrides: Partial<Instance> = {}): Instance =>
    anInstance({
      id,
      root: '/services/',
      layout: 'kratos',
      lease: { id: `l-${id}`, ttlSeconds: 30, leftSeconds: null },
      endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 8_000 + id.charCodeAt(0) }],
      ...overrides,
    });
  const sample = (instances: readonly Instance[], ...leases: readonly Lease[]): StaleSample => ({
    instances,
    leases: new Map(leases.map((one) => [one.id, one])),
  });
  const b = member('b');
  const c = member('c');
  const alive = [lease('l-b', 25), lease('l-c', 25)];

  describe('one that has expired and still stands', () => {
    const a = member('a');
    const overdue = sample([a, b, c], lease('l-a', -5), ...alive);
    const unknown = sample([a, b, c], ...alive);

    it.each([
      ['overdue', overdue],
      ['not known any more', unknown],
    ])('is stale: %s', (_what, before) => {
      expect(judged({ before, apartSeconds: 3 })).toEqual([
        { id: 'a', because: 'its lease has expired and was not revoked', spared: null },
      ]);
    });

    it('is not, when it was fine before, is renewed since, or was written in between', () => {
      const fine = sample([a, b, c], lease('l-a', 20), ...alive);
      expect(judged({ before: fine, after: overdue, apartSeconds: 3 })).toEqual([]);
      expect(judged({ before: overdue, after: fine, apartSeconds: 3 })).toEqual([]);
      const anew = sample([{ ...a, revision: '9' }, b, c], lease('l-a', -5), ...alive);
      expect(judged({ before: overdue, after: anew, apartSeconds: 3 })).toEqual([]);
    });

    it('is spared with more than half of its service, in its own root', () => {
      const d = member('d');
      const many = sample([a, d, b], lease('l-a', -5), lease('l-d', -5), ...alive);
      expect(judged({ before: many, apartSeconds: 3 })).toMatchObject([
        { id: 'a', spared: '2 of 3 of service order are down together' },
        { id: 'd', spared: '2 of 3 of service order are down together' },
      ]);
      const elsewhere = sample(
        [a, { ...d, root: '/other/' }, b],
        lease('l-a', -5),
        lease('l-d', -5),
        ...alive,
      );
      expect(judged({ before: elsewhere, apartSeconds: 3 })).toMatchObject([
        { spared: null },
        { spared: null },
      ]);
    });
  });

  describe('one without a lease', () => {
    const bare = member('a', { lease: null });
    const before = sample([bare, b, c], ...alive);
    const refused = new Set([instanceKey(bare)]);

    it('is stale where its layout leases and nothing listens', () => {
      expect(judged({ before, refused })).toEqual([
        { id: 'a', because: 'it has no lease, and nothing listens at its address', spared: null },
      ]);
    });

    it('is not, when nobody probed, when it listens, or when its layout keeps such entries', () => {
      expect(judged({ before })).toEqual([]);
      expect(judged({ before, refused: new Set() })).toEqual([]);
      const ordinary = sample([{ ...bare, layout: 'etcd-endpoints' }, b, c], ...alive);
      expect(judged({ before: ordinary, refused })).toEqual([]);
      const nobodys = sample([{ ...bare, layout: 'of nobody' }, b, c], ...alive);
      expect(judged({ before: nobodys, refused })).toEqual([]);
    });

    it('one with a lease is not, whatever answers', () => {
      expect(judged({ before: sample([b, c], ...alive), refused: new Set([instanceKey(b)]) })).toEqual([]);
    });
  });

  describe('of two on one address', () => {
    const a = member('a', { endpoints: b.endpoints });
    const first = sample([a, b], lease('l-a', 25), lease('l-b', 25));
    const later = (left: number, of: readonly Instance[] = [a, b]): StaleSample =>
      sample(of, lease('l-a', left), lease('l-b', 28));

    it('the one that nobody renews is stale', () => {
      expect(judged({ before: first, after: later(7), apartSeconds: 18 })).toEqual([
        { id: 'a', because: 'nobody renews it, while order/b on the same address is renewed', spared: null },
      ]);
    });

    it('neither is, when both are renewed, or the time does not tell', () => {
      expect(judged({ before: first, after: later(27), apartSeconds: 18 })).toEqual([]);
      expect(judged({ before: first, after: later(22), apartSeconds: 3 })).toEqual([]);
    });

    it('neither is, when nobody renews either', () => {
      const after = sample([a, b], lease('l-a', 7), lease('l-b', 7));
      expect(judged({ before: first, after, apartSeconds: 18 })).toEqual([]);
    });

    it('neither is, on other addresses, of other services, in other roots or layouts', () => {
      const others: readonly Partial<Instance>[] = [
        { endpoints: c.endpoints },
        { service: 'pay', key: '/services/pay/a' },
        { root: '/other/', key: '/other/order/a' },
        { layout: 'go-micro' },
        { endpoints: [...b.endpoints, ...c.endpoints] },
      ];
      for (const other of others) {
        const odd = { ...a, ...other };
        const before = sample([odd, b], lease('l-a', 25), lease('l-b', 25));
        expect(judged({ before, after: later(7, [odd, b]), apartSeconds: 18 })).toEqual([]);
      }
    });

    it('the order of its addresses does not matter', () => {
      const both = [...b.endpoints, ...c.endpoints];
      const [one, two] = [
        { ...a, endpoints: both },
        { ...b, endpoints: both.toReversed() },
      ];
      const before = sample([one, two], lease('l-a', 25), lease('l-b', 25));
      expect(judged({ before, after: later(7, [one, two]), apartSeconds: 18 })).toMatchObject([{ id: 'a' }]);
    });

    it('a copy without a lease is stale where its layout leases', () => {
      const bare = { ...a, lease: null };
      const before = sample([bare, b], lease('l-b', 25));
      const after = sample([bare, b], lease('l-b', 28));
      expect(judged({ before, after, apartSeconds: 18 })).toMatchObject([{ id: 'a' }]);
      const [written, kept] = [
        { ...bare, layout: 'coredns' },
        { ...b, layout: 'coredns' },
      ];
      const ordinary = (left: number) => sample([written, kept], lease('l-b', left));
      expect(judged({ before: ordinary(25), after: ordinary(28), apartSeconds: 18 })).toEqual([]);
    });
  });
});

describe('a group in trouble', () => {
  const mass = (bad: number, all: number) => {
    const items = Array.from({ length: all }, (_, index) => ({ isBad: index < bad }));
    return new Mass(
      items,
      ({ isBad }) => isBad,
      () => 'group',
    ).of({ isBad: true });
  };

  it.each([
    [1, 1, false],
    [1, 2, false],
    [2, 2, true],
    [2, 3, true],
    [2, 4, false],
    [3, 4, true],
    [5, 10, false],
    [6, 10, true],
  ])('%i of %i: %s', (bad, all, isMass) => {
    expect(mass(bad, all)).toEqual(isMass ? { bad, all } : null);
  });

  it('is none for what belongs to no group', () => {
    const none = new Mass(
      ['a', 'b'],
      () => true,
      () => null,
    );
    expect(none.of('a')).toBeNull();
  });
});

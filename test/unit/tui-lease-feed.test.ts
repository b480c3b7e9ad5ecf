/** Leases are read while somebody looks at them, and are known by what hangs on them. */
import { afterEach, describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { LeaseBinding, LeaseRecord } from '../../src/lib/model/lease.js';
import type { ReadOnlyRegistry } from '../../src/lib/registry/read-only.js';
import { keyOf, LeaseFeed } from '../../src/lib/tui/feed/lease-feed.js';
import { Book } from '../../src/lib/tui/model/book.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

const leased = (service: string, id: string, lease: string): Instance =>
  anInstance({ service, id, lease: { id: lease, ttlSeconds: null, leftSeconds: null } });
const one = leased('pay', 'p-1', 'aa');
const two = leased('cart', 'c-1', 'aa');
const three = leased('cart', 'c-2', 'bb');

function aRecord(overrides: Partial<LeaseRecord> = {}): LeaseRecord {
  return {
    kind: 'ttl-check',
    id: 'service:pay',
    node: 'n1',
    name: 'alive',
    grantedSeconds: null,
    leftSeconds: null,
    isOverdue: false,
    isRenewed: null,
    health: 'passing',
    output: 'ok',
    onEnd: null,
    bindings: [],
    knowsBindings: true,
    ...overrides,
  };
}
const aBinding = (instance: Instance): LeaseBinding => ({
  kind: 'instance',
  key: instance.key,
  isBinaryKey: false,
  name: { service: instance.service, id: instance.id, node: null },
  instance,
  layout: null,
});

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function scene({ readableTtl = true, instances = [one, two, three] as readonly Instance[] } = {}) {
  const clock = new FakeClock();
  const end = new AbortController();
  const book = new Book(100);
  const snapshot = {
    service: null,
    instances,
    undecoded: [],
    skipped: [],
    revision: '1',
    takenAtMs: 0,
    partial: false,
  };
  book.apply({ type: 'synced', at: '', revision: '1', snapshot }, { wallMs: 0, monotonicMs: 0 });
  const calls: string[] = [];
  const world = {
    ids: ['aa', 'bb', 'cc'] as readonly string[],
    hidden: [] as readonly string[],
    records: [aRecord()] as readonly LeaseRecord[],
    record: null as LeaseRecord | null,
    failure: null as Error | null,
    isLive: true,
    changes: 0,
  };
  const answer = <T>(call: string, value: T): Promise<T> => {
    calls.push(`${clock.monotonicMs()} ${call}`);
    return world.failure === null ? Promise.resolve(value) : Promise.reject(world.failure);
  };
  const registry = {
    capabilities: { readableTtl, nodes: false, adviseMinTtlMs: null, remote: false },
    leaseIds: () => answer('ids', { ids: world.ids, hidden: world.hidden }),
    listLeases: (_options, known) =>
      answer(`list ${known?.instances.length ?? 0}`, {
        leases: world.records,
        revision: '1',
        takenAtMs: 0,
        hidden: world.hidden,
      }),
    readLease: ({ id }) => answer(`read ${id}`, world.record),
  } as Partial<ReadOnlyRegistry> as ReadOnlyRegistry;
  const feed = new LeaseFeed({
    registry,
    book,
    clock,
    signal: end.signal,
    isLive: () => world.isLive,
    onChange: () => {
      world.changes += 1;
    },
  });
  const run = feed.run();
  ends.push(async () => {
    end.abort();
    await run.catch(() => undefined);
  });
  const ids = (): readonly string[] => [...feed.rows()].map(({ id }) => id);
  return { clock, book, calls, world, feed, run, end, ids };
}

describe('LeaseFeed', () => {
  it('reads nothing while nobody looks', async () => {
    const { clock, calls, ids } = scene();
    await clock.advance(60_000);
    expect(calls).toEqual([]);
    expect(ids()).toEqual(['aa', 'bb']);
  });

  it('reads the ids at once and every five seconds while somebody looks', async () => {
    const { clock, calls, feed, ids } = scene();
    feed.want(true, null);
    await clock.advance(10_500);
    expect(calls).toEqual(['0 ids', '5000 ids', '10000 ids']);
    expect(ids()).toEqual(['aa', 'bb', 'cc']);
    expect(feed.strangers).toEqual(['cc']);
    feed.want(false, null);
    await clock.advance(20_000);
    expect(calls).toHaveLength(3);
    feed.want(true, null);
    await clock.advance(250);
    expect(calls).toHaveLength(4);
  });

  it('names what hangs on each, in an order that stays', async () => {
    const { feed } = scene();
    const [row] = feed.rows();
    expect(row).toMatchObject({
      key: keyOf('aa'),
      bound: ['cart/c-1', 'pay/p-1'],
      instances: ['/services/cart/c-1', '/services/pay/p-1'],
      knowsBindings: false,
      health: null,
      isRenewed: null,
      isOverdue: false,
    });
  });

  it('finds each row by its key, and none for another', async () => {
    const { clock, feed } = scene();
    feed.want(true, null);
    await clock.advance(250);
    for (const row of feed.rows()) expect(feed.row(row.key)).toBe(row);
    expect(feed.row(keyOf('zz'))).toBeNull();
  });

  it('makes a row anew only when something of it has changed', async () => {
    const { book, feed } = scene();
    const [first, second] = feed.rows();
    expect([...feed.rows()][0]).toBe(first);
    const moment = { wallMs: 0, monotonicMs: 0 };
    book.readTtl({ id: 'aa', grantedSeconds: 30, leftSeconds: 4, isOverdue: false }, moment);
    const [third] = feed.rows();
    expect(third).toMatchObject({ health: 'critical', ttl: { leftSeconds: 4, grantedSeconds: 30 } });
    book.apply(
      { type: 'left', at: '', revision: '2', instance: two, reason: 'deleted', resync: false },
      moment,
    );
    const [fourth, other] = feed.rows();
    expect(fourth?.bound).toEqual(['pay/p-1']);
    expect(other).toBe(second);
  });

  it('follows the name of what hangs on a lease', () => {
    const { book, feed } = scene({ instances: [one] });
    expect([...feed.rows()][0]?.bound).toEqual(['pay/p-1']);
    const renamed = { ...one, id: 'p-2' };
    const common = { at: '', revision: '2', resync: false };
    book.apply(
      { type: 'updated', ...common, instance: renamed, previous: one },
      { wallMs: 0, monotonicMs: 0 },
    );
    expect([...feed.rows()][0]?.bound).toEqual(['pay/p-2']);
  });

  it('forgets a lease of somebody else when it has gone', async () => {
    const { clock, book, feed, world, ids } = scene();
    feed.want(true, null);
    await clock.advance(250);
    book.readTtl(
      { id: 'cc', grantedSeconds: 30, leftSeconds: 9, isOverdue: false },
      { wallMs: 0, monotonicMs: 0 },
    );
    expect(book.ttls.get('cc')).not.toBeNull();
    world.ids = ['aa', 'bb'];
    await clock.advance(5_000);
    expect(ids()).toEqual(['aa', 'bb']);
    expect(book.ttls.get('cc')).toBeNull();
  });

  it('takes the same leases in another order for the same, and asks for those of nobody only while they are shown', async () => {
    const { clock, feed, world } = scene();
    world.ids = ['dd', 'aa', 'bb', 'cc'];
    feed.want(true, null);
    await clock.advance(250);
    const { source } = feed;
    expect([...feed.strangers].sort()).toEqual(['cc', 'dd']);
    world.ids = ['cc', 'bb', 'aa', 'dd'];
    await clock.advance(5_000);
    expect(feed.source).toBe(source);
    feed.want(false, null);
    expect(feed.strangers).toEqual([]);
  });

  it('shows a lease once that an instance comes to hang on', async () => {
    const { clock, book, feed, ids } = scene();
    feed.want(true, null);
    await clock.advance(250);
    const instance = leased('new', 'n-1', 'cc');
    book.apply(
      { type: 'joined', at: '', revision: '2', instance, resync: false },
      { wallMs: 0, monotonicMs: 0 },
    );
    expect(ids()).toEqual(['aa', 'bb', 'cc']);
    expect(feed.row(keyOf('cc'))?.bound).toEqual(['new/n-1']);
  });

  it('reads all that hangs on the one that is looked at', async () => {
    const { clock, calls, feed, world } = scene();
    world.record = aRecord({
      kind: 'lease',
      id: 'aa',
      node: null,
      bindings: [
        aBinding(one),
        { ...aBinding(two), kind: 'marker', key: '/lock', name: null, instance: null },
      ],
    });
    feed.want(false, { id: 'aa', node: null });
    await clock.advance(250);
    expect(calls).toEqual(['0 read aa']);
    expect(feed.row(keyOf('aa'))?.bound).toEqual(['pay/p-1', '/lock']);
    feed.want(false, { id: 'bb', node: null });
    await clock.advance(250);
    expect(calls).toEqual(['0 read aa', '250 read bb']);
    await clock.advance(5_000);
    expect(calls).toHaveLength(3);
  });

  it('reads nothing while the connection is lost', async () => {
    const { clock, calls, feed, world } = scene();
    world.isLive = false;
    feed.want(true, { id: 'aa', node: null });
    await clock.advance(10_000);
    expect(calls).toEqual([]);
    world.isLive = true;
    await clock.advance(250);
    expect(calls).toHaveLength(2);
  });

  it('says what it may not see, and what went wrong until it goes well', async () => {
    const { clock, feed, world, ids } = scene();
    world.hidden = ['/locks may not be read'];
    feed.want(true, null);
    await clock.advance(250);
    expect(feed.hidden).toEqual(['/locks may not be read']);
    world.failure = new SdctlError('E_UNREACHABLE', 'cannot reach etcd');
    await clock.advance(5_000);
    expect(feed.hidden).toEqual(['/locks may not be read', 'cannot reach etcd']);
    expect(ids()).toEqual(['aa', 'bb', 'cc']);
    world.failure = null;
    await clock.advance(5_000);
    expect(feed.hidden).toEqual(['/locks may not be read']);
  });

  it('does not hide a defect', async () => {
    const { clock, feed, run, world } = scene();
    world.failure = new TypeError('broken');
    const outcome = expect(run).rejects.toThrow('broken');
    feed.want(true, null);
    await clock.advance(250);
    await outcome;
  });

  it('has checks and sessions where no time can be read', async () => {
    const { clock, calls, feed, world } = scene({ readableTtl: false });
    world.records = [
      aRecord({ bindings: [aBinding(one)] }),
      aRecord({ kind: 'session', id: 's-1', name: 'lock', health: null, output: null }),
    ];
    feed.want(true, null);
    await clock.advance(250);
    expect(calls).toEqual(['0 list 3']);
    const [check, session] = feed.rows();
    expect(check).toMatchObject({
      leaseKind: 'ttl-check',
      ttl: null,
      health: 'passing',
      bound: ['pay/p-1'],
      instances: ['/services/pay/p-1'],
    });
    expect(session).toMatchObject({ leaseKind: 'session', ttl: null, bound: [] });
    expect(feed.row(check?.key ?? '')).toEqual(check);
    expect(feed.strangers).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const { clock, calls, feed, end, run } = scene();
    feed.want(true, null);
    await clock.advance(250);
    end.abort();
    await run;
    await clock.advance(20_000);
    expect(calls).toHaveLength(1);
    expect(clock.isIdle).toBe(true);
  });
});

/** What the view knows of a registry, kept up event by event. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { healthOfRemainder } from '../../src/lib/discovery/ttl.js';
import { SdctlError } from '../../src/lib/errors.js';
import {
  healthStates,
  instanceKey,
  serviceKey,
  worstHealth,
  type Health,
  type Instance,
  type Snapshot,
  type UndecodedEntry,
} from '../../src/lib/model/instance.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { Lease } from '../../src/lib/registry/types.js';
import { Book, GHOST_MS, type BookChange, type Moment } from '../../src/lib/tui/model/book.js';
import { StillBook } from '../../src/lib/tui/model/still-book.js';
import { anInstance } from '../support/builders.js';

const START_MS = Date.parse('2024-05-01T10:00:00Z');
const at = (ms: number): Moment => ({ wallMs: START_MS + ms, monotonicMs: ms });
const common = { at: '2024-05-01T10:00:00.000Z', revision: '5' };

const snapshotOf = (instances: readonly Instance[], overrides: Partial<Snapshot> = {}): Snapshot => ({
  service: null,
  instances,
  undecoded: [],
  skipped: [],
  revision: '1',
  takenAtMs: START_MS,
  partial: false,
  ...overrides,
});
const synced = (instances: readonly Instance[], overrides: Partial<Snapshot> = {}): MembershipEvent => ({
  type: 'synced',
  ...common,
  snapshot: snapshotOf(instances, overrides),
});
const joined = (instance: Instance): MembershipEvent => ({
  type: 'joined',
  ...common,
  instance,
  resync: false,
});
const updated = (instance: Instance, previous = instance): MembershipEvent => ({
  type: 'updated',
  ...common,
  instance,
  previous,
  resync: false,
});
const left = (instance: Instance): MembershipEvent => ({
  type: 'left',
  ...common,
  instance,
  reason: 'deleted',
  resync: false,
});
const entry: UndecodedEntry = {
  key: '/x',
  isBinaryKey: false,
  service: null,
  reason: 'no JSON',
  sizeBytes: 1,
  sha256: 'ab',
  leaseId: null,
};
const aLease = (leftSeconds: number, overrides: Partial<Lease> = {}): Lease => ({
  id: 'lease-1',
  grantedSeconds: 30,
  leftSeconds,
  isOverdue: false,
  ...overrides,
});

const pay = anInstance({ service: 'pay', id: 'p-1', version: '1.0' });
const pay2 = anInstance({ service: 'pay', id: 'p-2', lease: null, version: '2.0' });
const cart = anInstance({
  service: 'cart',
  id: 'c-1',
  lease: { id: 'lease-2', ttlSeconds: null, leftSeconds: null },
});
const key = instanceKey(pay);

function aBook(...instances: readonly Instance[]): Book {
  const book = new Book(100);
  book.apply(synced(instances), at(0));
  return book;
}
const types = (book: Book): readonly string[] => book.events.newest(Infinity).map(({ event }) => event.type);

describe('Book', () => {
  it('knows nothing before the first set', () => {
    const book = new Book(10);
    expect(book.isLoaded).toBe(false);
    expect([book.instanceCount, book.serviceCount, book.revision]).toEqual([0, 0, null]);
    expect(book.service('pay')).toBeNull();
    expect([...book.instancesOf('pay')]).toEqual([]);
  });

  it('takes the first set without saying that anybody has come', () => {
    const book = aBook(pay, pay2, cart);
    expect(book.isLoaded).toBe(true);
    expect(book.revision).toBe('1');
    expect(types(book)).toEqual(['synced']);
    expect(book.service('pay')).toMatchObject({
      instances: 2,
      health: 'passing',
      versions: ['1.0', '2.0'],
      layouts: ['sdctl'],
      hasLeases: true,
      lastChangeMs: null,
    });
    expect(book.instance(key)).toMatchObject({ sinceMs: null, leftAtMs: null, health: 'passing' });
    expect(book.service('pay')?.churn.every((count) => count === 0)).toBe(true);
  });

  it('knows from earlier runs since when an instance is critical', () => {
    const ill = { ...pay, health: 'critical' as const };
    const book = new Book(10);
    book.sinceOf = (asked, health) => (asked === key && health === 'critical' ? 77 : null);
    book.apply(synced([ill, pay2]), at(0));
    expect(book.instance(key)).toMatchObject({ health: 'critical', sinceMs: 77 });
    book.apply(updated(pay, ill), at(5_000));
    expect(book.instance(key)).toMatchObject({ health: 'passing', sinceMs: at(5_000).wallMs });
  });

  it('counts who comes and goes', () => {
    const book = aBook(pay);
    book.apply(joined(pay2), at(1_000));
    book.apply(joined(cart), at(2_000));
    book.apply(left(pay), at(3_000));
    expect(types(book)).toEqual(['left', 'joined', 'joined', 'synced']);
    expect(book.service('pay')).toMatchObject({ instances: 1, lastChangeMs: START_MS + 3_000 });
    expect(book.service('pay')?.joined.at(-1)).toBe(1);
    expect(book.service('pay')?.left.at(-1)).toBe(1);
    expect(book.service('pay')?.churn.at(-1)).toBe(2);
    expect(book.revision).toBe('5');
  });

  it('says of each change which rows are other ones now', () => {
    const book = aBook(pay);
    const heard: BookChange[] = [];
    book.onChange = (change) => heard.push(change);
    book.apply(joined(pay2), at(0));
    expect(heard).toEqual(
      expect.arrayContaining([
        { kind: 'instance', key: instanceKey(pay2) },
        { kind: 'service', key: 'pay' },
        { kind: 'event', key: '' },
      ]),
    );
  });

  it('gives out the same row until something of it changes', () => {
    const book = aBook(pay, cart);
    const [row, service] = [book.instance(key), book.service('pay')];
    book.apply(updated({ ...cart, version: '9' }), at(0));
    expect(book.instance(key)).toBe(row);
    expect(book.service('pay')).toBe(service);
    book.apply(updated({ ...pay, version: '9' }), at(0));
    expect(book.instance(key)).not.toBe(row);
    expect(book.service('pay')?.versions).toEqual(['9']);
  });

  it('keeps services of one name in two roots apart', () => {
    const other = anInstance({ service: 'pay', id: 'p-1', root: '/b/', key: '/b/pay/p-1' });
    const book = aBook({ ...pay, root: '/a/' }, other);
    expect(book.serviceCount).toBe(2);
    expect([...book.services()].map(({ root }) => root)).toEqual(['/a/', '/b/']);
  });

  it('takes a key that is an entry of another service now', () => {
    const book = aBook(pay);
    const moved = { ...pay, service: 'orders', id: 'o-1' };
    book.apply(left(pay), at(0));
    book.apply(joined(moved), at(0));
    expect(book.instance(key)?.serviceKey).toBe('orders');
    expect(book.service('pay')).toBeNull();
    expect(book.instanceCount).toBe(1);
    book.tick(at(GHOST_MS));
    expect(book.instance(key)?.serviceKey).toBe('orders');
    book.apply(updated(pay, moved), at(0));
    expect([book.service('orders'), book.service('pay')?.instances]).toEqual([null, 1]);
  });

  it('ignores one that left and was not known', () => {
    const book = aBook(pay);
    book.apply(left(cart), at(0));
    expect([book.instanceCount, book.serviceCount]).toEqual([1, 1]);
    expect(types(book)).toEqual(['left', 'synced']);
  });

  it('takes what can be read no more, and all facts of a new set', () => {
    const book = aBook(pay);
    const heard: BookChange[] = [];
    book.onChange = (change) => heard.push(change);
    book.noteUnread(entry.key, entry);
    expect(book.undecodedCount).toBe(1);
    book.noteUnread(entry.key, null);
    expect(book.undecodedCount).toBe(0);
    book.apply(synced([pay], { undecoded: [entry], partial: true, revision: '9' }), at(0));
    expect([book.undecodedCount, book.isPartial, book.revision]).toEqual([1, true, '9']);
    expect(book.undecoded).toEqual([entry]);
    expect(heard.filter(({ kind }) => kind === 'unread')).toHaveLength(3);
  });

  it('keeps what it knows when the connection is lost', () => {
    const book = aBook(pay);
    const cause = new SdctlError('E_UNREACHABLE', 'cannot reach etcd');
    book.apply({ type: 'stale', ...common, revision: '0', cause, attempt: 1, retryInMs: 100 }, at(0));
    expect(book.instanceCount).toBe(1);
    expect(book.revision).toBe('1');
    expect(types(book)).toEqual(['stale', 'synced']);
  });
});

describe('a service that goes and comes back', () => {
  it('keeps what came and went for an hour', () => {
    const book = aBook(pay);
    const key = book.instance(instanceKey(pay))?.serviceKey ?? '';
    book.apply(left(pay), at(1_000));
    book.tick(at(20_000));
    expect(book.service(key)).toBeNull();
    book.apply(joined(pay), at(21_000));
    expect(book.service(key)?.left.at(-1)).toBe(1);
    expect(book.service(key)?.joined.at(-1)).toBe(1);
    book.apply(left(pay), at(22_000));
    book.tick(at(40_000));
    book.tick(at(40_000 + 61 * 60_000));
    book.apply(joined(pay), at(41_000 + 61 * 60_000));
    expect(book.service(key)?.churn.reduce((sum, count) => sum + count, 0)).toBe(1);
  });
});

describe('the rows of one moment', () => {
  it('stay while the book goes on', () => {
    const book = aBook(pay, cart);
    const still = new StillBook(book);
    book.apply(left(pay), at(1_000));
    book.apply(joined(pay2), at(2_000));
    book.tick(at(20_000));
    const service = [...still.services()].find(({ name }) => name === pay.service)?.key ?? '';
    expect([...still.instancesOf(service)].map(({ instance }) => instance.id)).toEqual([pay.id]);
    expect(still.service(service)?.instances).toBe(1);
    expect([...still.allInstances()]).toHaveLength(2);
    expect(still.events.newest(Infinity).map(({ event }) => event.type)).toEqual(['synced']);
    expect(book.events.newest(Infinity)).toHaveLength(3);
  });
});

describe('one that has left', () => {
  it('is shown for ten seconds and counts no more', () => {
    const book = aBook(pay, pay2);
    book.apply(left(pay), at(1_000));
    expect(book.instance(key)).toMatchObject({ health: 'left', leftAtMs: START_MS + 1_000, reason: null });
    expect(book.instanceCount).toBe(1);
    expect(book.presentInstances()).toEqual([pay2]);
    expect([...book.instancesOf('pay')]).toHaveLength(2);
    expect(book.leases().size).toBe(0);
    book.tick(at(1_000 + GHOST_MS - 1));
    expect(book.instance(key)).not.toBeNull();
    book.tick(at(1_000 + GHOST_MS));
    expect(book.instance(key)).toBeNull();
    expect(book.service('pay')?.instances).toBe(1);
  });

  it('was the last of its service, which is shown as long', () => {
    const book = aBook(pay);
    book.apply(left(pay), at(0));
    expect(book.service('pay')).toMatchObject({ instances: 0, health: 'left', hasLeases: false });
    const heard: BookChange[] = [];
    book.onChange = (change) => heard.push(change);
    book.tick(at(GHOST_MS));
    expect(book.service('pay')).toBeNull();
    expect(book.serviceCount).toBe(0);
    expect(heard).toContainEqual({ kind: 'service', key: 'pay' });
    expect(heard).toContainEqual({ kind: 'instance', key });
  });

  it('comes back while it is still shown, and stays', () => {
    const book = aBook(pay);
    book.apply(left(pay), at(0));
    book.apply(joined(pay), at(5_000));
    expect(book.instance(key)).toMatchObject({
      health: 'passing',
      leftAtMs: null,
      sinceMs: START_MS + 5_000,
    });
    book.tick(at(GHOST_MS));
    expect(book.instanceCount).toBe(1);
    expect(book.service('pay')?.churn.at(-1)).toBe(2);
    book.apply(left(pay), at(12_000));
    book.tick(at(12_000 + GHOST_MS - 1));
    expect(book.instance(key)).not.toBeNull();
  });

  it('leaves only once', () => {
    const book = aBook(pay);
    book.apply(left(pay), at(0));
    book.apply(left(pay), at(9_000));
    expect(book.instanceCount).toBe(0);
    book.tick(at(GHOST_MS));
    expect(book.instance(key)).toBeNull();
  });

  it('has no time left', () => {
    const book = aBook(pay);
    book.readTtl(aLease(20), at(0));
    book.apply(left(pay), at(0));
    const row = book.instance(key);
    expect(row === null ? null : book.ttlOf(row, 0)).toBeNull();
    expect(book.ttls.size).toBe(0);
  });
});

describe('health from the time that is left', () => {
  it.each([
    [30, 'passing'],
    [10, 'passing'],
    [9.9, 'warning'],
    [6, 'warning'],
    [5.9, 'critical'],
    [0, 'critical'],
  ])('%d of 30 seconds: %s', (leftSeconds, health) => {
    const book = aBook(pay);
    expect(book.instance(key)?.health).toBe('passing');
    book.readTtl(aLease(leftSeconds), at(0));
    expect(book.instance(key)?.health).toBe(health);
    expect(book.service('pay')?.health).toBe(health);
    expect(book.countOf(health as Health)).toBe(1);
    expect(healthOfRemainder(30, leftSeconds)).toBe(health);
  });

  it('is told as an event when it changes, but not with the first answer', () => {
    const book = aBook(pay);
    book.readTtl(aLease(8), at(0));
    expect(types(book)).toEqual(['synced']);
    expect(book.instance(key)).toMatchObject({ health: 'warning', reason: '8s of 30s left', sinceMs: null });
    expect(book.service('pay')?.lastChangeMs).toBeNull();
    book.readTtl(aLease(29), at(2_000));
    book.readTtl(aLease(3), at(30_000));
    expect(types(book)).toEqual(['updated', 'updated', 'synced']);
    expect(book.instance(key)).toMatchObject({ health: 'critical', sinceMs: START_MS + 30_000 });
    const [last] = book.events.newest(1);
    expect(last).toMatchObject({
      serviceKey: 'pay',
      instanceKey: key,
      event: { instance: { health: 'critical' }, previous: { health: 'passing' } },
    });
    expect(book.service('pay')).toMatchObject({ lastChangeMs: START_MS + 30_000 });
    expect(book.service('pay')?.churn.at(-1)).toBe(0);
  });

  it('says how much was left at the last answer', () => {
    const book = aBook(pay);
    book.readTtl(aLease(9.5), at(0));
    book.readTtl(aLease(7), at(2_000));
    expect(book.instance(key)).toMatchObject({ health: 'warning', reason: '7s of 30s left', sinceMs: null });
    expect(types(book)).toEqual(['synced']);
  });

  it('never makes better what the entry itself says', () => {
    const ill: Instance = { ...pay, health: 'warning', healthReason: 'disk full' };
    const book = aBook(ill);
    book.readTtl(aLease(30), at(0));
    expect(book.instance(key)).toMatchObject({ health: 'warning', reason: 'disk full' });
    book.readTtl(aLease(2), at(1_000));
    expect(book.instance(key)?.health).toBe('critical');
    const resting = aBook({ ...pay, health: 'maintenance' });
    resting.readTtl(aLease(2), at(0));
    expect(resting.instance(key)?.health).toBe('maintenance');
  });

  it('stays known while the entry is written anew under the same lease', () => {
    const book = aBook(pay);
    book.readTtl(aLease(29), at(0));
    book.readTtl(aLease(29), at(10_000));
    book.apply(updated({ ...pay, version: '2' }, pay), at(11_000));
    expect(book.ttls.get('lease-1')).not.toBeNull();
    expect(book.ttls.isRenewed('lease-1')).toBe(true);
    expect(book.ttls.renewals('lease-1')).toHaveLength(2);
    book.readTtl(aLease(3), at(37_000));
    expect(types(book)).toEqual(['updated', 'updated', 'synced']);
  });

  it('is that of the new lease when an entry changes its lease', () => {
    const book = aBook(pay);
    book.readTtl(aLease(3), at(0));
    const lease = { id: 'lease-9', ttlSeconds: null, leftSeconds: null };
    book.apply(updated({ ...pay, lease }, pay), at(1_000));
    expect(book.instance(key)?.health).toBe('passing');
    expect([...book.leases().keys()]).toEqual(['lease-9']);
    expect(book.ttls.get('lease-1')).toBeNull();
  });

  it('is the same for all that hang on one lease, which lives as long as one of them', () => {
    const twin = anInstance({ service: 'cart', id: 'twin' });
    const book = aBook(pay, twin);
    book.readTtl(aLease(3), at(0));
    expect(book.countOf('critical')).toBe(2);
    const stamp = book.leaseStamp('lease-1');
    book.apply(left(twin), at(0));
    expect(book.leaseStamp('lease-1')).not.toBe(stamp);
    expect(book.leases().get('lease-1')).toEqual(new Set([key]));
    expect(book.ttls.get('lease-1')).not.toBeNull();
    book.apply(left(pay), at(0));
    expect(book.leases().size).toBe(0);
    expect(book.leaseStamp('lease-1')).toBe(0);
    expect(book.ttls.get('lease-1')).toBeNull();
  });

  it('of a lease that is not in a new set is forgotten', () => {
    const book = aBook(pay, cart);
    book.readTtl(aLease(3), at(0));
    book.readTtl(aLease(3, { id: 'lease-2' }), at(0));
    book.load(snapshotOf([pay]), at(1_000));
    expect(book.ttls.size).toBe(1);
    expect(book.instance(key)?.health).toBe('critical');
    book.apply(joined(cart), at(2_000));
    expect(book.instance(instanceKey(cart))?.health).toBe('passing');
  });

  it('of a service is that of the lease nearest its end', () => {
    const other = anInstance({
      service: 'pay',
      id: 'p-9',
      lease: { id: 'lease-9', ttlSeconds: null, leftSeconds: null },
    });
    const book = aBook(pay, other, pay2);
    expect(book.lowestTtlOf('pay', 0)).toMatchObject({ isPartial: true, ttl: { leftSeconds: null } });
    book.readTtl(aLease(20), at(0));
    expect(book.lowestTtlOf('pay', 0)).toMatchObject({ isPartial: true, ttl: { leftSeconds: 20 } });
    book.readTtl(aLease(9, { id: 'lease-9' }), at(0));
    expect(book.lowestTtlOf('pay', 1_000)).toMatchObject({ isPartial: false, ttl: { leftSeconds: 8 } });
    expect(book.lowestTtlOf('nobody', 0)).toBeNull();
  });
});

const services = fc.constantFrom('a', 'b', 'c');
const anyInstance = fc
  .record({
    service: services,
    id: fc.constantFrom('1', '2', '3'),
    root: fc.constantFrom(null, '/r/'),
    health: fc.constantFrom<Health>('passing', 'warning', 'critical', 'maintenance'),
    lease: fc.constantFrom(null, 'l1', 'l2', 'l3'),
    version: fc.constantFrom(null, '1', '2'),
    // Some keys are taken by entries of other services one after the other.
    slot: fc.constantFrom(null, '/slot'),
  })
  .map(({ lease, slot, ...rest }) =>
    anInstance({
      ...rest,
      lease: lease === null ? null : { id: lease, ttlSeconds: null, leftSeconds: null },
      key: slot ?? `/${rest.root ?? ''}/${rest.service}/${rest.id}`,
    }),
  );
const step = fc.oneof(
  { weight: 5, arbitrary: anyInstance.map((instance) => ({ type: 'put' as const, instance })) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('left' as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('ttl' as const),
      id: fc.constantFrom('l1', 'l2', 'l3'),
      leftSeconds: fc.integer({ min: 0, max: 30 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ type: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 70_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('load' as const),
      instances: fc.array(anyInstance, { maxLength: 5 }),
    }),
  },
);

/** The same told in plain words: what is there, and until when what has left is shown. */
class PlainBook {
  readonly there = new Map<string, Instance>();
  readonly ghosts = new Map<string, { readonly service: string; readonly untilMs: number }>();
  readonly readings = new Map<string, number>();

  put(instance: Instance): void {
    this.there.set(instanceKey(instance), instance);
    this.ghosts.delete(instanceKey(instance));
    this.forget();
  }

  leave(gone: string, untilMs: number): void {
    const instance = this.there.get(gone);
    if (instance === undefined) return;
    this.there.delete(gone);
    this.ghosts.set(gone, { service: serviceKey(instance), untilMs });
    this.forget();
  }

  forget(): void {
    for (const id of this.readings.keys()) if (!this.leases.has(id)) this.readings.delete(id);
  }

  get leases(): Map<string, Set<string>> {
    const leases = new Map<string, Set<string>>();
    for (const [one, { lease }] of this.there)
      if (lease !== null) leases.set(lease.id, (leases.get(lease.id) ?? new Set()).add(one));
    return leases;
  }

  healthOf({ health, lease }: Instance): Health {
    const seconds = lease === null ? undefined : this.readings.get(lease.id);
    if (seconds === undefined || (health !== 'passing' && health !== 'warning')) return health;
    return worstHealth([health, healthOfRemainder(30, seconds)]);
  }
}

function expectSame(book: Book, plain: PlainBook): void {
  const there = [...plain.there.values()];
  const countOf = (instances: readonly Instance[], state: Health): number =>
    instances.filter((instance) => plain.healthOf(instance) === state).length;
  expect(book.instanceCount).toBe(there.length);
  for (const state of healthStates) expect(book.countOf(state)).toBe(countOf(there, state));
  expect(new Map(book.leases())).toEqual(plain.leases);
  expect(new Set(book.presentInstances())).toEqual(new Set(there));
  const shown = [...plain.there.keys(), ...plain.ghosts.keys()];
  expect([...book.allInstances()].map((row) => row.key).sort()).toEqual(shown.sort());
  const names = new Set([
    ...there.map(serviceKey),
    ...[...plain.ghosts.values()].map(({ service }) => service),
  ]);
  expect([...book.services()].map((row) => row.key).sort()).toEqual([...names].sort());
  expect(book.serviceCount).toBe(names.size);
  for (const name of names) {
    const own = there.filter((instance) => serviceKey(instance) === name);
    const row = book.service(name);
    expect(row?.instances).toBe(own.length);
    expect(row?.health).toBe(
      own.length === 0 ? 'left' : worstHealth(own.map((instance) => plain.healthOf(instance))),
    );
    for (const state of healthStates) expect(row?.counts[state]).toBe(countOf(own, state));
    expect(row?.versions).toEqual([...new Set(own.flatMap(({ version }) => version ?? []))].sort());
    expect(row?.hasLeases).toBe(own.some(({ lease }) => lease !== null));
    const ghosts = [...plain.ghosts.entries()]
      .filter(([, { service }]) => service === name)
      .map(([one]) => one);
    const keys = [...own.map(instanceKey), ...ghosts].sort();
    expect([...book.instancesOf(name)].map((one) => one.key).sort()).toEqual(keys);
  }
  for (const [one, instance] of plain.there)
    expect(book.instance(one)).toMatchObject({ health: plain.healthOf(instance), leftAtMs: null });
  for (const one of plain.ghosts.keys()) expect(book.instance(one)?.health).toBe('left');
}

describe('after any sequence of events', () => {
  it('counts, services and leases are what a count from scratch gives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const book = new Book(50);
        const plain = new PlainBook();
        book.apply(synced([]), at(0));
        let nowMs = 0;
        for (const one of steps) {
          switch (one.type) {
            case 'put': {
              const previous = plain.there.get(instanceKey(one.instance));
              book.apply(
                previous === undefined ? joined(one.instance) : updated(one.instance, previous),
                at(nowMs),
              );
              plain.put(one.instance);
              break;
            }
            case 'left': {
              const all = [...plain.there];
              const [gone, instance] = all[one.pick % Math.max(1, all.length)] ?? [];
              if (gone === undefined || instance === undefined) break;
              book.apply(left(instance), at(nowMs));
              plain.leave(gone, nowMs + GHOST_MS);
              break;
            }
            case 'ttl': {
              if (!plain.leases.has(one.id)) break;
              book.readTtl(aLease(one.leftSeconds, { id: one.id }), at(nowMs));
              plain.readings.set(one.id, one.leftSeconds);
              break;
            }
            case 'wait': {
              nowMs += one.ms;
              book.tick(at(nowMs));
              for (const [gone, { untilMs }] of plain.ghosts) if (untilMs <= nowMs) plain.ghosts.delete(gone);
              break;
            }
            case 'load': {
              const instances = [...new Map(one.instances.map((item) => [instanceKey(item), item])).values()];
              book.load(snapshotOf(instances), at(nowMs));
              plain.there.clear();
              plain.ghosts.clear();
              for (const instance of instances) plain.there.set(instanceKey(instance), instance);
              plain.forget();
              break;
            }
          }
          expectSame(book, plain);
        }
      }),
      { numRuns: 200 },
    );
  });
});

import { EventEmitter } from 'node:events';
import type { IRangeRequest, IWatchRequest } from 'etcd3/lib/rpc.js';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { FollowSignal } from '../../src/lib/registry/keep-following.js';
import type { Calls } from '../../src/lib/registry/etcd/calls.js';
import { EtcdFollower } from '../../src/lib/registry/etcd/follower.js';
import { prefixRange } from '../../src/lib/registry/etcd/key-range.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

const KEY = '/services/order/order-1';

/** A watch stream of a server that confirms every watch and then says only what the test lets it say. */
class FakeStream extends EventEmitter {
  write({ create_request: create }: IWatchRequest): void {
    if (create !== undefined) queueMicrotask(() => this.say({ created: true, events: [] }));
  }

  say(answer: object): void {
    const header = { cluster_id: '1', revision: '5' };
    this.emit('data', { header, watch_id: '0', canceled: false, created: false, fragment: false, ...answer });
  }

  cancel(): void {
    // Nothing to free.
  }
}

interface Followed {
  readonly clock: FakeClock;
  readonly signals: FollowSignal[];
  /** The revision each list asked for. */
  readonly lists: (string | null)[];
  readonly stop: () => Promise<void>;
  readonly put: (revision: number) => void;
}

/** Follows a store whose one key was written at revision 5; `list` may fail. */
async function follow(
  list: (revision: string | null) => void = () => undefined,
  barren: readonly string[] = [],
  hasMoved: () => boolean = () => false,
): Promise<Followed> {
  const clock = new FakeClock();
  const streams: FakeStream[] = [];
  let newest = '5';
  const range = (_request: IRangeRequest): unknown =>
    Promise.resolve({ header: { revision: newest }, kvs: [{ mod_revision: newest }] });
  const watch = (): unknown => {
    const stream = new FakeStream();
    streams.push(stream);
    return Promise.resolve(stream);
  };
  const clients = { kv: { range }, watch: { watch } };
  const calls = {
    run: (limits: object, attempt: (...args: unknown[]) => unknown) => attempt(clients, {}, limits),
    avoid: () => undefined,
  } as unknown as Calls;
  const lists: (string | null)[] = [];
  const follower = new EtcdFollower(calls, clock, {
    roots: { prefixes: ['/services/'], layout: 'auto' },
    service: 'order',
    hasMoved: () => Promise.resolve(hasMoved()),
    list: (_signal, again) => {
      const revision = again?.revisions[0] ?? null;
      lists.push(revision);
      list(revision);
      const at = revision ?? newest;
      const instances = [anInstance({ key: KEY, revision: at })];
      const rest = { service: 'order', undecoded: [], skipped: [], takenAtMs: 0, partial: false };
      return Promise.resolve({
        snapshot: { ...rest, instances, revision: at },
        clusterId: '1',
        stretches: [{ range: prefixRange('/services/order/'), prefix: '/services/', isNarrow: true }],
        barren,
        granted: null,
      });
    },
    limits: (signal) => ({ signal, timeoutMs: 1_000 }),
    readLease: () => Promise.resolve(null),
    refreshCredentials: () => undefined,
  });
  const stop = new AbortController();
  const signals: FollowSignal[] = [];
  const collect = async (): Promise<void> => {
    for await (const signal of follower.follow(stop.signal)) signals.push(signal);
  };
  const ended = collect().catch(() => undefined);
  await clock.settle();
  return {
    clock,
    signals,
    lists,
    put: (revision) => {
      newest = String(revision);
      const kv = { key: Buffer.from(KEY), value: Buffer.from('a:1'), lease: '0', mod_revision: newest };
      const header = { cluster_id: '1', revision: newest };
      streams.at(-1)?.say({ header, events: [{ type: 'Put', kv }] });
    },
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** One change every four seconds, so that the stream never is quiet, for a little more than ten minutes unless told otherwise. */
async function stayBusy({ clock, put }: Followed, changes = 151, first = 6): Promise<void> {
  for (let change = 0; change < changes; change += 1) {
    await clock.advance(4_000);
    put(first + change);
    await clock.settle();
  }
}

describe('the full comparison of a watch', () => {
  it('comes every ten minutes on a busy stream, as of what the watch has delivered', async () => {
    const followed = await follow();
    await stayBusy(followed);
    expect(followed.lists).toEqual([null, '155']);
    expect(followed.signals.filter(({ type }) => type === 'set')).toMatchObject([
      { snapshot: { revision: '5' } },
      { snapshot: { revision: '155' }, gap: true },
    ]);
    // The stream goes on where it was.
    followed.put(200);
    await followed.clock.settle();
    expect(followed.signals.at(-1)).toMatchObject({ type: 'changes', revision: '200' });
    await followed.stop();
  });

  it('reads everything anew where that revision is compacted', async () => {
    const followed = await follow((revision) => {
      if (revision !== null) throw new SdctlError('E_COMPACTED', 'gone');
    });
    await stayBusy(followed);
    expect(followed.lists).toEqual([null, '155', null]);
    expect(followed.signals.filter(({ type }) => type === 'set')).toHaveLength(2);
    await followed.stop();
  });
});

describe('a tree that was stepped over', () => {
  it('is looked at every minute, and everything is read anew once services stand in it', async () => {
    let looks = 0;
    const followed = await follow(undefined, ['/calico/'], () => (looks += 1) === 2);
    await stayBusy(followed, 14);
    expect(looks).toBe(0);
    await stayBusy(followed, 1, 20);
    expect([looks, followed.lists]).toEqual([1, [null]]);
    await stayBusy(followed, 15, 21);
    expect([looks, followed.lists]).toEqual([2, [null, null]]);
    expect(followed.signals.filter(({ type }) => type === 'set').at(-1)).toMatchObject({ gap: true });
    await followed.stop();
  });

  it('is not looked for where none was stepped over', async () => {
    let looks = 0;
    const followed = await follow(undefined, [], () => (looks += 1) > 0);
    await stayBusy(followed);
    expect(looks).toBe(0);
    await followed.stop();
  });
});

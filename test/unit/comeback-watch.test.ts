/** What a look takes for a return, from news that comes late, early, or not at all. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Verdict } from '../../src/lib/command/comeback-ledger.js';
import { ComebackWatch } from '../../src/lib/command/comeback-watch.js';
import { lookForMs } from '../../src/lib/discovery/comeback.js';
import { SdctlError } from '../../src/lib/errors.js';
import { comesBack } from '../../src/lib/layouts/facts.js';
import type { Instance, Snapshot } from '../../src/lib/model/instance.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

const removed = anInstance({ revision: '5' });
const back = anInstance({ revision: '9' });
const elsewhere = anInstance({ id: 'order-2', revision: '7' });
const LOOK_MS = 30_000;

let clock: FakeClock;
let abort: AbortController;
/** What reading finds; an error: it fails. */
let store: readonly Instance[] | SdctlError;
let reads: number;
let tell: (event: MembershipEvent | 'broken') => void;

beforeEach(() => {
  clock = new FakeClock();
  abort = new AbortController();
  store = [];
  reads = 0;
});
afterEach(() => abort.abort());

function snapshotOf(instances: readonly Instance[]): Snapshot {
  const rest = { undecoded: [], skipped: [], revision: '1', takenAtMs: 0, partial: false };
  return { service: 'order', instances, ...rest };
}

const head = { at: '2024-05-01T10:00:00.000Z', revision: '1' };
const synced = (...instances: readonly Instance[]): MembershipEvent => ({
  ...head,
  type: 'synced',
  snapshot: snapshotOf(instances),
});
const joined = (instance: Instance): MembershipEvent => ({
  ...head,
  type: 'joined',
  instance,
  resync: false,
});
const updated = (instance: Instance): MembershipEvent => ({
  ...head,
  type: 'updated',
  instance,
  previous: removed,
  resync: false,
});

/** What was told so far, then what is told from now on. */
async function* news(signal: AbortSignal): AsyncGenerator<MembershipEvent> {
  const queue: (MembershipEvent | 'broken')[] = [];
  let wake = (): void => undefined;
  signal.addEventListener('abort', () => wake());
  tell = (event) => {
    queue.push(event);
    wake();
  };
  while (!signal.aborted) {
    const next = queue.shift();
    if (next === 'broken') throw new SdctlError('E_FORBIDDEN', 'may not be followed');
    if (next !== undefined) yield next;
    else await new Promise<void>((resolve) => (wake = resolve));
  }
}

/** A look whose first set is `first`, after a list that held `removed` alone. */
async function start(...first: readonly Instance[]): Promise<ComebackWatch> {
  const invocation = { deps: { clock }, signal: abort.signal, callOptions: () => ({ signal: abort.signal }) };
  const handle = {
    registry: { watch: (_service: string | null, { signal }: { signal: AbortSignal }) => news(signal) },
    operations: {
      lookUp: async () => {
        reads += 1;
        if (store instanceof SdctlError) throw store;
        return Promise.resolve(snapshotOf(store));
      },
    },
  };
  const starting = ComebackWatch.start(invocation, handle, ['order'], [removed]);
  await clock.settle();
  tell(synced(removed, ...first));
  return starting;
}

/** Lets time pass until the look has ended. */
async function finish(watch: ComebackWatch): Promise<Verdict | undefined> {
  const found: (readonly Verdict[])[] = [];
  void watch.finish().then((verdicts) => found.push(verdicts));
  for (let ms = 0; found.length === 0 && ms <= LOOK_MS + 1_000; ms += 100) await clock.advance(100);
  return found[0]?.[0];
}

describe('a look', () => {
  it('says that nothing came back when its time is over, and not before', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    const verdict = await finish(watch);
    expect(verdict?.state).toBe('gone');
    expect(verdict?.state === 'gone' && verdict.forMs).toBe(LOOK_MS);
  });

  it('ends at once when the entry is back', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    const verdict = finish(watch);
    await clock.advance(4_000);
    tell(joined(back));
    expect(await verdict).toMatchObject({ state: 'back', back: { kind: 'same-key', instance: back } });
    expect(clock.monotonicMs()).toBeLessThan(6_000);
  });

  it('sees a return that is told before the removal is answered', async () => {
    await using watch = await start();
    tell(joined(back));
    await clock.settle();
    watch.add(removed, LOOK_MS);
    expect(await finish(watch)).toEqual({
      state: 'back',
      back: { kind: 'same-key', instance: back, afterMs: 0 },
    });
  });

  it('does not take a change before the removal for a return, when the news of it is late', async () => {
    await using watch = await start();
    tell(updated(back));
    await clock.settle();
    watch.add(removed, LOOK_MS);
    tell(updated({ ...back, revision: '10' }));
    expect((await finish(watch))?.state).toBe('gone');
  });

  it('reads at once when an entry looks changed, because it may have gone and come between', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    const verdict = finish(watch);
    await clock.advance(4_000);
    const before = reads;
    store = [back];
    tell(updated(back));
    await clock.settle();
    expect(reads).toBe(before + 1);
    expect(await verdict).toMatchObject({ state: 'back', back: { instance: back } });
  });

  it('finds by reading what no watch tells: at once, and later soon after', async () => {
    await using first = await start();
    first.add(removed, LOOK_MS);
    store = [back];
    expect(await finish(first)).toMatchObject({ state: 'back', back: { afterMs: 0 } });

    store = [];
    await using second = await start();
    second.add(removed, LOOK_MS);
    const verdict = finish(second);
    await clock.advance(5_000);
    store = [back];
    const found = await verdict;
    expect(found?.state === 'back' && found.back.afterMs).toBeLessThanOrEqual(10_000);
  });

  it('reads few times: the pauses grow', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    await finish(watch);
    expect(reads).toBe(6);
  });

  it('goes on by reading when the service may not be followed', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    tell('broken');
    const verdict = finish(watch);
    await clock.advance(2_000);
    store = [back];
    expect((await verdict)?.state).toBe('back');
  });

  it('takes what came while somebody made up their mind for what was there before', async () => {
    // The list that was shown did not have it; the first set that is followed does.
    await using watch = await start(elsewhere);
    watch.add(removed, LOOK_MS);
    store = [elsewhere];
    expect((await finish(watch))?.state).toBe('gone');
  });

  it('takes the same address under a key that nobody knew for a return', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    tell(joined(elsewhere));
    expect(await finish(watch)).toMatchObject({
      state: 'back',
      back: { kind: 'new-key', instance: elsewhere },
    });
  });

  it('does not know when the registry cannot be read at the end, and says why', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    store = new SdctlError('E_UNREACHABLE', 'no server answers', { why: 'connection refused' });
    expect(await finish(watch)).toEqual({ state: 'unknown', why: 'connection refused' });
  });

  it('knows when a read in between has failed, and the last one has not', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    store = new SdctlError('E_UNREACHABLE', 'no server answers');
    const verdict = finish(watch);
    await clock.advance(20_000);
    store = [];
    expect((await verdict)?.state).toBe('gone');
  });

  it('does not know when it is broken off', async () => {
    await using watch = await start();
    watch.add(removed, LOOK_MS);
    const verdict = finish(watch);
    await clock.advance(2_000);
    abort.abort();
    expect(await verdict).toEqual({ state: 'unknown', why: 'the look was broken off' });
  });
});

describe('the default look after a revoke', () => {
  const look = (ttlSeconds: number | null, withinSeconds: number): number => {
    const lease = ttlSeconds === null ? null : { id: 'l', ttlSeconds, leftSeconds: null };
    const instance = anInstance({ lease });
    const plan = { instance, method: 'revoke', at: null, agent: 'none', falls: [], takesMs: 0 } as const;
    return lookForMs(plan, comesBack(withinSeconds, 'back')) / 1_000;
  };

  it('is as long as the facts say with the usual TTL', () => {
    expect(look(15, 5)).toBe(6);
    expect(look(null, 5)).toBe(6);
  });

  it('outlasts the next renewal with a longer one', () => {
    expect(look(45, 5)).toBe(16);
    expect(look(600, 5)).toBe(31);
  });

  it('waits for no renewal where the process follows its own key', () => {
    expect(look(600, 1)).toBe(3);
  });
});

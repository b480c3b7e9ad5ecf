/** Whom the view asks for the time that is left, when, and how many at once. */
import { afterEach, describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { Lease } from '../../src/lib/registry/types.js';
import { TtlRound } from '../../src/lib/tui/feed/ttl-round.js';
import { Book } from '../../src/lib/tui/model/book.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

interface Call {
  readonly ms: number;
  readonly ids: readonly string[];
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A round over so many leases, `l0`, `l1`, ... */
function scene(count: number) {
  const clock = new FakeClock();
  const end = new AbortController();
  const book = new Book(100);
  const instances = Array.from({ length: count }, (_, index) =>
    anInstance({ id: `i${index}`, lease: { id: `l${index}`, ttlSeconds: null, leftSeconds: null } }),
  );
  const moment = { wallMs: clock.nowMs(), monotonicMs: 0 };
  const snapshot = {
    service: null,
    instances,
    undecoded: [],
    skipped: [],
    revision: '1',
    takenAtMs: 0,
    partial: false,
  };
  book.apply({ type: 'synced', at: '', revision: '1', snapshot }, moment);
  const calls: Call[] = [];
  const world = {
    visible: [] as readonly string[],
    preferred: [] as readonly string[],
    isLive: true,
    failure: null as Error | null,
    /** Answers of each lease; null: it is gone. */
    leaseOf: (id: string): Partial<Lease> | null => (id === '' ? null : {}),
  };
  const round = new TtlRound({
    reader: {
      leases: (ids) => {
        calls.push({ ms: clock.monotonicMs(), ids });
        if (world.failure !== null) return Promise.reject(world.failure);
        const found = ids.flatMap((id): [string, Lease][] => {
          const lease = world.leaseOf(id);
          return lease === null
            ? []
            : [[id, { id, grantedSeconds: 30, leftSeconds: 28, isOverdue: false, ...lease }]];
        });
        return Promise.resolve(new Map(found));
      },
    },
    book,
    clock,
    signal: end.signal,
    visible: () => world.visible,
    preferred: () => world.preferred,
    isLive: () => world.isLive,
  });
  const run = round.run();
  ends.push(async () => {
    end.abort();
    await run.catch(() => undefined);
  });
  const times = (id: string): readonly number[] =>
    calls.flatMap(({ ms, ids }) => (ids.includes(id) ? [ms] : []));
  const asked = (): readonly string[] => calls.flatMap(({ ids }) => ids);
  return { clock, book, calls, world, round, run, end, times, asked };
}
const range = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from }, (_, index) => `l${from + index}`);

describe('TtlRound', () => {
  it('asks at most twenty a second of those that nobody looks at, each once', async () => {
    const { clock, asked } = scene(100);
    await clock.advance(1_000);
    expect(asked()).toEqual(range(0, 20));
    await clock.advance(4_000);
    expect(asked()).toEqual(range(0, 100));
  });

  it('is quiet while all are known and in no trouble, then asks the oldest answers again', async () => {
    const { clock, asked, times } = scene(40);
    await clock.advance(30_000);
    expect(asked()).toHaveLength(40);
    await clock.advance(2_500);
    expect(asked()).toHaveLength(80);
    expect(times('l0')).toEqual([250, 30_250]);
  });

  it('asks those on the screen first, and again after a sixth of their time', async () => {
    const { clock, calls, world, times } = scene(100);
    world.visible = ['l90', 'l91'];
    world.leaseOf = (id) => ({ grantedSeconds: id === 'l90' ? 12 : 600, leftSeconds: 11 });
    await clock.advance(10_000);
    expect(calls[0]?.ids.slice(0, 2)).toEqual(['l90', 'l91']);
    expect(times('l90')).toEqual([250, 2_250, 4_250, 6_250, 8_250]);
    expect(times('l91')).toEqual([250, 5_250]);
  });

  it('asks a short lease on the screen no more than once a second', async () => {
    const { clock, world, times } = scene(1);
    world.visible = ['l0'];
    world.leaseOf = () => ({ grantedSeconds: 2, leftSeconds: 2 });
    await clock.advance(4_250);
    expect(times('l0')).toEqual([250, 1_250, 2_250, 3_250, 4_250]);
  });

  it('asks twenty of those on the screen in one go, and all of them before one twice', async () => {
    const { clock, calls, world } = scene(50);
    world.visible = range(0, 50);
    await clock.advance(750);
    expect(calls.map(({ ids }) => ids)).toEqual([range(0, 20), range(20, 40), range(40, 50)]);
  });

  it('asks at once when other rows are on the screen, and no more than before of all others', async () => {
    const { clock, calls, world, round } = scene(100);
    await clock.advance(250);
    world.visible = ['l50'];
    round.hurry();
    await clock.settle();
    expect(calls.at(-1)).toEqual({ ms: 250, ids: ['l50'] });
    for (let index = 0; index < 20; index += 1) {
      await clock.advance(50);
      round.hurry();
    }
    await clock.settle();
    const others = calls.map(({ ms, ids }) => ({ ms, count: ids.filter((id) => id !== 'l50').length }));
    expect(others.filter(({ count }) => count > 0)).toEqual([
      { ms: 250, count: 20 },
      { ms: 1_250, count: 20 },
    ]);
  });

  it('asks fewer of very many, so that a view that rests does rest', async () => {
    const { clock, asked, world, round, times } = scene(10_000);
    await clock.advance(60_000);
    expect(asked().length).toBeGreaterThanOrEqual(220);
    expect(asked().length).toBeLessThanOrEqual(240);
    world.visible = ['l9999'];
    round.hurry();
    await clock.settle();
    expect(times('l9999')).toEqual([60_000]);
  });

  it('asks nobody while the connection is lost, and goes on after that', async () => {
    const { clock, calls, world } = scene(10);
    world.isLive = false;
    world.visible = ['l0'];
    await clock.advance(5_000);
    expect(calls).toEqual([]);
    world.isLive = true;
    await clock.advance(250);
    expect(calls[0]?.ids[0]).toBe('l0');
  });

  it('leaves everybody alone for a second when a call fails', async () => {
    const { clock, book, calls, world } = scene(10);
    world.visible = ['l0'];
    world.failure = new SdctlError('E_UNREACHABLE', 'cannot reach etcd');
    await clock.advance(4_000);
    expect(calls.map(({ ms }) => ms)).toEqual([250, 1_500, 2_750, 4_000]);
    world.failure = null;
    await clock.advance(2_000);
    expect(book.ttls.size).toBeGreaterThan(0);
  });

  it('does not hide a defect', async () => {
    const { clock, world, run } = scene(1);
    world.failure = new TypeError('broken');
    const outcome = expect(run).rejects.toThrow('broken');
    await clock.advance(250);
    await outcome;
  });

  it('asks those in trouble again and again, before those that are in none', async () => {
    const { clock, world, times } = scene(200);
    world.leaseOf = (id) => ({ leftSeconds: id === 'l0' ? 3 : 28 });
    await clock.advance(20_000);
    expect(times('l0').length).toBeGreaterThanOrEqual(3);
    expect(times('l1')).toHaveLength(1);
    expect(times('l199')).toHaveLength(1);
  });

  it('asks those in trouble soon, however many others there are', async () => {
    const { clock, world, times } = scene(10_000);
    world.leaseOf = (id) => ({ leftSeconds: id === 'l0' ? 3 : 28 });
    await clock.advance(30_000);
    const asked = times('l0');
    expect(asked.length).toBeGreaterThanOrEqual(5);
    expect(asked.every((ms, index) => index === 0 || ms - (asked[index - 1] ?? 0) <= 5_500)).toBe(true);
  });

  it('asks those that stand behind the screen before all others, and the others all the same', async () => {
    const { clock, asked, world, times } = scene(400);
    world.preferred = [...range(300, 310), 'l300'];
    await clock.advance(1_000);
    // Four of five, so that the others have their turn.
    expect(
      asked()
        .slice(0, 20)
        .filter((id) => range(300, 310).includes(id)),
    ).toHaveLength(10);
    world.preferred = range(200, 400);
    await clock.advance(60_000);
    for (const id of range(0, 400)) expect(times(id).length, id).toBeGreaterThan(0);
  });

  it('is not kept from the others by those that never answer', async () => {
    const { clock, world, times } = scene(300);
    world.visible = range(0, 60);
    world.leaseOf = (id) => (Number(id.slice(1)) < 30 || Number(id.slice(1)) >= 100 ? null : {});
    await clock.advance(5_000);
    expect(times('l59').length).toBeGreaterThan(0);
    expect(times('l0').length).toBeLessThanOrEqual(2);
    await clock.advance(60_000);
    // Known ones are asked again although so many say nothing.
    expect(times('l99').length).toBeGreaterThan(1);
    expect(times('l299').length).toBeGreaterThan(0);
  });

  it('ends when it is told to', async () => {
    const { clock, calls, end, run } = scene(10);
    await clock.advance(250);
    end.abort();
    await run;
    const before = calls.length;
    await clock.advance(5_000);
    expect(calls).toHaveLength(before);
    expect(clock.isIdle).toBe(true);
  });
});

import type { IWatchResponse } from 'etcd3/lib/rpc.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MergedWatch, type MergedAnswer } from '../../src/lib/registry/etcd/merged-watch.js';
import type { WatchStream } from '../../src/lib/registry/etcd/watch-stream.js';
import { FakeClock } from '../support/fake-clock.js';

const ROOM = 64;

/** A watch that says what the test lets it say, and counts how far it was read. */
class FakeWatch {
  /** How often an answer was asked for, and how many were there. */
  asked = 0;
  taken = 0;
  closed = 0;
  readonly #said: IWatchResponse[] = [];
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  say(...revisions: readonly number[]): void {
    for (const revision of revisions)
      this.#said.push({ header: { revision: String(revision) } } as IWatchResponse);
    this.#wake();
  }

  fail(message: string): void {
    this.#failure = new Error(message);
    this.#wake();
  }

  async next(): Promise<IWatchResponse> {
    this.asked += 1;
    for (;;) {
      const first = this.#said.shift();
      if (first !== undefined) {
        this.taken += 1;
        return first;
      }
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.closed += 1;
    this.fail('closed');
  }
}

interface Merged {
  readonly clock: FakeClock;
  readonly watches: readonly FakeWatch[];
  readonly merged: MergedWatch;
}

function merge(count: number, everyMs: number | null = null): Merged {
  const clock = new FakeClock();
  const watches = Array.from({ length: count }, () => new FakeWatch());
  const merged = new MergedWatch(watches as unknown as readonly WatchStream[], clock, everyMs);
  return { clock, watches, merged };
}

function nameOf(answer: MergedAnswer): string {
  return answer.type === 'due' ? 'due' : `${answer.index}:${answer.answer.header.revision}`;
}

async function take(merged: MergedWatch, count: number): Promise<readonly string[]> {
  const names: string[] = [];
  for (let taken = 0; taken < count; taken += 1) names.push(nameOf(await merged.next()));
  return names;
}

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('several watches as one', () => {
  it('give the answers of each in its order, and say whose they are', async () => {
    const { clock, watches, merged } = merge(2);
    watches[1]?.say(1, 2);
    await clock.settle();
    watches[0]?.say(3);
    await clock.settle();
    watches[1]?.say(4);
    expect(await take(merged, 4)).toEqual(['1:1', '1:2', '0:3', '1:4']);
  });

  it('wait for the next answer of any', async () => {
    const { clock, watches, merged } = merge(3);
    const pending = merged.next();
    await clock.settle();
    watches[2]?.say(7);
    expect(nameOf(await pending)).toBe('2:7');
  });

  it('lose nothing and mix up nothing, whoever is faster', async () => {
    const step = fc.oneof(
      fc.record({ index: fc.nat(2), count: fc.integer({ min: 1, max: 90 }) }),
      fc.record({ take: fc.integer({ min: 1, max: 90 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const { clock, watches, merged } = merge(3);
        const said = [0, 0, 0];
        const given: string[] = [];
        for (const one of steps) {
          const left = said.reduce((sum, count) => sum + count, 0) - given.length;
          if ('take' in one) given.push(...(await take(merged, Math.min(one.take, left))));
          else
            for (let count = 0; count < one.count; count += 1) {
              watches[one.index]?.say(said[one.index] ?? 0);
              said[one.index] = (said[one.index] ?? 0) + 1;
            }
          await clock.settle();
          const taken = watches.reduce((sum, watch) => sum + watch.taken, 0);
          expect(taken - given.length).toBeLessThan(ROOM + watches.length);
        }
        const all = said.reduce((sum, count) => sum + count, 0);
        given.push(...(await take(merged, all - given.length)));
        for (const [index, count] of said.entries()) {
          const own = given.filter((name) => name.startsWith(`${index}:`));
          expect(own).toEqual(upTo(count).map((revision) => `${index}:${revision}`));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a watch that fails', () => {
  it('ends the whole only after everything that came before', async () => {
    const { clock, watches, merged } = merge(2);
    watches[0]?.say(1, 2);
    watches[1]?.say(3);
    watches[1]?.fail('broken');
    await clock.settle();
    expect((await take(merged, 3)).toSorted()).toEqual(['0:1', '0:2', '1:3']);
    await expect(merged.next()).rejects.toThrow('broken');
    // Asked again it says the same.
    await expect(merged.next()).rejects.toThrow('broken');
  });

  it('wakes who waits', async () => {
    const { clock, watches, merged } = merge(2);
    const pending = merged.next();
    pending.catch(() => undefined);
    await clock.settle();
    watches[1]?.fail('broken');
    await expect(pending).rejects.toThrow('broken');
  });

  it('is the one that is told, when others fail after it', async () => {
    const { clock, watches, merged } = merge(2);
    watches[1]?.fail('first');
    await clock.settle();
    watches[0]?.fail('second');
    await clock.settle();
    await expect(merged.next()).rejects.toThrow('first');
  });

  it('is seen behind more answers than there is room for', async () => {
    const { clock, watches, merged } = merge(1);
    watches[0]?.say(...upTo(3 * ROOM));
    watches[0]?.fail('broken');
    await clock.settle();
    expect(await take(merged, 3 * ROOM)).toEqual(upTo(3 * ROOM).map((revision) => `0:${revision}`));
    await expect(merged.next()).rejects.toThrow('broken');
  });
});

describe('the time given', () => {
  it('is told each time it has passed, between the answers', async () => {
    const { clock, watches, merged } = merge(1, 1_000);
    watches[0]?.say(1);
    await clock.advance(999);
    watches[0]?.say(2);
    await clock.advance(1);
    watches[0]?.say(3);
    await clock.advance(1_000);
    expect(await take(merged, 5)).toEqual(['0:1', '0:2', 'due', '0:3', 'due']);
    const pending = merged.next();
    await clock.advance(1_000);
    expect(nameOf(await pending)).toBe('due');
  });

  it('never passes where there is none', async () => {
    const { clock, watches, merged } = merge(1);
    await clock.advance(86_400_000);
    expect(clock.sleeps).toEqual([]);
    watches[0]?.say(1);
    expect(await take(merged, 1)).toEqual(['0:1']);
  });
});

describe('while 64 answers wait', () => {
  it('a watch is not read on, and goes on where it was when one is taken', async () => {
    const { clock, watches, merged } = merge(1);
    watches[0]?.say(...upTo(200));
    await clock.settle();
    expect(watches[0]?.taken).toBe(ROOM);
    expect(await take(merged, 1)).toEqual(['0:0']);
    await clock.settle();
    expect(watches[0]?.taken).toBe(ROOM + 1);
    await take(merged, 10);
    await clock.settle();
    expect(watches[0]?.taken).toBe(ROOM + 11);
    expect(await take(merged, 189)).toEqual(
      upTo(200)
        .slice(11)
        .map((revision) => `0:${revision}`),
    );
  });

  it('each other watch has one more at most', async () => {
    const { clock, watches, merged } = merge(3);
    watches[0]?.say(...upTo(ROOM));
    await clock.settle();
    for (const watch of watches) watch.say(...upTo(100));
    await clock.settle();
    expect(watches.map(({ taken }) => taken)).toEqual([ROOM, 1, 1]);
    // There is room only when less than 64 are left.
    expect(await take(merged, 2)).toEqual(['0:0', '0:1']);
    await clock.settle();
    expect(watches.map(({ taken }) => taken)).toEqual([ROOM, 1, 1]);
    expect(await take(merged, ROOM - 2)).toEqual(
      upTo(ROOM)
        .slice(2)
        .map((revision) => `0:${revision}`),
    );
  });
});

describe('closing', () => {
  it('closes every watch and ends the ticking', async () => {
    const { clock, watches, merged } = merge(3, 1_000);
    await clock.advance(2_500);
    const asked = clock.sleeps.length;
    merged.close();
    await clock.advance(10_000);
    expect(watches.map(({ closed }) => closed)).toEqual([1, 1, 1]);
    expect(clock.sleeps).toHaveLength(asked);
    expect(await take(merged, 2)).toEqual(['due', 'due']);
    await expect(merged.next()).rejects.toThrow('closed');
  });

  it('wakes who waits', async () => {
    const { clock, merged } = merge(2, 1_000);
    const pending = merged.next();
    pending.catch(() => undefined);
    await clock.settle();
    merged.close();
    await expect(pending).rejects.toThrow('closed');
  });

  it('lets go of a watch that waits for room', async () => {
    const { clock, watches, merged } = merge(1);
    watches[0]?.say(...upTo(ROOM));
    await clock.settle();
    expect(watches[0]?.asked).toBe(ROOM);
    merged.close();
    await clock.settle();
    expect(watches[0]?.asked).toBe(ROOM + 1);
    await take(merged, ROOM);
    await expect(merged.next()).rejects.toThrow('closed');
  });
});

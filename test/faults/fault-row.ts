/** One row of the fault table: what it owns, what it measures, and how often it may be tried. */
import { expect } from 'vitest';

/** Added to every limit: the machine may be busy with other tests. */
const MARGIN_MS = 1_000;
const ATTEMPTS = 3;

type Owned = { stop(): Promise<void> } | AsyncDisposable;

export interface Row {
  /** Stops it when the attempt is over, the youngest first. */
  readonly keep: <T extends Owned>(thing: T) => T;
  /** A time that the table limits. */
  readonly measure: (what: string, limitMs: number, ms: number) => void;
}

/**
 * Runs a row. Only a limit that was missed is tried again, three times at most, and the best time of each
 * measure counts; anything else that fails, fails at once.
 */
export async function faultRow(name: string, scenario: (row: Row) => Promise<void>): Promise<void> {
  const best = new Map<string, { readonly limitMs: number; readonly ms: number }>();
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const missed: string[] = [];
    await owning(async (keep) => {
      await scenario({
        keep,
        measure(what, limitMs, ms) {
          if (ms > limitMs) missed.push(what);
          // What the program notices before the test does took no time.
          const took = Math.max(0, ms);
          best.set(what, { limitMs, ms: Math.min(took, best.get(what)?.ms ?? Infinity) });
        },
      });
    });
    if (missed.length === 0) break;
  }
  for (const [what, { limitMs, ms }] of best) {
    console.info(`fault | ${name} | ${what} | limit ${limitMs.toFixed(0)} ms | ${ms.toFixed(0)} ms`);
  }
  for (const [what, { limitMs, ms }] of best) {
    expect(ms, `${name}: ${what}`).toBeLessThanOrEqual(limitMs + MARGIN_MS);
  }
}

async function owning(work: (keep: Row['keep']) => Promise<void>): Promise<void> {
  const owned: Owned[] = [];
  try {
    await work((thing) => {
      owned.push(thing);
      return thing;
    });
  } finally {
    for (const thing of owned.reverse()) {
      await ('stop' in thing ? thing.stop() : thing[Symbol.asyncDispose]());
    }
  }
}

export function sinceMs(startedMs: number): number {
  return performance.now() - startedMs;
}

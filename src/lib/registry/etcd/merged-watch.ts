import type { IWatchResponse } from 'etcd3/lib/rpc.js';
import { abortedError, isAborted } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { WatchStream } from './watch-stream.js';

/** An answer and which watch it came from; `due`: the time given has passed. */
export type MergedAnswer =
  | { readonly type: 'answer'; readonly index: number; readonly answer: IWatchResponse }
  | { readonly type: 'due' };

const MOST_QUEUED = 64;

/** The answers of several watches as one sequence. Not a race: a watch that stays open for days would keep something of each. */
export class MergedWatch {
  readonly #watches: readonly WatchStream[];
  readonly #queue: MergedAnswer[] = [];
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | null = null;
  #wake: () => void = () => undefined;
  /** Watches that wait for room; while they do, the servers are held back. */
  #waiting: (() => void)[] = [];

  /** @param everyMs how often to say `due`; null: never */
  constructor(watches: readonly WatchStream[], clock: Clock, everyMs: number | null) {
    this.#watches = watches;
    for (const [index, watch] of watches.entries()) void this.#pump(watch, index);
    if (everyMs !== null) void this.#tick(clock, everyMs);
  }

  /**
   * @throws what the first watch that failed throws, after everything that came before
   */
  async next(): Promise<MergedAnswer> {
    for (;;) {
      const first = this.#queue.shift();
      if (first !== undefined) {
        if (this.#queue.length < MOST_QUEUED) for (const go of this.#waiting.splice(0)) go();
        return first;
      }
      if (this.#failure !== null) throw this.#failure.error;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#stop.abort();
    for (const go of this.#waiting.splice(0)) go();
    for (const watch of this.#watches) watch.close();
    // Where there is no watch, nobody else says that it is over.
    if (this.#watches.length === 0) this.#failure ??= { error: abortedError() };
    this.#wake();
  }

  async #pump(watch: WatchStream, index: number): Promise<void> {
    try {
      for (;;) {
        this.#push({ type: 'answer', index, answer: await watch.next() });
        if (this.#queue.length >= MOST_QUEUED)
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#wake();
    }
  }

  async #tick(clock: Clock, everyMs: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await clock.sleep(everyMs, signal);
      if (!isAborted(signal)) this.#push({ type: 'due' });
    }
  }

  #push(answer: MergedAnswer): void {
    this.#queue.push(answer);
    this.#wake();
  }
}

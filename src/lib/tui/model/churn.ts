/** Minutes that are counted. */
export const CHURN_MINUTES = 60;

const MINUTE_MS = 60_000;

/** How many instances came and went in each of the last sixty minutes. */
export class Churn {
  readonly #joined = new Array<number>(CHURN_MINUTES).fill(0);
  readonly #left = new Array<number>(CHURN_MINUTES).fill(0);
  #minute: number;

  /** @param nowMs wall clock */
  constructor(nowMs: number) {
    this.#minute = Math.floor(nowMs / MINUTE_MS);
  }

  add(type: 'joined' | 'left', nowMs: number): void {
    this.roll(nowMs);
    const counts = type === 'joined' ? this.#joined : this.#left;
    counts[CHURN_MINUTES - 1] = (counts[CHURN_MINUTES - 1] ?? 0) + 1;
  }

  /** @returns whether a minute has ended in which something happened, or one has left that something happened in */
  roll(nowMs: number): boolean {
    const minute = Math.floor(nowMs / MINUTE_MS);
    const steps = Math.min(CHURN_MINUTES, minute - this.#minute);
    // A wall clock that was put back: what is known stands, and time goes on from there.
    if (steps < 0) this.#minute = minute;
    if (steps <= 0) return false;
    this.#minute = minute;
    if (this.isQuiet) return false;
    for (const counts of [this.#joined, this.#left]) {
      counts.splice(0, steps);
      for (let step = 0; step < steps; step += 1) counts.push(0);
    }
    return true;
  }

  /** Nothing has happened in all that time. */
  get isQuiet(): boolean {
    return !this.#joined.some((count) => count > 0) && !this.#left.some((count) => count > 0);
  }

  get joined(): readonly number[] {
    return [...this.#joined];
  }

  get left(): readonly number[] {
    return [...this.#left];
  }
}

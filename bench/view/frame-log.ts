/** The lines about frames in the log file of a view that runs with --debug. */
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export interface FrameLine {
  readonly kind: string;
  /** From the state to the end of the write. */
  readonly ms: number;
  /** Whether ink had to draw. */
  readonly ink: boolean;
  readonly bytes: number;
  /** What led to it. */
  readonly cause: 'key' | 'data' | 'tick';
}

export class FrameLog {
  readonly #file: string;
  #offset = 0;

  constructor(file: string) {
    this.#file = file;
  }

  /** Passes over everything up to now. */
  skip(): void {
    this.take();
  }

  /** The frames since the last call; every whole line is read once. */
  take(): readonly FrameLine[] {
    if (!existsSync(this.#file)) return [];
    const fresh = readFileSync(this.#file).subarray(this.#offset);
    const whole = fresh.subarray(0, fresh.lastIndexOf('\n') + 1);
    this.#offset += whole.length;
    return whole
      .toString('utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as FrameLine] : []))
      .filter(({ kind }) => kind === 'frame');
  }

  /** @throws {Error} when so many do not come in time */
  async next(count: number, withinMs: number): Promise<readonly FrameLine[]> {
    const frames: FrameLine[] = [];
    const deadlineMs = performance.now() + withinMs;
    while (frames.length < count) {
      if (performance.now() > deadlineMs) throw new Error(`only ${frames.length} of ${count} frames came`);
      await sleep(250);
      frames.push(...this.take());
    }
    return frames;
  }
}

/** `sdctl watch -o jsonl` as its reader sees it: each line with the time at which it came through the pipe. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { trackPid, untrackPid } from '../test/support/servers/lifetime.js';
import type { Command } from './measure.js';

export interface SeenEvent {
  readonly type: string;
  /** Id of the instance; absent in `synced` and `stale`. */
  readonly instance?: string;
  /** The instance as it is now. */
  readonly entry?: { readonly version: string | null };
  /** As of performance.now. */
  readonly seenMs: number;
}

export class Watching {
  readonly events: SeenEvent[] = [];
  readonly #child;
  readonly #ended: Promise<void>;
  #isRunning = true;
  #complaint = '';

  constructor(command: Command) {
    const child = spawn(command.file, command.args, {
      env: { ...command.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid } = child;
    if (pid !== undefined) trackPid(pid);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('exit', () => {
        if (pid !== undefined) untrackPid(pid);
        this.#isRunning = false;
        resolve();
      });
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#complaint += text));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const seenMs = performance.now();
      this.events.push({ ...(JSON.parse(line) as Omit<SeenEvent, 'seenMs'>), seenMs });
    });
  }

  /** Waits until the events seen so far are as wanted. @throws {Error} when it ends or takes too long */
  async until(
    what: string,
    withinMs: number,
    isReached: (events: readonly SeenEvent[]) => boolean,
  ): Promise<void> {
    const endMs = performance.now() + withinMs;
    while (!isReached(this.events)) {
      if (!this.#isRunning) throw new Error(`sdctl watch ended before ${what}: ${this.#complaint}`);
      if (performance.now() > endMs)
        throw new Error(`no ${what} after ${withinMs} ms; ${this.events.length} events`);
      await sleep(5);
    }
  }

  /** Waits for the first whole set. */
  async synced(): Promise<void> {
    await this.until('synced', 20_000, (events) => events.some((event) => event.type === 'synced'));
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#ended;
  }
}

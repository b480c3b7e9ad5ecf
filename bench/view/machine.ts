/** What the machine does meanwhile, and what it says of a process. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { trackPid, untrackPid } from '../../test/support/servers/lifetime.js';

/** A process of its own with nothing but a timer; a machine on which it is late measures nothing. */
export class BareTimer implements Disposable {
  readonly #child: ChildProcessByStdio<null, Readable, null>;
  #lateMs: number[] = [];
  #rest = '';

  constructor() {
    const file = fileURLToPath(new URL('timer.mjs', import.meta.url));
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    const { pid } = child;
    if (pid !== undefined) trackPid(pid);
    child.once('exit', () => {
      if (pid !== undefined) untrackPid(pid);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (this.#rest + text).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lateMs.push(...lines.map(Number));
    });
    this.#child = child;
  }

  /** Milliseconds that each timer was late, since the last call. */
  take(): readonly number[] {
    const taken = this.#lateMs;
    this.#lateMs = [];
    return taken;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

/** Time of the processor that a process has used, in milliseconds; Linux counts in hundredths of a second. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Bytes of the heap after a collection, of a process with `heap-preload.mjs`. */
export async function heapOf(socketFile: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(socketFile)
      .setEncoding('utf8')
      .on('data', (part: string) => (text += part))
      .once('error', reject)
      .once('close', () => resolve(Number(text)));
  });
}

/** One command on a terminal (a pseudo-terminal made by script(1)): what it shows, Ctrl-C, its end. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { endGroup, start, type Sandbox } from './sandbox.js';

export class Terminal {
  output = '';
  readonly #child: ChildProcess;
  #ended = false;

  constructor(sandbox: Sandbox, command: string) {
    const args =
      process.platform === 'linux'
        ? ['-qefc', command, '/dev/null']
        : ['-q', '/dev/null', 'sh', '-c', command];
    const child = start(sandbox, 'script', args);
    this.#child = child;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    child.once('error', (error) => {
      this.output += `script(1) is needed: ${error.message}`;
      this.#ended = true;
    });
    child.once('close', () => {
      this.#ended = true;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Waits until `holds` says yes or the command has ended; answers whether it holds. */
  async until(holds: () => boolean, withinMs = 15_000): Promise<boolean> {
    const deadlineMs = performance.now() + withinMs;
    while (!holds() && !this.#ended && performance.now() < deadlineMs) await sleep(20);
    return holds();
  }

  interrupt(): void {
    this.#child.stdin?.write('\x03');
  }

  kill(): void {
    endGroup(this.#child);
  }
}

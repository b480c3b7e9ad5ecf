/** The built program at a terminal, by means of `script` from util-linux: prompts, widths, colours, Ctrl-C. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { ownEnvironment, programFolder } from './binary.js';
import { makeTempDir, trackPid, untrackPid } from './servers/lifetime.js';

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly columns?: number;
  /** stdout is this file and not the terminal. */
  readonly stdoutFile?: string;
}

const WITHIN_MS = 20_000;
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export class Terminal implements AsyncDisposable {
  readonly home: string;
  /** All that the terminal was told, line ends as `\n`. */
  screen = '';
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #end: Promise<number | null>;
  #wake: () => void = () => undefined;

  constructor(args: readonly string[], options: TerminalOptions = {}) {
    this.home = options.home ?? makeTempDir('home');
    const program = [process.execPath, path.join(programFolder(), 'bin', 'run.js'), ...args].map(quote);
    const into = options.stdoutFile === undefined ? '' : ` > ${quote(options.stdoutFile)}`;
    const line = `stty cols ${options.columns ?? 80} rows 24; exec ${program.join(' ')}${into}`;
    const child = spawn('script', ['-qefc', line, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: this.home,
      env: {
        ...ownEnvironment(this.home),
        TERM: 'xterm-256color',
        SHELL: '/bin/sh',
        LANG: 'C.UTF-8',
        ...options.env,
      },
    });
    this.#child = child;
    const pid = child.pid ?? 0;
    trackPid(pid);
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.screen += text.replaceAll('\r\n', '\n');
      this.#wake();
    });
    this.#end = new Promise((resolve) => {
      child.once('close', (code) => {
        untrackPid(pid);
        resolve(code);
        this.#wake();
      });
    });
  }

  /** Resolves once this is on the screen. */
  async shows(text: string): Promise<void> {
    const deadlineMs = performance.now() + WITHIN_MS;
    while (!this.screen.includes(text)) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(`no "${text}" on the screen:\n${this.screen}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Keys; Enter is `\r`, Ctrl-C is `\x03`. */
  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /** The exit code of the program. */
  async exit(): Promise<number | null> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), WITHIN_MS);
    const code = await this.#end;
    clearTimeout(timer);
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end;
  }
}

/** Runs the program at a terminal to its end, without touching a key. */
export async function runTerminal(
  args: readonly string[],
  options: TerminalOptions = {},
): Promise<{ readonly screen: string; readonly code: number | null }> {
  await using terminal = new Terminal(args, options);
  const code = await terminal.exit();
  return { screen: terminal.screen, code };
}

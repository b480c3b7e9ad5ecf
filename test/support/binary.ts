/** The built program as a child process: its output as it comes, its events, its end. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { makeTempDir, trackPid, untrackPid } from './servers/lifetime.js';

/** Where the build is; another one, such as an unpacked package, by SDCTL_TEST_PROGRAM. */
const root = process.env['SDCTL_TEST_PROGRAM'] ?? fileURLToPath(new URL('../..', import.meta.url));
const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));
const parts = ['bin', 'dist', 'package.json', 'oclif.manifest.json'];
let copied: string | null = null;

/** The build as it was when the first test asked for it: another build under way must not end a running test. */
export function programFolder(): string {
  if (copied !== null) return copied;
  if (!parts.every((part) => existsSync(path.join(root, part)))) {
    throw new Error('the program is not built: npm run build');
  }
  const folder = makeTempDir('binary');
  for (const part of parts) cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  symlinkSync(modules, path.join(folder, 'node_modules'));
  copied = folder;
  return folder;
}

/** A line of `-o jsonl`. */
export interface JsonLine {
  readonly kind: string;
  readonly type?: string;
  readonly [field: string]: unknown;
}

export interface SeenLine {
  readonly line: JsonLine;
  /** When it arrived here; monotonic. */
  readonly seenMs: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** From the start of the process to its end. */
  readonly ms: number;
  /** When it ended; monotonic. */
  readonly endedMs: number;
}

export interface BinaryOptions {
  /** All there is besides PATH and directories of its own. */
  readonly env?: Readonly<Record<string, string>>;
  /** A home from an earlier run, for what one leaves to the next. */
  readonly home?: string;
  /** What stands on standard input, which is closed behind it. Default: nothing. */
  readonly stdin?: string;
  /** The reader of stdout goes away after the first line, as `| head -1` does. */
  readonly closeAfterLine?: boolean;
}

const KILL_AFTER_MS = 240_000;

/** Starts the program. Whoever forgets it: it is killed when the test process ends, or after four minutes. */
export function startBinary(args: readonly string[], options: BinaryOptions = {}): Binary {
  return new Binary(args, options);
}

/** Runs the program to its end. A run longer than `withinMs` fails the test. */
export async function runBinary(
  args: readonly string[],
  options: BinaryOptions & { readonly withinMs?: number } = {},
): Promise<Binary & { readonly ended: Exit }> {
  const binary = new Binary(args, options);
  const ended = await binary.exit(options.withinMs ?? 15_000);
  return Object.assign(binary, { ended });
}

export class Binary implements AsyncDisposable {
  readonly args: readonly string[];
  readonly home: string;
  readonly pid: number;
  readonly lines: SeenLine[] = [];
  stdout = '';
  stderr = '';
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #end: Promise<Exit>;
  #exit: Exit | null = null;
  #rest = '';
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[], options: BinaryOptions) {
    this.args = args;
    this.home = options.home ?? makeTempDir('home');
    const startedMs = performance.now();
    const program = path.join(programFolder(), 'bin', 'run.js');
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: this.home,
      env: { ...ownEnvironment(this.home), ...options.env },
    });
    this.#child = child;
    // It may have ended before it read anything.
    child.stdin.on('error', () => undefined).end(options.stdin ?? '');
    this.pid = child.pid ?? 0;
    trackPid(this.pid);
    const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#receive(text);
      if (options.closeAfterLine === true && this.stdout.includes('\n')) child.stdout.destroy();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.#wake();
    });
    this.#end = new Promise((resolve) => {
      // `close` and not `exit`: all output has been read then.
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        untrackPid(this.pid);
        const endedMs = performance.now();
        this.#exit = { code, signal, ms: endedMs - startedMs, endedMs };
        resolve(this.#exit);
        this.#wake();
      });
    });
  }

  get running(): boolean {
    return this.#exit === null;
  }

  /** `synced, stale, synced`. */
  get types(): readonly string[] {
    return this.lines.map(({ line }) => line.type ?? line.kind);
  }

  /** Everything it has said so far, for checks on secrets and for failures. */
  get said(): string {
    return `${this.stdout}\n${this.stderr}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line, from `from` on, for which `matches` holds; already there or yet to come. */
  async line(matches: string | ((line: JsonLine) => boolean), withinMs: number, from = 0): Promise<SeenLine> {
    const test = typeof matches === 'string' ? (line: JsonLine) => line.type === matches : matches;
    const find = (): SeenLine | undefined => this.lines.slice(from).find(({ line }) => test(line));
    return this.#until(find, withinMs, `line ${matches.toString()}`);
  }

  /** Resolves once stderr contains this. */
  async says(text: string, withinMs: number): Promise<void> {
    await this.#until(() => (this.stderr.includes(text) ? true : undefined), withinMs, `"${text}" on stderr`);
  }

  /** Resolves once stdout contains this. */
  async prints(text: string, withinMs: number): Promise<void> {
    await this.#until(() => (this.stdout.includes(text) ? true : undefined), withinMs, `"${text}" on stdout`);
  }

  /** Waits for the end. A program that does not end in time is killed, and the test fails. */
  async exit(withinMs: number): Promise<Exit> {
    const timer = setTimeout(() => {
      this.#wake();
      this.#child.kill('SIGKILL');
    }, withinMs);
    const exit = await this.#end;
    clearTimeout(timer);
    if (exit.signal === 'SIGKILL' && exit.ms >= withinMs)
      throw new Error(this.#story(`no end within ${withinMs} ms`));
    return exit;
  }

  /** The death of the process, and nothing else. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #receive(text: string): void {
    this.stdout += text;
    const seenMs = performance.now();
    const complete = (this.#rest + text).split('\n');
    this.#rest = complete.pop() ?? '';
    for (const each of complete) {
      if (each.startsWith('{"apiVersion"')) this.lines.push({ line: JSON.parse(each) as JsonLine, seenMs });
    }
    this.#wake();
  }

  async #until<T>(find: () => T | undefined, withinMs: number, what: string): Promise<T> {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(this.#story(`no ${what} within ${withinMs} ms`));
      if (!this.running) throw new Error(this.#story(`it ended before ${what}`));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #story(what: string): string {
    const tail = (text: string): string => text.slice(-1_500);
    return `${what}: ${this.args.join(' ')}\nlines: ${this.types.slice(-40).join(', ')}\nstdout: ${tail(this.stdout)}\nstderr: ${tail(this.stderr)}`;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** Nothing of the machine's own settings reaches the program. */
export function ownEnvironment(home: string): Record<string, string> {
  const folder = (name: string): string => {
    const full = path.join(home, name);
    mkdirSync(full, { recursive: true });
    return full;
  };
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    HOME: home,
    XDG_CONFIG_HOME: folder('config'),
    XDG_STATE_HOME: folder('state'),
    XDG_CACHE_HOME: folder('cache'),
    TMPDIR: folder('tmp'),
  };
}

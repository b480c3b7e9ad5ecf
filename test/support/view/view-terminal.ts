/** A program at a pseudo-terminal, and what a person would see of it. */
import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { spawn, type IPty } from '@lydell/node-pty';
import { ownEnvironment, programFolder } from '../binary.js';
import { makeTempDir, trackPid, untrackPid } from '../servers/lifetime.js';
import { Emulator, type Cursor, type Heard, type Modes } from './emulator.js';

export interface ViewTerminalOptions {
  /** All there is besides PATH, directories of its own, TERM, LANG and TZ. */
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  /** Default 80. */
  readonly columns?: number;
  /** Default 24. */
  readonly rows?: number;
  /** A script in place of `bin/run.js` of the program. */
  readonly entry?: string;
  readonly nodeFlags?: readonly string[];
  /** Another command in place of Node with the program; `args` go behind it. */
  readonly command?: readonly [file: string, ...args: string[]];
  /** How much of the output is kept for `output`. Default 8 MB, the newest. */
  readonly keepBytes?: number;
}

export interface TerminalExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A piece of output as it came. */
export interface Chunk {
  /** Monotonic. */
  readonly atMs: number;
  readonly bytes: number;
}

type Check = string | RegExp | ((terminal: ViewTerminal) => boolean);

/** What the package has and does not declare. */
interface PtyInternals {
  readonly ptsName: string;
  readonly _socket: { destroy(): void };
}

const KEEP_BYTES = 8_000_000;
const KEEP_CHUNKS = 200_000;

export class ViewTerminal implements AsyncDisposable {
  readonly home: string;
  readonly pid: number;
  /** `/dev/pts/3`. */
  readonly device: string;
  readonly startedMs = performance.now();
  readonly chunks: Chunk[] = [];
  /** Bytes received since the start. */
  received = 0;
  readonly #name: string;
  readonly #pty: IPty;
  readonly #emulator: Emulator;
  /** The end of the process. */
  readonly ended: Promise<TerminalExit>;
  readonly #keepBytes: number;
  #columns: number;
  #rows: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #unparsed = 0;
  #exit: TerminalExit | null = null;
  #waiting: (() => void)[] = [];

  constructor(args: readonly string[], options: ViewTerminalOptions = {}) {
    this.home = options.home ?? makeTempDir('home');
    this.#columns = options.columns ?? 80;
    this.#rows = options.rows ?? 24;
    this.#keepBytes = options.keepBytes ?? KEEP_BYTES;
    this.#emulator = new Emulator(this.#columns, this.#rows, () => {
      this.#unparsed -= 1;
      this.#wake();
    });
    const [file, ...first] = options.command ?? [
      process.execPath,
      ...(options.nodeFlags ?? []),
      options.entry ?? path.join(programFolder(), 'bin', 'run.js'),
    ];
    this.#name = [path.basename(file), ...args].join(' ');
    this.#pty = spawn(file, [...first, ...args], {
      name: 'xterm-256color',
      cols: this.#columns,
      rows: this.#rows,
      cwd: this.home,
      // Bytes: a character may come in two pieces.
      encoding: null,
      env: { ...ownEnvironment(this.home), LANG: 'C.UTF-8', TZ: 'UTC', ...options.env },
    });
    this.pid = this.#pty.pid;
    this.device = internalsOf(this.#pty).ptsName;
    trackPid(this.pid);
    this.#pty.onData((data) => this.#receive(data as unknown as Buffer));
    this.ended = new Promise((resolve) => {
      this.#pty.onExit(({ exitCode, signal }) => {
        untrackPid(this.pid);
        this.#exit =
          signal === undefined || signal === 0
            ? { code: exitCode, signal: null }
            : { code: null, signal: signalName(signal) };
        resolve(this.#exit);
        this.#wake();
      });
    });
  }

  get running(): boolean {
    return this.#exit === null;
  }

  get columns(): number {
    return this.#columns;
  }

  get height(): number {
    return this.#rows;
  }

  get cursor(): Cursor {
    return this.#emulator.cursor;
  }

  get isAlternate(): boolean {
    return this.#emulator.modes.isAlternate;
  }

  get modes(): Modes {
    return this.#emulator.modes;
  }

  get heard(): Heard {
    return this.#emulator.heard;
  }

  /** Everything that came, as Latin-1: a character for each byte. */
  get output(): string {
    return Buffer.concat(this.#kept).toString('latin1');
  }

  /** Keys as a terminal sends them: Enter is `\r`, Escape `\x1b`, Ctrl-C `\x03`, down `\x1b[B`. */
  press(keys: string): void {
    this.#pty.write(keys);
  }

  /** What no keyboard sends: bytes that are no text, or a part of a character. */
  pressBytes(bytes: Uint8Array): void {
    this.#pty.write(Buffer.from(bytes) as unknown as string);
  }

  resize(columns: number, rows: number): void {
    this.#columns = columns;
    this.#rows = rows;
    this.#emulator.resize(columns, rows);
    this.#pty.resize(columns, rows);
  }

  /** The visible lines, blanks kept to the width. */
  rows(): string[] {
    return this.#emulator.rows();
  }

  /** The visible lines without the blanks at their ends. */
  text(): string {
    return this.rows()
      .map((row) => row.trimEnd())
      .join('\n');
  }

  /** What stands in one cell; empty for the second cell of a wide character. */
  characterAt(row: number, column: number): string {
    return this.#emulator.characterAt(row, column);
  }

  /** A letter for each cell; see `cell-style.ts` for what they stand for. */
  attributes(): readonly string[] {
    return this.#emulator.styles().rows;
  }

  /** What the digits of `attributes` stand for. */
  legend(): readonly string[] {
    return this.#emulator.styles().legend;
  }

  scrollback(): readonly string[] {
    return this.#emulator.scrollback();
  }

  /** Waits until a whole picture shows this: text, or whatever the check says. */
  async until(check: Check, withinMs: number): Promise<void> {
    const holds = (): boolean => {
      if (this.#emulator.modes.isSynchronized) return false;
      if (typeof check === 'function') return check(this);
      return typeof check === 'string' ? this.text().includes(check) : check.test(this.text());
    };
    await this.#wait(holds, withinMs, () => `never came: ${check.toString()}`);
  }

  /** Waits until no output has come for so long from now on, and what came is a whole picture. */
  async settle(quietMs: number, withinMs = 30_000): Promise<void> {
    const calledMs = performance.now();
    for (;;) {
      const lastMs = Math.max(this.chunks.at(-1)?.atMs ?? 0, calledMs);
      const nowMs = performance.now();
      const leftMs = lastMs + quietMs - nowMs;
      if (leftMs <= 0 && this.#unparsed === 0 && !this.modes.isSynchronized) return;
      if (nowMs > calledMs + withinMs) throw new Error(this.#story(`it never was quiet for ${quietMs} ms`));
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, leftMs)));
    }
  }

  /** Nobody reads any more: the kernel's buffer fills, and then writing to the terminal blocks. */
  stall(): void {
    this.#pty.pause();
  }

  resume(): void {
    this.#pty.resume();
  }

  /** The window is closed: the kernel says so to the program by SIGHUP, and every read and write fails. */
  closeTerminal(): void {
    internalsOf(this.#pty)._socket.destroy();
  }

  signal(name: NodeJS.Signals): void {
    process.kill(this.pid, name);
  }

  /** Waits for the end of the process, and for all that it wrote. */
  async exit(withinMs: number): Promise<TerminalExit> {
    await this.#wait(
      () => this.#exit !== null && this.#unparsed === 0,
      withinMs,
      () => 'it did not end',
    );
    return this.ended;
  }

  /** Settings of the line, as `stty -a` tells them. */
  sttyOf(): string {
    return execFileSync('stty', ['-a', '-F', this.device], { encoding: 'utf8' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.running) {
      // It may stand still by SIGSTOP, and its own end may wait for a terminal that nobody reads.
      this.#pty.resume();
      this.signal('SIGKILL');
    }
    await this.ended;
    this.#emulator.dispose();
  }

  async #wait(holds: () => boolean, withinMs: number, what: () => string): Promise<void> {
    const deadlineMs = performance.now() + withinMs;
    while (!holds()) {
      const leftMs = deadlineMs - performance.now();
      if (leftMs <= 0) throw new Error(this.#story(`${what()} within ${withinMs} ms`));
      if (this.#exit !== null && this.#unparsed === 0) {
        // What was on its way may have been taken in since.
        if (holds()) return;
        throw new Error(this.#story(`${what()}, and it has ended`));
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #receive(data: Buffer): void {
    this.received += data.length;
    this.chunks.push({ atMs: performance.now(), bytes: data.length });
    if (this.chunks.length > KEEP_CHUNKS) this.chunks.splice(0, KEEP_CHUNKS / 2);
    this.#kept.push(data);
    this.#keptBytes += data.length;
    while (this.#keptBytes > this.#keepBytes)
      this.#keptBytes -= this.#kept.shift()?.length ?? this.#keptBytes;
    this.#unparsed += 1;
    this.#emulator.write(data);
  }

  #story(what: string): string {
    const end =
      this.#exit === null ? 'running' : `ended with ${this.#exit.signal ?? String(this.#exit.code)}`;
    const edge = '-'.repeat(this.#columns);
    const { isVisible, column, row } = this.cursor;
    const where = `${this.isAlternate ? 'alternate' : 'normal'} screen, cursor ${isVisible ? 'shown' : 'hidden'} at ${column},${row}`;
    return `${what}: ${this.#name} (${end}, ${this.received} bytes, ${where})\n+${edge}+\n${this.rows()
      .map((line) => `|${line}|`)
      .join('\n')}\n+${edge}+`;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function internalsOf(pty: IPty): PtyInternals {
  return pty as unknown as PtyInternals;
}

function signalName(number: number): NodeJS.Signals {
  const found = Object.entries(os.constants.signals).find(([, each]) => each === number)?.[0];
  return (found ?? `SIG${number}`) as NodeJS.Signals;
}

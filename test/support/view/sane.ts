/** Whether a terminal is after a program as it was before: measured in the shell that the program was started from. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { programFolder } from '../binary.js';
import { makeTempDir } from '../servers/lifetime.js';
import type { Modes } from './emulator.js';
import { ViewTerminal, type ViewTerminalOptions } from './view-terminal.js';

/** A terminal as a program finds and leaves it. */
export interface TerminalState {
  /** `stty -a` without the size. */
  readonly settings: string;
  readonly modes: Modes;
}

/** A job of the shell that has ended, or was suspended. */
export interface Ending {
  /** As the shell tells it: 128 and the number of the signal for one that was ended or suspended by it. */
  readonly code: number;
  readonly state: TerminalState;
  /** What differs from before, a line each; empty: the terminal is sane. */
  readonly differences: readonly string[];
}

export interface SaneOptions extends Omit<ViewTerminalOptions, 'command' | 'entry' | 'nodeFlags'> {
  /** `bash` mends some of the settings after a job that was ended by a signal; `sh` (dash) mends nothing. */
  readonly shell?: 'bash' | 'sh';
  /** In place of Node with the built program. */
  readonly program?: readonly string[];
}

const WITHIN_MS = 20_000;
const PROMPT = 'sane> ';
const commands = { bash: ['bash', '--norc', '--noprofile', '-i'], sh: ['sh', '-i'] } as const;
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** An interactive shell at a terminal, in which the program runs as a job. */
export class SaneShell implements AsyncDisposable {
  readonly terminal: ViewTerminal;
  readonly #program: string;
  readonly #folder = makeTempDir('sane');
  #before: TerminalState | null = null;
  #measured = 0;

  private constructor(options: SaneOptions) {
    const program = options.program ?? [process.execPath, path.join(programFolder(), 'bin', 'run.js')];
    this.#program = program.map(quote).join(' ');
    this.terminal = new ViewTerminal([], {
      ...options,
      command: commands[options.shell ?? 'bash'],
      env: { PS1: PROMPT, HISTFILE: '', BASH_SILENCE_DEPRECATION_WARNING: '1', ...options.env },
    });
    mkdirSync(this.#folder, { recursive: true });
  }

  static async open(options: SaneOptions = {}): Promise<SaneShell> {
    const shell = new SaneShell(options);
    await shell.#prompt();
    return shell;
  }

  /** Types the command and notes how the terminal is right before it. */
  async start(args: readonly string[]): Promise<void> {
    this.#measured += 1;
    this.#type(
      `clear; ${this.#stty('before')}; ${this.#program} ${args.map(quote).join(' ')}; ${this.#noteEnd()}`,
    );
    const settings = await this.#read('before');
    // The shell may have switched modes of its own on at its prompt.
    this.#before = { settings, modes: this.terminal.modes };
  }

  /** Waits for the end of the job, or for its suspension, and compares. Whatever the screen shows stays as it is. */
  async ending(withinMs = WITHIN_MS): Promise<Ending> {
    const settings = await this.#read('after', withinMs);
    const code = Number(await this.#read('code', withinMs));
    await this.#prompt();
    const state = { settings, modes: this.terminal.modes };
    if (this.#before === null) throw new Error('nothing was started');
    return { code, state, differences: differences(this.#before, state) };
  }

  /** Brings a suspended job back to the front; its next end is again one for `ending`. */
  foreground(): void {
    this.#measured += 1;
    this.#type(`fg; ${this.#noteEnd()}`);
  }

  /** The pid of the job in front of the shell. */
  jobPid(): number {
    const children = readFileSync(`/proc/${this.terminal.pid}/task/${this.terminal.pid}/children`, 'utf8');
    const last = children.trim().split(' ').at(-1);
    if (last === undefined || last === '') throw new Error('the shell has no job');
    return Number(last);
  }

  /** Whether keys are still shown as they are typed, and Enter is a new line: a word is typed and comes back. */
  async echoes(): Promise<boolean> {
    const word = `works-${this.#measured}`;
    this.#type(`printf '%s\\n' ${word}-'and'-back`);
    await this.terminal.until(`${word}-and-back`, WITHIN_MS);
    await this.#prompt();
    // The line as it was typed: a terminal without echo would not show it.
    return this.terminal.text().includes(`printf '%s\\n' ${word}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const pid of this.#jobs()) process.kill(pid, 'SIGKILL');
    } catch {
      // They have ended meanwhile.
    }
    await this.terminal[Symbol.asyncDispose]();
  }

  #jobs(): readonly number[] {
    const { pid } = this.terminal;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter((each) => each !== '')
      .map(Number);
  }

  #type(line: string): void {
    this.terminal.press(`${line}\r`);
  }

  #file(what: string): string {
    return path.join(this.#folder, `${what}-${this.#measured}`);
  }

  /** Written under another name first: a file that is there is whole. */
  #stty(what: string): string {
    const file = quote(this.#file(what));
    return `stty -a > ${file}.new; mv ${file}.new ${file}`;
  }

  #noteEnd(): string {
    const code = quote(this.#file('code'));
    return `echo $? > ${code}.new; ${this.#stty('after')}; mv ${code}.new ${code}`;
  }

  async #prompt(): Promise<void> {
    await this.terminal.until((terminal) => {
      const { row } = terminal.cursor;
      return (terminal.rows()[row] ?? '').trimEnd().endsWith(PROMPT.trimEnd());
    }, WITHIN_MS);
  }

  async #read(what: string, withinMs = WITHIN_MS): Promise<string> {
    const file = this.#file(what);
    const deadlineMs = performance.now() + withinMs;
    while (!existsSync(file)) {
      if (performance.now() > deadlineMs) {
        throw new Error(`the shell never noted ${what}:\n${this.terminal.text()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    return text.replace(/(?:rows|columns) \d+; /g, '').trim();
  }
}

/** What of the terminal is not as it was. Bracketed paste is the shell's own, which it switches at its prompt. */
function differences(before: TerminalState, after: TerminalState): readonly string[] {
  const found: string[] = [];
  const words = (text: string): readonly string[] => text.split(/[\s;]+/).filter((word) => word !== '');
  const [was, is] = [words(before.settings), words(after.settings)];
  if (was.join(' ') !== is.join(' ')) {
    const changed = was.flatMap((word, at) =>
      word === is[at] ? [] : [`${word} became ${is[at] ?? 'nothing'}`],
    );
    found.push(`stty: ${changed.join(', ')}`);
  }
  for (const name of Object.keys(before.modes) as (keyof Modes)[]) {
    if (name === 'bracketedPaste') continue;
    const [old, now] = [before.modes[name], after.modes[name]];
    if (old !== now) found.push(`${name}: ${String(old)} became ${String(now)}`);
  }
  return found;
}

/** A server as a child process: its log, its readiness, its death and its freezing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { trackPid, untrackPid } from './lifetime.js';

const LOG_LINES = 2000;

export interface ServerCommand {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** One server program that can be started again and again with the same arguments. */
export class ServerProcess {
  readonly #command: ServerCommand;
  readonly #log: string[] = [];
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #frozen = false;

  constructor(command: ServerCommand) {
    this.#command = command;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get frozen(): boolean {
    return this.#frozen;
  }

  /** The newest lines of stdout and stderr over all starts. */
  log(): string {
    return this.#log.join('\n');
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.#command.name} is already running`);
    const child = spawn(this.#command.file, this.#command.args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: cleanEnvironment(),
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const pid = child.pid;
    if (pid === undefined) throw new Error(`${this.#command.name} has no pid`);
    this.#child = child;
    this.#frozen = false;
    trackPid(pid);
    this.#record(`--- started, pid ${String(pid)}`);
    this.#capture(child);
    this.#exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        untrackPid(pid);
        this.#record(`--- ended with ${signal ?? String(code)}`);
        if (this.#child === child) this.#child = undefined;
        this.#frozen = false;
        resolve();
      });
    });
  }

  /** Waits until `check` says yes; fails at once with the log if the process ends before. */
  async waitReady(check: () => Promise<boolean>, timeoutMs = 20_000): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'not ready';
    while (Date.now() < deadline) {
      if (!this.running) throw new Error(`${this.#command.name} ended while starting:\n${this.#tail()}`);
      try {
        if (await check()) return;
      } catch (error) {
        last = String(error);
      }
      await sleep(40);
    }
    throw new Error(
      `${this.#command.name} was not ready after ${String(timeoutMs)} ms (${last}):\n${this.#tail()}`,
    );
  }

  /** Sends a signal and waits for the end. SIGKILL is the sudden death of a machine. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    // A stopped process only sees SIGKILL; every other signal would wait for SIGCONT.
    if (signal !== 'SIGKILL') this.thaw();
    this.#child?.kill(signal);
    await this.#exited;
  }

  /** SIGSTOP: connections stay open and nobody answers, as on a hung machine. */
  freeze(): void {
    if (this.#child === undefined) throw new Error(`${this.#command.name} is not running`);
    this.#child.kill('SIGSTOP');
    this.#frozen = true;
    awaitStopped(this.#child.pid ?? 0);
  }

  thaw(): void {
    if (this.#frozen) this.#child?.kill('SIGCONT');
    this.#frozen = false;
  }

  /** An orderly end, made a sudden one if it takes longer than `graceMs`. */
  async stop(graceMs = 2000): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.thaw();
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await this.#exited;
    clearTimeout(timer);
  }

  #capture(child: ChildProcess): void {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8');
      stream?.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.#record(line);
      });
    }
  }

  #record(line: string): void {
    this.#log.push(line);
    if (this.#log.length > LOG_LINES) this.#log.splice(0, this.#log.length - LOG_LINES);
  }

  #tail(): string {
    return this.#log.slice(-30).join('\n');
  }
}

/** etcd and Consul read settings from ETCD_*, ETCDCTL_* and CONSUL_*; the tests' own must not reach them. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(([name]) => !/^(ETCD|CONSUL)/.test(name));
  return Object.fromEntries(entries);
}

/** The signal is only on its way when kill returns: on a busy machine a thread may still answer for some milliseconds. */
function awaitStopped(pid: number): void {
  const tasks = `/proc/${pid}/task`;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < 1_000 && existsSync(tasks); tries += 1) {
    const states = readdirSync(tasks).map((task) => stateOf(`${tasks}/${task}/stat`));
    if (states.every((state) => state === 'T' || state === null)) return;
    Atomics.wait(pause, 0, 0, 1);
  }
}

/** The letter behind the parenthesised name; null for a thread that has ended meanwhile. */
function stateOf(file: string): string | null {
  try {
    return /\) (\S)/.exec(readFileSync(file, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}

import { closeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import process from 'node:process';
import { isatty } from 'node:tty';
import type { Env } from '../config/env.js';
import type { Connection, RegistryDeps } from '../registry/connection.js';
import { defaultTimeouts } from '../registry/connection.js';
import type { ProcessProbe } from '../registry/claim.js';
import type { RegistryHandle } from '../registry/types.js';
import { systemClock, type Clock } from '../time/clock.js';
import type { TerminalDevice } from '../tui/terminal/device.js';
import { Output } from './output.js';
import { openTerminalDevice } from './terminal-device.js';

/** Everything a command takes from the process; the only place that reads it, replaced whole in tests. */
export interface Deps {
  readonly env: Env;
  readonly platform: string;
  readonly nodeVersion: string;
  readonly argv: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdinIsTerminal: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly processes: ProcessProbe;
  openRegistry(connection: Connection): Promise<RegistryHandle>;
  /** Calls `listener` on SIGINT, SIGTERM and SIGHUP; answers how to stop. */
  onSignal(listener: (signal: NodeJS.Signals) => void): () => void;
  /**
   * Calls `listener` with what was thrown where nothing catches it; who asked last is told first. Answers how to stop.
   */
  onCrash(listener: (thrown: unknown) => void): () => void;
  /** stdin and stdout as one terminal, for a view that takes all of it. Both have to be terminals. */
  openTerminal(): TerminalDevice;
  /** For libraries that read their settings from the environment; undefined deletes. */
  setEnv(name: string, value: string | undefined): void;
  /** Who runs sdctl, by name where the system knows one; for the audit log. */
  userName(): string;
  /**
   * All of standard input; what came until then when the signal aborts.
   *
   * @returns null when there is more than `mostBytes` of it
   */
  readInput(signal: AbortSignal, mostBytes: number): Promise<string | null>;
  /** Asks on stderr; an empty answer when the terminal is closed or the signal aborts. */
  ask(prompt: string, signal: AbortSignal): Promise<string>;
  /** Ends the process at once. */
  exit(code: number): never;
}

const processes: ProcessProbe = {
  host: hostname(),
  pid: process.pid,
  isAlive(pid) {
    try {
      process.kill(pid, 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
};

let system: Deps | null = null;

/**
 * The real process: one object for all, read once, before its colour variables are rewritten for oclif.
 *
 * @param overrides what takes the place of its parts, from the first call on
 */
export function systemDeps(overrides: Partial<Deps> = {}): Deps {
  system ??= readSystem(overrides);
  return system;
}

function readSystem(overrides: Partial<Deps>): Deps {
  forgetLostTerminals();
  const env = { ...process.env };
  const { clock = systemClock, random = Math.random } = overrides;
  const registryDeps: RegistryDeps = {
    clock,
    random,
    processes: overrides.processes ?? processes,
    timeouts: defaultTimeouts,
  };
  return {
    env,
    platform: process.platform,
    nodeVersion: process.version,
    argv: process.argv.slice(2),
    stdout: new Output(process.stdout),
    stderr: new Output(process.stderr),
    stdinIsTerminal: process.stdin.isTTY,
    clock,
    random,
    processes,
    openRegistry: async (connection) =>
      (await import('../registry/open.js')).openRegistry(connection, registryDeps),
    onSignal(listener) {
      const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
      for (const signal of signals) process.on(signal, listener);
      return () => {
        for (const signal of signals) process.off(signal, listener);
      };
    },
    onCrash(listener) {
      process.prependListener('uncaughtException', listener);
      process.prependListener('unhandledRejection', listener);
      return () => {
        process.off('uncaughtException', listener);
        process.off('unhandledRejection', listener);
      };
    },
    openTerminal: () => openTerminalDevice(process),
    setEnv(name, value) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    },
    userName() {
      try {
        return userInfo().username;
      } catch {
        // A container may run under a number that no file gives a name to.
        return `uid ${process.getuid?.() ?? 'unknown'}`;
      }
    },
    async readInput(signal, mostBytes) {
      const chunks: Buffer[] = [];
      let size = 0;
      const end = (): unknown => process.stdin.destroy();
      signal.addEventListener('abort', end, { once: true });
      try {
        for await (const chunk of process.stdin) {
          const bytes = Buffer.from(chunk as Buffer);
          size += bytes.length;
          if (size > mostBytes) return null;
          chunks.push(bytes);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', end);
      }
      return Buffer.concat(chunks).toString('utf8');
    },
    async ask(prompt, signal) {
      const { createInterface } = await import('node:readline/promises');
      const line = createInterface({ input: process.stdin, output: process.stderr });
      const closed = new Promise<string>((resolve) => line.once('close', () => resolve('')));
      // In this mode the terminal hands Ctrl-C to readline, which would swallow it.
      line.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
      try {
        return await Promise.race([line.question(prompt, { signal }), closed]);
      } catch {
        return '';
      } finally {
        line.close();
      }
    },
    exit: (code) => process.exit(code),
    ...overrides,
  };
}

/**
 * Node gives terminals their settings back at its end, and aborts when it cannot because the window was closed
 * meanwhile. It passes over a stream that is closed.
 */
function forgetLostTerminals(): void {
  const terminals = [0, 1, 2].filter((stream) => isatty(stream));
  if (terminals.length === 0) return;
  process.on('exit', () => {
    for (const stream of terminals) if (!isatty(stream)) closeSync(stream);
  });
}

/** Where the documentation's commands run: a home of their own, `sdctl` on PATH, and nothing of this machine's settings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { makeTempDir, trackPid, untrackPid } from '../servers/lifetime.js';
import { installProgram, type Program } from './program.js';

export interface Sandbox {
  readonly program: Program;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

export function makeSandbox(): Sandbox {
  const program = installProgram();
  const home = makeTempDir('docs-home');
  for (const name of ['work', 'prefix', 'tmp']) mkdirSync(path.join(home, name));
  const machinePath = process.env['PATH'] ?? '/usr/bin:/bin';
  return {
    program,
    home,
    env: {
      HOME: home,
      PATH: `${program.binFolder}${path.delimiter}${machinePath}`,
      TMPDIR: path.join(home, 'tmp'),
      LANG: 'C.UTF-8',
      TERM: 'xterm',
      NO_COLOR: '1',
      COLUMNS: '110',
      SDCTL_DOCS_PROGRAM: program.folder,
      SDCTL_DOCS_PATH: machinePath,
    },
  };
}

/** Starts a program of the sandbox in a process group of its own, so that all it starts can be ended with it. */
export function start(sandbox: Sandbox, file: string, args: readonly string[]): ChildProcess {
  const child = spawn(file, args, {
    cwd: path.join(sandbox.home, 'work'),
    env: sandbox.env,
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  const { pid } = child;
  if (pid !== undefined) {
    trackPid(pid);
    child.once('exit', () => untrackPid(pid));
  }
  return child;
}

/** Ends a program started here and everything it has started. */
export function endGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of them have ended.
  }
}

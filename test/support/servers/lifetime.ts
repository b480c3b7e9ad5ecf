/** What has to be gone when the test process ends, however it ends: child processes and temporary folders. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const pids = new Set<number>();
const dirs = new Set<string>();
let reaper: ChildProcess | undefined;

/** A new temporary folder, removed by `removeTempDir` or at the end of the process. */
export function makeTempDir(label: string): string {
  const dir = mkdtempSync(path.join(tmpdir(), `sdctl-${label}-`));
  dirs.add(dir);
  tell(`+dir ${dir}`);
  return dir;
}

export function removeTempDir(dir: string): void {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  dirs.delete(dir);
  tell(`-dir ${dir}`);
}

/** Binds a child process to the life of this one. */
export function trackPid(pid: number): void {
  pids.add(pid);
  tell(`+pid ${String(pid)}`);
}

export function untrackPid(pid: number): void {
  pids.delete(pid);
  tell(`-pid ${String(pid)}`);
}

function tell(line: string): void {
  reaper ??= startReaper();
  reaper.stdin?.write(`${line}\n`);
}

/** Detached, so that an interrupt of the terminal's process group does not end it before its work. */
function startReaper(): ChildProcess {
  const script = fileURLToPath(new URL('reaper.mjs', import.meta.url));
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  // A pipe keeps the event loop alive unless it is unreferenced as well; ChildProcess.unref leaves it.
  (child.stdin as unknown as { unref(): void }).unref();
  child.stdin.on('error', () => undefined);
  return child;
}

process.once('exit', () => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 2 });
});

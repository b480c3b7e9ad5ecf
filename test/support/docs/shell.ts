/** Running a `sh` block as a script. */
import { endGroup, start, type Sandbox } from './sandbox.js';

export interface ShellResult {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the script with bash, which stops at the first failing command. */
export async function runShell(sandbox: Sandbox, script: string, withinMs = 40_000): Promise<ShellResult> {
  const child = start(sandbox, 'bash', ['--norc', '--noprofile', '-euo', 'pipefail', '-c', script]);
  child.stdin?.end();
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const timer = setTimeout(() => {
    output += `\n(no end within ${withinMs} ms)`;
    endGroup(child);
  }, withinMs);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  clearTimeout(timer);
  endGroup(child);
  return { code, output };
}

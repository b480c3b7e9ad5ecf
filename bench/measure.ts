/** Running programs and reducing many samples to one figure. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How often each command of a comparison runs. */
export const RUNS = 5;
const LIMIT_MS = 60_000;

/**
 * Wall time of one run in milliseconds, from the start of the process to its end.
 *
 * @param output where stdout goes; a file, because a pipe would measure its reader too. Default: nowhere
 * @throws {Error} when it fails or takes over a minute: a failure must not count as a fast run
 */
export async function timeOf(command: Command, output = '/dev/null'): Promise<number> {
  const descriptor = openSync(output, 'w');
  const startedMs = performance.now();
  try {
    const child = spawn(command.file, command.args, {
      env: { ...command.env },
      stdio: ['ignore', descriptor, 'pipe'],
      timeout: LIMIT_MS,
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    const tookMs = performance.now() - startedMs;
    if (code !== 0) throw new Error(`${command.args.join(' ')} ended with ${String(code)}: ${complaint}`);
    return tookMs;
  } finally {
    closeSync(descriptor);
  }
}

export interface Comparison {
  readonly measuredMs: number;
  readonly baselineMs: number;
  readonly ratio: number;
}

/**
 * Medians of interleaved runs, so that a busy moment of the machine meets both. One unmeasured run of each goes
 * before: it fills the file cache.
 */
export async function compare(measured: Command, baseline: Command): Promise<Comparison> {
  await timeOf(measured);
  await timeOf(baseline);
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    theirs.push(await timeOf(baseline));
    ours.push(await timeOf(measured));
  }
  const [measuredMs, baselineMs] = [median(ours), median(theirs)];
  return { measuredMs, baselineMs, ratio: measuredMs / baselineMs };
}

/** @param samples at least one */
export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}

/** The smallest sample that `share` of all do not exceed. @param samples at least one */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('there are no samples');
  return value;
}

/** Time and memory of commands whose answers are large. */
import { readFileSync } from 'node:fs';
import { median, RUNS, timeOf, type Command } from './measure.js';
import type { Bench } from './row.js';

/** A fast answer that lacks something is no answer. */
export async function expectLines(bench: Bench, command: Command, count: number): Promise<void> {
  const file = bench.file('lines');
  await timeOf(command, file);
  const lines = readFileSync(file, 'utf8').split('\n').length - 1;
  if (lines !== count) throw new Error(`${lines} lines came in place of ${count}`);
}

/** Median time of some runs, and the peak memory of one more. */
export async function timeAndMemory(
  bench: Bench,
  command: Command,
): Promise<{ ms: number; megabytes: number }> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) times.push(await timeOf(command));
  const record = bench.file('peak-memory');
  const hook = new URL('./hooks/peak-memory.mjs', import.meta.url).href;
  const env = { ...bench.env, SDCTL_BENCH_OUT: record };
  await timeOf({ ...command, args: ['--import', hook, ...command.args], env });
  return { ms: median(times), megabytes: Number(readFileSync(record, 'utf8')) / 1024 };
}

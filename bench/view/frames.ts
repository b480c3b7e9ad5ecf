/** The interactive view on a large registry at 200x50: time of its frames and keys, start, rest, memory. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ViewTerminal } from '../../test/support/view/view-terminal.js';
import { median, percentile, RUNS, timeOf } from '../measure.js';
import type { Bench, Figure } from '../row.js';
import { emptyNode } from '../rows/start.js';
import { FrameLog, type FrameLine } from './frame-log.js';
import { LargeEtcd } from './large-etcd.js';
import { BareTimer, cpuMs, heapOf } from './machine.js';

const SIZE = { columns: 200, rows: 50 };
const WARM_UP_MS = 30_000;
const FRAMES = 600;
const FRAMES_WITHIN_MS = 240_000;
const PRESSES = 100;
const FILTERS = 6;
const IDLE_MS = 60_000;
const HEAP_MS = 120_000;
/** A machine on which a bare timer is later than this measures itself. */
const MOST_LATE_MS = 8;
const MOST_RUNS = 3;
const START_MS = 30_000;
export const ROWS = /^.[●▲✖] svc-\d/m;

interface Run {
  readonly frames: readonly FrameLine[];
  /** Of the time in which somebody types. */
  readonly typed: readonly FrameLine[];
  readonly filterMs: readonly number[];
  readonly keysMs: readonly number[];
  readonly lateMs: number;
  readonly heapGrowth: number;
}

export async function measureView(bench: Bench): Promise<readonly Figure[]> {
  await using etcd = await LargeEtcd.start();
  const start = await measureStart(bench, etcd);
  let run: Run;
  let runs = 0;
  do {
    runs += 1;
    run = await measureRun(bench, etcd, runs);
  } while (run.lateMs > MOST_LATE_MS && runs < MOST_RUNS);
  const idlePercent = await measureIdle(bench, etcd);
  return [...frameFigures(run, runs), ...start, ...restFigures(run, idlePercent)];
}

function open(bench: Bench, etcd: LargeEtcd, extra: ViewExtra = {}): ViewTerminal {
  const { flags = [], nodeFlags = [], env = {} } = extra;
  const program = path.join(bench.program, 'bin', 'run.js');
  return new ViewTerminal(['watch', '-i', ...etcd.args, ...flags], {
    command: [process.execPath, ...nodeFlags, program],
    env: { ...bench.env, ...env },
    keepBytes: 0,
    ...SIZE,
  });
}

interface ViewExtra {
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** From the start of the process to the first picture with rows, against Node doing nothing, in turns. */
async function measureStart(bench: Bench, etcd: LargeEtcd): Promise<readonly Figure[]> {
  const [ours, theirs]: [number[], number[]] = [[], []];
  for (let round = 0; round <= RUNS; round += 1) {
    const emptyMs = await timeOf(emptyNode(bench));
    await using terminal = open(bench, etcd);
    await terminal.until(ROWS, START_MS);
    const ms = performance.now() - terminal.startedMs;
    // The first round fills the file cache.
    if (round === 0) continue;
    theirs.push(emptyMs);
    ours.push(ms);
  }
  return [
    {
      what: 'view, 10,000 instances on etcd: first frame with rows',
      limit: 20,
      measured: median(ours) / median(theirs),
      unit: 'x',
      baseline: `${median(ours).toFixed(0)} ms to ${median(theirs).toFixed(0)} ms of node -e 0`,
    },
  ];
}

async function measureRun(bench: Bench, etcd: LargeEtcd, number: number): Promise<Run> {
  const logFile = bench.file(`frames-${number}.jsonl`);
  const socketFile = bench.file(`heap-${number}`);
  const preload = fileURLToPath(new URL('heap-preload.mjs', import.meta.url));
  await using terminal = open(bench, etcd, {
    flags: ['--debug', '--log-file', logFile],
    nodeFlags: ['--expose-gc', '--import', preload],
    env: { SDCTL_BENCH_SOCKET: socketFile },
  });
  await terminal.until(ROWS, START_MS);
  etcd.change();
  try {
    await sleep(WARM_UP_MS);
    using timer = new BareTimer();
    const log = new FrameLog(logFile);
    log.skip();
    const frames = await log.next(FRAMES, FRAMES_WITHIN_MS);
    const keysMs = await pressKeys(terminal);
    const filterMs = await typeFilters(terminal);
    const typed = log.take();
    const lateMs = percentile(timer.take(), 0.95);
    await sortByLastChange(terminal);
    const before = await heapOf(socketFile);
    await sleep(HEAP_MS);
    const heapGrowth = (await heapOf(socketFile)) - before;
    return { frames, typed, keysMs, filterMs, lateMs, heapGrowth };
  } finally {
    await etcd.rest();
  }
}

/** From the key to the picture in which the selection has moved. */
async function pressKeys(terminal: ViewTerminal): Promise<readonly number[]> {
  const selected = (): string => terminal.rows().find((row) => row.startsWith('▌')) ?? '';
  const times: number[] = [];
  for (let press = 0; press < PRESSES; press += 1) {
    const name = selected().slice(3, 20);
    const pressedMs = performance.now();
    terminal.press(press % 20 < 10 ? 'j' : 'k');
    await terminal.until(() => selected().slice(3, 20) !== name, 5_000);
    times.push(performance.now() - pressedMs);
    // Not in step with the pictures that changes lead to.
    await sleep(130 + (press % 7) * 10);
  }
  return times;
}

/** A filter over ten thousand leases, key by key: from the key to the picture in which it stands. */
async function typeFilters(terminal: ViewTerminal): Promise<readonly number[]> {
  terminal.press('2');
  await terminal.until(/leases \(10,?\d{3}\)/, 20_000);
  const times: number[] = [];
  for (let round = 0; round < FILTERS; round += 1) {
    const word = `svc-${String(round * 37).padStart(3, '0')}-`;
    terminal.press('/');
    await terminal.until(/^ *\/_? *$|^ \/ /m, 5_000);
    for (let length = 1; length <= word.length; length += 1) {
      const pressedMs = performance.now();
      terminal.press(word.charAt(length - 1));
      const typed = word.slice(0, length);
      await terminal.until(
        (shown) => shown.rows().some((row) => /^ ?\//.test(row) && row.includes(typed)),
        5_000,
      );
      times.push(performance.now() - pressedMs);
      await sleep(130 + (length % 7) * 10);
    }
    terminal.press('\x1b');
    await terminal.until('filter: none', 5_000);
  }
  terminal.press('1');
  await terminal.until(/services \(\d+\)/, 5_000);
  return times;
}

/** With the latest change first every visible row is another one in every picture. */
export async function sortByLastChange(terminal: ViewTerminal): Promise<void> {
  for (let press = 0; press < 10; press += 1) {
    if (/sort: (?:last ?change)/i.test(terminal.text())) return;
    terminal.press('s');
    await sleep(300);
  }
  throw new Error('there is no sort by the last change');
}

/** A view of a registry in which nothing changes. */
async function measureIdle(bench: Bench, etcd: LargeEtcd): Promise<number> {
  await using terminal = open(bench, etcd);
  await terminal.until(ROWS, START_MS);
  await sleep(WARM_UP_MS);
  const before = cpuMs(terminal.pid);
  await sleep(IDLE_MS);
  return ((cpuMs(terminal.pid) - before) / IDLE_MS) * 100;
}

function frameFigures({ frames, typed, keysMs, filterMs, lateMs }: Run, runs: number): readonly Figure[] {
  const times = (of: readonly FrameLine[], ink: boolean): readonly number[] =>
    of.filter((frame) => frame.ink === ink).map(({ ms }) => ms);
  const without = times(frames, false);
  // While nobody types ink has nothing to do.
  const withInk = [...times(frames, true), ...times(typed, true)];
  const share = (without.length / frames.length) * 100;
  const late = `bare timer p95 ${lateMs.toFixed(1)} ms late${runs > 1 ? `, run ${runs}` : ''}`;
  const bytes = median(frames.map((frame) => frame.bytes));
  const figure = (what: string, limit: number, measured: number, baseline: string): Figure => ({
    what: `view at 200x50: ${what}`,
    limit,
    measured,
    unit: 'ms',
    baseline,
  });
  return [
    figure(
      'frame without ink, median',
      2,
      orNothing(without, 0.5),
      `${without.length} of ${frames.length} frames, ${bytes} bytes`,
    ),
    figure('frame without ink, p95', 16, orNothing(without, 0.95), late),
    figure('frame with ink, median', 10, orNothing(withInk, 0.5), `${withInk.length} frames`),
    figure('frame with ink, p95', Infinity, orNothing(withInk, 0.95), late),
    {
      what: 'view at 200x50: frames without ink',
      limit: 95,
      measured: share,
      unit: '%',
      baseline: `${frames.length} frames`,
      rule: 'atLeast',
    },
    figure(
      'key to picture, p95',
      50,
      percentile([...keysMs, ...filterMs], 0.95),
      `median ${median(keysMs).toFixed(1)} ms of ${keysMs.length} moves, ${median(filterMs).toFixed(1)} ms of ${filterMs.length} keys of a filter over 10,000`,
    ),
  ];
}

function restFigures({ heapGrowth }: Run, idlePercent: number): readonly Figure[] {
  return [
    {
      what: 'view at rest, of one core',
      limit: 1,
      measured: idlePercent,
      unit: '%',
      baseline: `${IDLE_MS / 1_000} s, 10,000 instances, nothing changes`,
    },
    {
      what: 'view under load: growth of the heap in two minutes',
      limit: 2,
      measured: heapGrowth / 1_048_576,
      unit: 'MB',
      baseline: 'after a collection, 50 changes a second, every row another one in every picture',
    },
  ];
}

/** 0 where no frame was of that kind. */
function orNothing(samples: readonly number[], share: number): number {
  return samples.length === 0 ? 0 : percentile(samples, share);
}

/** The view for half an hour on a large registry that never rests: its memory at the beginning, in between and at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { programFolder } from '../../test/support/binary.js';
import { ViewTerminal } from '../../test/support/view/view-terminal.js';
import { sortByLastChange, ROWS } from './frames.js';
import { LargeEtcd } from './large-etcd.js';
import { heapOf } from './machine.js';

const MEGABYTE = 1_048_576;
/** Until every list that is kept has its length, and V8 has compiled what it will. */
const WARM_UP_MS = 150_000;
const EVERY_MS = 60_000;

export interface SoakResult {
  readonly minutes: number;
  readonly changes: number;
  /** Bytes of the heap in use, after a collection. */
  readonly first: number;
  readonly last: number;
  readonly growthMegabytes: number;
}

/** @param minutes behind the warm-up */
export async function soakMemory(minutes: number, say: (line: string) => void): Promise<SoakResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sdctl-soak-'));
  const socket = path.join(folder, 'heap');
  await using etcd = await LargeEtcd.start();
  const preload = fileURLToPath(new URL('heap-preload.mjs', import.meta.url));
  const program = path.join(programFolder(), 'bin', 'run.js');
  await using terminal = new ViewTerminal(['watch', '-i', ...etcd.args], {
    command: [process.execPath, '--expose-gc', '--import', preload, program],
    env: { SDCTL_BENCH_SOCKET: socket },
    keepBytes: 0,
    columns: 200,
    rows: 50,
  });
  await terminal.until(ROWS, 60_000);
  etcd.change();
  try {
    await sortByLastChange(terminal);
    await sleep(WARM_UP_MS);
    const first = await heapOf(socket);
    say(`heap ${(first / MEGABYTE).toFixed(2)} MB after the warm-up`);
    let last = first;
    for (let minute = 1; minute <= minutes; minute += 1) {
      await sleep(EVERY_MS);
      last = await heapOf(socket);
      say(`minute ${minute}: heap ${(last / MEGABYTE).toFixed(2)} MB, ${etcd.changes} changes`);
    }
    const growthMegabytes = (last - first) / MEGABYTE;
    return { minutes, changes: etcd.changes, first, last, growthMegabytes };
  } finally {
    await etcd.rest();
    rmSync(folder, { recursive: true, force: true });
  }
}

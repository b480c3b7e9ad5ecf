/**
 * Runs beside a test process and outlives it for a moment: when its stdin ends, the test process is gone (even
 * by SIGKILL, which no exit handler sees), and whatever that process still had running or on disk is removed.
 *
 * Protocol, one line each: `+pid N`, `-pid N`, `+dir PATH`, `-dir PATH`.
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

const pids = new Set();
const dirs = new Set();

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const value = line.slice(5);
    const held = line.startsWith('pid', 1) ? pids : dirs;
    if (line.startsWith('+')) held.add(value);
    else held.delete(value);
  })
  .on('close', () => {
    for (const pid of pids) {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch {
        // It has ended meanwhile.
      }
    }
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

import { expect, it } from 'vitest';
import { TokenBucket } from '../../src/lib/registry/consul/token-bucket.js';
import type { Clock } from '../../src/lib/time/clock.js';

it('lets three through at once, then four a second', async () => {
  let nowMs = 0;
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: (ms) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const bucket = new TokenBucket(clock, 3, 250);
  const { signal } = new AbortController();
  const times: number[] = [];
  for (let count = 0; count < 7; count += 1) {
    await bucket.take(signal);
    times.push(nowMs);
  }
  expect(times).toEqual([0, 0, 0, 250, 500, 750, 1_000]);
  nowMs += 60_000; // a long rest does not save up more than the burst
  for (let count = 0; count < 4; count += 1) await bucket.take(signal);
  expect(nowMs).toBe(61_250);
});

it('does not wait after an abort', async () => {
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    sleep: () => Promise.reject(new Error('slept')),
  };
  const bucket = new TokenBucket(clock, 1, 250);
  await bucket.take(new AbortController().signal);
  await bucket.take(AbortSignal.abort());
});

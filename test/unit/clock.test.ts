import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/lib/time/clock.js';

const DAY_MS = 86_400_000;

describe('the machine clock', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  async function sleeps(ms: number, passedMs: number, signal?: AbortSignal): Promise<boolean> {
    let isOver = false;
    void systemClock.sleep(ms, signal).then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(passedMs);
    return !isOver;
  }

  it('sleeps longer than one timer of Node can wait', async () => {
    expect(await sleeps(30 * DAY_MS, 30 * DAY_MS - 1)).toBe(true);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sleeps for ever, until it is aborted', async () => {
    const stop = new AbortController();
    const asleep = systemClock.sleep(Infinity, stop.signal);
    await vi.advanceTimersByTimeAsync(1_000 * DAY_MS);
    expect(vi.getTimerCount()).toBe(1);
    stop.abort();
    await asleep;
    expect(vi.getTimerCount()).toBe(0);
  });

  it('takes a time that has passed for none', async () => {
    expect(await sleeps(-5, 0)).toBe(false);
  });
});

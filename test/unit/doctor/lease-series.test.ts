import { describe, expect, it } from 'vitest';
import {
  gainedSeconds,
  silenceSeconds,
  steadyRun,
  wasRenewed,
  type SeenPoint,
} from '../../../src/lib/doctor/lease-series.js';
import type { Sample } from '../../../src/lib/doctor/types.js';
import { aLease } from '../lease-samples.js';

function samplesOf(terms: readonly (string | null)[]): readonly Sample[] {
  return terms.map((term, at) => ({ atMs: at * 1_000, leases: new Map(), instances: new Map(), term }));
}

/** When the samples of the chosen run were taken, in seconds. */
function runOf(terms: readonly (string | null)[]): readonly number[] {
  return steadyRun(samplesOf(terms)).map(({ atMs }) => atMs / 1_000);
}

function seen(atSeconds: number, leftSeconds: number | null): SeenPoint {
  return { atMs: atSeconds * 1_000, record: aLease({ leftSeconds }) };
}

describe('a run under one leader', () => {
  it('is everything where the term stays, or is never known', () => {
    expect(runOf(['7', '7', '7'])).toEqual([0, 1, 2]);
    expect(runOf([null, null])).toEqual([0, 1]);
    expect(runOf([])).toEqual([]);
  });

  it('leaves out the samples on both sides of a change', () => {
    expect(runOf(['7', '7', '8', '8', '8', '8'])).toEqual([3, 4, 5]);
    expect(runOf(['7', '7', '7', '7', '8', '8'])).toEqual([0, 1, 2]);
    expect(runOf(['7', '7', '8', '8', '8', '8', '8', '9', '9'])).toEqual([3, 4, 5]);
  });

  it('is the later one of two that are as long', () => {
    expect(runOf(['7', '7', '7', '8', '8', '8'])).toEqual([4, 5]);
  });

  it('is nothing where the term is another one every time', () => {
    expect(runOf(['7', '8', '9'])).toEqual([]);
  });
});

describe('a renewal', () => {
  it('is what time alone cannot explain, rounding included', () => {
    expect(wasRenewed(seen(0, 14), seen(5, 9))).toBe(false);
    // 14.0 s are left, and 9.99 five seconds and a bit later: rounded down that looks like one second gained.
    expect(wasRenewed(seen(0, 14), seen(5.05, 10))).toBe(false);
    expect(wasRenewed(seen(0, 14), seen(5, 11))).toBe(true);
    expect(wasRenewed(seen(0, 12), seen(5, 12))).toBe(true);
  });

  it('is not known where the registry does not tell the time left', () => {
    expect(gainedSeconds(seen(0, null), seen(5, 9))).toBeNull();
    expect(wasRenewed(seen(0, null), seen(5, 9))).toBe(false);
  });

  it('must have been seen after half the TTL, and never before a third of it and the rounding', () => {
    expect(silenceSeconds(30, 0.5)).toBe(15);
    expect(silenceSeconds(6, 0.5)).toBeCloseTo(4.2);
  });
});

/** Laws of late renewals: whoever renews every third of the TTL is never late, whoever stopped is found in time. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lateLease, type Lateness } from '../../src/lib/doctor/lateness.js';
import { silenceSeconds, type Point } from '../../src/lib/doctor/lease-series.js';
import { defaultThresholds } from '../../src/lib/doctor/settings.js';
import { aLease } from '../unit/lease-samples.js';

interface Scene {
  readonly granted: number;
  /** Seconds between two renewals. */
  readonly every: readonly number[];
  /** Seconds between two samples. */
  readonly pauses: readonly number[];
  /** When the first sample was taken, as a share of the TTL after a renewal. */
  readonly phase: number;
}

const share = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true });

/** A client that renews at a third of the TTL, up to a quarter earlier, with an answer that takes up to 5 % of it. */
const scenes: fc.Arbitrary<Scene> = fc.integer({ min: 2, max: 120 }).chain((granted) =>
  fc.record({
    granted: fc.constant(granted),
    every: fc.array(
      share(0.75, 1.15).map((factor) => (granted / 3) * factor),
      { minLength: 200, maxLength: 200 },
    ),
    pauses: fc.array(share(0.2, 1), { minLength: 3, maxLength: 40 }).map((parts) => {
      const scale = granted / 4;
      return parts.map((part) => part * scale);
    }),
    phase: share(0, 0.3),
  }),
);

/** What etcd tells of a lease at some moments: whole seconds of what is left, rounded down. */
function pointsOf({ granted, every, pauses, phase }: Scene, stopsAt = Infinity): readonly Point[] {
  const renewals = [0];
  for (const pause of every) renewals.push((renewals.at(-1) ?? 0) + pause);
  const made = renewals.filter((at) => at <= stopsAt);
  let now = phase * granted;
  const points: Point[] = [];
  for (const pause of [0, ...pauses]) {
    now += pause;
    const last = made.filter((at) => at <= now).at(-1) ?? 0;
    const left = last + granted - now;
    const record = left < 0 ? null : aLease({ grantedSeconds: granted, leftSeconds: Math.floor(left) });
    points.push({ atMs: now * 1_000, record });
  }
  return points;
}

function judge(points: readonly Point[], granted: number): Lateness | null {
  return lateLease(points, granted * defaultThresholds.lateShare, defaultThresholds);
}

it('nobody who renews every third of the TTL is late, whenever the samples fall', () => {
  fc.assert(
    fc.property(scenes, (scene) => {
      expect(judge(pointsOf(scene), scene.granted)).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});

it('whoever has stopped is found once nothing was renewed for long enough', () => {
  fc.assert(
    fc.property(scenes, ({ granted, ...scene }) => {
      const points = pointsOf({ granted, ...scene }, 0);
      const there = points.filter(({ record }) => record !== null);
      const span = ((there.at(-1)?.atMs ?? 0) - (there[0]?.atMs ?? 0)) / 1_000;
      fc.pre(there.length >= 3 && span >= silenceSeconds(granted, defaultThresholds.stoppedShare));
      fc.pre(there.length === points.length);
      expect(judge(points, granted)).not.toBeNull();
    }),
    { numRuns: 1_000 },
  );
});

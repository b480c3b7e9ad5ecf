import * as v from 'valibot';
import { failLevels } from '../model/doctor-report.js';
import { severities } from '../model/finding.js';
import { isDay } from '../time/day.js';

const text = v.pipe(v.string(), v.nonEmpty());
const amount = v.pipe(v.number(), v.finite(), v.gtValue(0));
const share = v.pipe(amount, v.maxValue(1));

/** A day of the calendar as it is written everywhere: `2026-12-31`. */
const day = v.pipe(v.string(), v.check(isDay, 'is no day; days are written 2026-12-31'));

/** Named as in the rules: times in seconds, sizes in bytes. */
const thresholds = v.strictObject({
  ttlLongWarningSeconds: v.optional(amount),
  ttlLongErrorSeconds: v.optional(amount),
  ttlShortWarningSeconds: v.optional(amount),
  ttlShortErrorSeconds: v.optional(amount),
  quotaWarningShare: v.optional(share),
  quotaErrorShare: v.optional(share),
  assumedQuotaBytes: v.optional(amount),
  fragmentationBytes: v.optional(amount),
  criticalWarningSeconds: v.optional(amount),
  criticalErrorSeconds: v.optional(amount),
  maintenanceWarningSeconds: v.optional(amount),
  maintenanceErrorSeconds: v.optional(amount),
  overdueSeconds: v.optional(amount),
  revokesPerSecond: v.optional(amount),
  lateShare: v.optional(share),
  lastShare: v.optional(share),
  stoppedShare: v.optional(share),
  emptySessionSeconds: v.optional(amount),
  lateSecondsOf: v.optional(v.record(text, amount)),
  vantageShare: v.optional(share),
  vantageLeast: v.optional(amount),
  syncPeriodSeconds: v.optional(amount),
  bridgeNetworks: v.optional(v.array(text)),
});

const suppression = v.strictObject({
  rule: text,
  service: v.optional(text),
  instance: v.optional(text),
  node: v.optional(text),
  key: v.optional(text),
  reason: text,
  until: v.optional(day),
});

/** What `doctor` takes from the config file. Whether a rule of that name exists is for those to say who know them. */
export const doctorSection = v.strictObject({
  failOn: v.optional(v.picklist(failLevels)),
  allowLoopback: v.optional(v.boolean()),
  severities: v.optional(v.record(text, v.picklist(severities))),
  thresholds: v.optional(thresholds),
  suppressions: v.optional(v.array(suppression)),
});

export type DoctorConfig = v.InferOutput<typeof doctorSection>;

/** Keys that a mapping at this path below `doctor` may have; null where any name goes. */
export function validDoctorKeys(path: readonly string[]): readonly string[] | null {
  const [first] = path;
  if (path.length === 0) return Object.keys(doctorSection.entries);
  if (first === 'thresholds' && path.length === 1) return Object.keys(thresholds.entries);
  if (first === 'suppressions' && path.length === 2) return Object.keys(suppression.entries);
  return null;
}

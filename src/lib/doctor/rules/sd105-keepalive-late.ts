import { factsOf } from '../../layouts/facts-of.js';
import type { Evidence, Found, Severity } from '../../model/finding.js';
import { formatLeaseName } from '../../model/lease-name.js';
import { lateCheck, lateLease, LEAST_SAMPLES, type LateHow, type Lateness } from '../lateness.js';
import { keptText, leaseEvidence, leaseSubject, secondsText } from '../lease-evidence.js';
import { pointsOf, secondsBetween, steadyRun, type Point } from '../lease-series.js';
import { leaseUses, type LeaseUse } from '../lease-uses.js';
import type { Examination, Rule, Sample, Verdict } from '../types.js';

const severities: Readonly<Record<LateHow, Severity>> = {
  'ran-out': 'error',
  'last-moment': 'error',
  low: 'warning',
  stopped: 'warning',
  lapsed: 'warning',
};

export const keepaliveLate: Rule = {
  id: 'SD105',
  slug: 'keepalive-late',
  group: 'leases',
  title: 'Renewals that come late or not at all',
  severity: 'error',
  mode: 'observe',
  backends: ['etcd', 'consul', 'local'],
  after: ['SD106'],
  text: {
    detects:
      'A lease that two samples show with less than a third of its TTL left, one with less than a tenth, or that nobody renews for half its TTL; an error once it runs out. On Consul a TTL check that expires while it is watched.',
    why: 'The instance is dropped for a moment, or for good, although its process may be well.',
    guard:
      'Three samples under one leader are needed, and those around a change of leader do not count; up to a second is taken for rounding. Layouts that renew at another point have a limit of their own, for the TTL that they ask for by default.',
    fix: 'Look at the process and its host: a blocked event loop, too little processor time, or a registry that answers slowly.',
  },
  applies: samplesVerdict,
  *check(examination): Generator<Found> {
    const run = steadyRun(examination.samples);
    const overdue = new Set((examination.earlier.get('SD106') ?? []).map(({ subject }) => subject.lease));
    for (const use of leaseUses(examination)) {
      const points = pointsOf(run, use.key);
      const late = overdue.has(formatLeaseName(use.lease)) ? null : judge(use, points, examination);
      if (late !== null) yield foundFor(use, late, { run, points, examination });
    }
  },
};

function samplesVerdict({ samples, leases }: Examination): Verdict | null {
  if (samples.length < 2) return { status: 'skip', reason: 'needs --observe' };
  if (leases === null) return { status: 'unknown', reason: 'the leases could not be read' };
  if (samples.length < LEAST_SAMPLES)
    return { status: 'unknown', reason: 'two samples do not tell: observe for longer' };
  if (steadyRun(samples).length >= LEAST_SAMPLES) return null;
  return { status: 'unknown', reason: 'the leader changed meanwhile, which gives every lease its whole TTL' };
}

function judge(use: LeaseUse, points: readonly Point[], examination: Examination): Lateness | null {
  const { thresholds } = examination.settings;
  if (use.lease.kind === 'ttl-check') return lateCheck(points);
  return lateLease(points, lateSecondsOf(use, examination), thresholds);
}

/** A limit in seconds is made for the TTL that the framework asks for by default: with another one it renews otherwise. */
function lateSecondsOf({ first: { layout }, grantedSeconds }: LeaseUse, examination: Examination): number {
  const { lateShare, lateSecondsOf: ofLayout } = examination.settings.thresholds;
  const own = ofLayout[layout];
  const isUsual = factsOf(examination.backend, layout)?.defaultTtlSeconds === grantedSeconds;
  return own !== undefined && isUsual ? own : (grantedSeconds ?? 0) * lateShare;
}

interface Seen {
  readonly run: readonly Sample[];
  readonly points: readonly Point[];
  readonly examination: Examination;
}

function foundFor(use: LeaseUse, late: Lateness, { run, points, examination }: Seen): Found {
  const host = use.first.owner?.host ?? use.first.node;
  return {
    severity: severities[late.how],
    subject: leaseSubject(use),
    detail: detailOf(use, late),
    evidence: [
      ...leaseEvidence(use, examination),
      { name: 'samples', value: seriesText(points) },
      ...termEvidence(run),
      ...(host === null ? [] : [{ name: 'host', value: host }]),
      ...answerTimes(examination),
    ],
    fix: {
      text: `look at ${keptText(use)}${host === null ? '' : ` on ${host}`}: a blocked event loop, too little processor time, or a registry that answers slowly`,
      commands: [['sdctl', 'lease', 'inspect', formatLeaseName(use.lease)]],
    },
  };
}

function detailOf(use: LeaseUse, { how, leftSeconds }: Lateness): string {
  const what = keptText(use);
  const left = secondsText(leftSeconds ?? 0);
  switch (how) {
    case 'ran-out':
      return `the lease of ${what} ran out: it was not renewed in time`;
    case 'last-moment':
      return `the lease of ${what} is about to run out: ${left} left`;
    case 'low':
      return `the lease of ${what} is renewed late`;
    case 'stopped':
      return `nobody renews the lease of ${what} any more: it ends in ${left}`;
    case 'lapsed':
      return `the TTL check of ${what} expired, and was passed again`;
  }
}

/** `+0s 9s, +5s 4s, +10s gone`. */
function seriesText(points: readonly Point[]): string {
  const [first] = points;
  return points
    .map((point) => {
      const at = first === undefined ? 0 : Math.round(secondsBetween(first, point));
      return `+${at}s ${stateText(point)}`;
    })
    .join(', ');
}

function stateText({ record }: Point): string {
  if (record === null) return 'gone';
  if (record.isOverdue) return 'expired';
  return record.leftSeconds === null ? (record.health ?? 'there') : `${record.leftSeconds}s left`;
}

function termEvidence([sample]: readonly Sample[]): readonly Evidence[] {
  return sample?.term == null ? [] : [{ name: 'term at each', value: sample.term }];
}

function answerTimes({ facts }: Examination): readonly Evidence[] {
  return facts.servers.flatMap(({ server, roundTripMs }) =>
    roundTripMs === null ? [] : [{ name: `answer of ${server}`, value: `${Math.round(roundTripMs)}ms` }],
  );
}

import type { Found, Severity } from '../../model/finding.js';
import { formatLeaseName } from '../../model/lease-name.js';
import { keptText, leaseEvidence, leaseSubject, secondsText } from '../lease-evidence.js';
import { leaseUses } from '../lease-uses.js';
import type { Examination, Rule } from '../types.js';
import { ttlVerdict } from '../ttl-verdict.js';

export const ttlTooShort: Rule = {
  id: 'SD104',
  slug: 'ttl-too-short',
  group: 'leases',
  title: 'A TTL that a brief pause outlasts',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  text: {
    detects:
      'A lease with a very short TTL that keeps instances; an error on etcd at the least TTL that it grants. On Consul a TTL check of which sdctl wrote down the TTL.',
    why: 'One slow renewal, a pause of the process or an election is enough to drop an instance that is well.',
    guard:
      'Not where a single development host is meant (allowLoopback), and not for entries that are shown only. One lease is one finding, however many instances it keeps.',
    fix: 'Raise the TTL to 10 seconds or more.',
  },
  applies(examination) {
    if (!examination.settings.allowLoopback) return ttlVerdict(examination);
    return { status: 'skip', reason: 'a single development host is meant (allowLoopback)' };
  },
  *check(examination): Generator<Found> {
    for (const use of leaseUses(examination)) {
      const { grantedSeconds: ttl, instances } = use;
      const severity = severityOf(ttl, examination);
      if (ttl === null || severity === null || instances.every(({ readOnly }) => readOnly)) continue;
      yield {
        severity,
        subject: leaseSubject(use),
        detail: `a pause of ${secondsText(ttl)} drops ${keptText(use)}${severity === 'error' ? ', and etcd grants no shorter TTL: less may have been asked for' : ''}`,
        evidence: [
          ...leaseEvidence(use, examination),
          { name: 'renewal wanted every', value: secondsText(ttl / 3) },
          ...slowestAnswer(examination),
        ],
        fix: {
          text: 'register it with a TTL of 10s or more',
          commands: [['sdctl', 'lease', 'inspect', formatLeaseName(use.lease)]],
        },
      };
    }
  },
};

function severityOf(ttl: number | null, { backend, settings: { thresholds } }: Examination): Severity | null {
  if (ttl === null) return null;
  // Only etcd raises what is too short, so that its least TTL says that somebody asked for less.
  if (backend === 'etcd' && ttl <= thresholds.ttlShortErrorSeconds) return 'error';
  return ttl < thresholds.ttlShortWarningSeconds ? 'warning' : null;
}

function slowestAnswer({ facts }: Examination): Found['evidence'] {
  const known = facts.servers.flatMap(({ roundTripMs }) => roundTripMs ?? []);
  if (known.length === 0) return [];
  return [{ name: 'slowest answer of a server', value: `${Math.round(Math.max(...known))}ms` }];
}

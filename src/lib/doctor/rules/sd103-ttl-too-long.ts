import { factsOf } from '../../layouts/facts-of.js';
import type { Found, Severity } from '../../model/finding.js';
import { formatLeaseName } from '../../model/lease-name.js';
import { keptText, leaseEvidence, leaseSubject, secondsText } from '../lease-evidence.js';
import { leaseUses } from '../lease-uses.js';
import type { Examination, Rule } from '../types.js';
import { ttlVerdict } from '../ttl-verdict.js';

export const ttlTooLong: Rule = {
  id: 'SD103',
  slug: 'ttl-too-long',
  group: 'leases',
  title: 'A TTL that keeps the dead for long',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  text: {
    detects:
      'A lease with a long TTL that keeps instances. On Consul a TTL check of which sdctl wrote down the TTL; Consul itself tells no TTL.',
    why: 'A process that dies without saying so is called for as long as its TTL.',
    guard:
      'Services declared static, layouts without leases and entries that are shown only are left out. One lease is one finding, however many instances it keeps.',
    fix: 'Take a TTL of 10 to 30 seconds, and renew it every third of that.',
  },
  applies: ttlVerdict,
  *check(examination): Generator<Found> {
    for (const use of leaseUses(living(examination))) {
      const severity = severityOf(use.grantedSeconds, examination);
      if (use.grantedSeconds === null || severity === null) continue;
      const ttl = secondsText(use.grantedSeconds);
      yield {
        severity,
        subject: leaseSubject(use),
        detail: `after a crash ${keptText(use)} would still be called for up to ${ttl}`,
        evidence: leaseEvidence(use, examination),
        fix: {
          text: 'register it with a TTL of 10s to 30s, renewed every third of that',
          commands: [['sdctl', 'lease', 'inspect', formatLeaseName(use.lease)]],
        },
      };
    }
  },
};

function severityOf(ttl: number | null, { settings: { thresholds } }: Examination): Severity | null {
  if (ttl === null || ttl <= thresholds.ttlLongWarningSeconds) return null;
  return ttl > thresholds.ttlLongErrorSeconds ? 'error' : 'warning';
}

/** Without the instances that nobody is meant to keep alive: a long lease is more than they need. */
function living(examination: Examination): Examination {
  const { backend, snapshot, settings } = examination;
  const instances = snapshot.instances.filter(({ service, layout, readOnly }) => {
    if (readOnly || settings.inventory[service]?.isStatic === true) return false;
    return backend === 'consul' || factsOf(backend, layout)?.defaultTtlSeconds !== 0;
  });
  return { ...examination, snapshot: { ...snapshot, instances } };
}

import type { Evidence, Found } from '../../model/finding.js';
import { formatLeaseName } from '../../model/lease-name.js';
import { instanceKey, type Check, type Instance } from '../../model/instance.js';
import { expiredCheck, lastOutput } from '../check-evidence.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { secondsText } from '../lease-evidence.js';
import { findingsOf } from '../reported.js';
import { deadlyRules, serviceHealth } from '../service-health.js';
import { sinceEvidence, sinceOf } from '../since.js';
import type { Examination, Rule } from '../types.js';
import { latestOf } from '../usable.js';

/** Rules that have said already why nobody passes the check. */
const SAID = ['SD206', 'SD403'] as const;

export const ttlCheckExpired: Rule = {
  id: 'SD304',
  slug: 'ttl-check-expired',
  group: 'health',
  title: 'A TTL check that nobody passes any more',
  severity: 'error',
  mode: 'instant',
  backends: ['consul'],
  after: [...SAID, ...deadlyRules],
  text: {
    detects: 'A TTL check that is critical because it was not passed in time.',
    why: 'The process behind it is gone or hangs. The entry stays for ever unless Consul was told to remove it.',
    guard:
      'A check that somebody set to critical is another matter: the process lives and says that it is ill. One that is passed again while it is watched is left out, and so are copies of SD206 and nodes of SD403. An instance in maintenance is judged after it.',
    fix: 'Start its process again, or remove the entry at its agent.',
  },
  *check(examination): Generator<Found> {
    const isSaid = findingsOf(SAID, examination);
    const alone = new Set(
      serviceHealth(examination).flatMap(({ service, usable }) => (usable.length === 0 ? [service] : [])),
    );
    for (const instance of examination.snapshot.instances) {
      const check = instance.health === 'maintenance' ? null : expiredCheck(instance);
      const latest = check === null ? null : latestOf(instance, examination);
      if (check === null || latest === null || expiredCheck(latest)?.id !== check.id) continue;
      if (isSaid(instance) === null)
        yield foundFor(instance, check, alone.has(instance.service), examination);
    }
  },
};

function foundFor(instance: Instance, check: Check, isLast: boolean, examination: Examination): Found {
  const name = instanceName(instance);
  const lease = formatLeaseName({ kind: 'ttl-check', id: check.id, node: instance.node });
  return {
    severity: 'error',
    subject: { ...instanceSubject(instance), lease },
    detail: `nobody passes the TTL check of ${name} any more${isLast ? `, and no other instance of ${instance.service} is healthy` : ''}`,
    evidence: [
      { name: 'check', value: check.id },
      ...(instance.lease?.ttlSeconds == null
        ? []
        : [{ name: 'TTL', value: secondsText(instance.lease.ttlSeconds) }]),
      { name: 'last output', value: lastOutput(check) ?? 'none' },
      ...sinceEvidence('critical', sinceOf(examination, 'critical', instanceKey(instance))),
      ...nodeEvidence(instance),
      { name: 'revision', value: instance.revision },
    ],
    fix: {
      text: 'start its process again, or remove the entry',
      commands: [['sdctl', 'deregister', name]],
    },
  };
}

function nodeEvidence({ node, nodeChecks }: Instance): readonly Evidence[] {
  if (node === null) return [];
  const isDown = nodeChecks.some(({ health }) => health === 'critical');
  return [{ name: 'node', value: `${node}, ${isDown ? 'down' : 'alive'}` }];
}

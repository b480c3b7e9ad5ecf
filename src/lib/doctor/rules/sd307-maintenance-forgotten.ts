import { subjectOf, type Found, type Severity } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { shortText } from '../check-evidence.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { isInMaintenance, nodesInMaintenance, type NodeMaintenance } from '../node-maintenance.js';
import {
  historyVerdict,
  nodeHistoryKey,
  severityAfter,
  sinceEvidence,
  sinceOf,
  sinceText,
  type Since,
} from '../since.js';
import type { Examination, Rule } from '../types.js';
import { isUsable } from '../usable.js';

const NO_REASON = 'none was given';

export const maintenanceForgotten: Rule = {
  id: 'SD307',
  slug: 'maintenance-forgotten',
  group: 'health',
  title: 'A maintenance that nobody has ended',
  severity: 'error',
  mode: 'history',
  backends: ['etcd', 'consul', 'local'],
  text: {
    detects:
      'An instance, or on Consul a whole node, that was in maintenance in every run since a time too long ago.',
    why: 'A maintenance has no end of its own: capacity is missing, and nobody notices before the others fail.',
    guard:
      'The time is what earlier runs have seen, and at least that long; the first run that sees it says nothing. A planned one is suppressed until its day. A node is one finding, whatever stands on it.',
    fix: 'End it where it was begun, and write a reason the next time.',
  },
  applies: historyVerdict,
  *check(examination): Generator<Found> {
    for (const node of nodesInMaintenance(examination)) {
      const lasting = lastingSince(nodeHistoryKey(node.node), examination);
      if (lasting !== null) yield foundForNode(node, lasting, examination);
    }
    for (const instance of examination.snapshot.instances) {
      if (instance.readOnly || !isInMaintenance(instance, examination)) continue;
      const lasting = lastingSince(instanceKey(instance), examination);
      if (lasting !== null) yield foundFor(instance, lasting, examination);
    }
  },
};

interface Lasting {
  readonly since: Since;
  readonly severity: Severity;
}

function lastingSince(key: string, examination: Examination): Lasting | null {
  const { maintenanceWarningSeconds, maintenanceErrorSeconds } = examination.settings.thresholds;
  const since = sinceOf(examination, 'maintenance', key);
  const severity =
    since === null ? null : severityAfter(since, maintenanceWarningSeconds, maintenanceErrorSeconds);
  return since === null || severity === null ? null : { since, severity };
}

function foundForNode(
  { node, reason }: NodeMaintenance,
  { since, severity }: Lasting,
  examination: Examination,
): Found {
  const there = examination.snapshot.instances.filter((one) => one.node === node);
  return {
    severity,
    subject: subjectOf({ node }),
    detail: `the node ${node} is in maintenance ${sinceText(since)}`,
    evidence: [
      { name: 'reason', value: reasonText(reason) },
      ...sinceEvidence('maintenance', since),
      { name: 'instances on it', value: namesText(there.map(instanceName)) || 'none' },
    ],
    fix: {
      text: `end it on ${node}, or suppress it until its day`,
      commands: [['consul', 'maint', '-disable']],
    },
  };
}

function foundFor(instance: Instance, { since, severity }: Lasting, examination: Examination): Found {
  const name = instanceName(instance);
  const { service, id, node } = instance;
  const healthy = examination.snapshot.instances.filter((one) => one.service === service && isUsable(one));
  return {
    severity,
    subject: instanceSubject(instance),
    detail: `${name} is in maintenance ${sinceText(since)}`,
    evidence: [
      { name: 'reason', value: reasonText(instance.healthReason ?? '') },
      ...sinceEvidence('maintenance', since),
      { name: `healthy instances of ${service}`, value: String(healthy.length) },
      { name: 'revision', value: instance.revision },
    ],
    fix:
      examination.backend === 'consul'
        ? {
            text: `end it at the agent of ${node ?? 'its node'}, or suppress it until its day`,
            commands: [['consul', 'maint', '-disable', `-service=${id}`]],
          }
        : {
            text: 'end it where the instance is registered, or suppress it until its day',
            commands: [['sdctl', 'list', service, '--id', id]],
          },
  };
}

function reasonText(reason: string): string {
  return reason.trim() === '' ? NO_REASON : shortText(reason);
}

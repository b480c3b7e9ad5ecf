import { factsOf } from '../../layouts/facts-of.js';
import type { Found } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { endpointEvidence, instanceName, instanceSubject } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { hasOwnCheck } from '../node-maintenance.js';
import { findingsOf } from '../reported.js';
import type { Examination, Rule } from '../types.js';
import { isRegistryItself } from '../usable.js';

/** Rules that have said already why nobody looks after an instance. */
const SAID = ['SD101', 'SD202'] as const;

export const noHealthCheck: Rule = {
  id: 'SD305',
  slug: 'no-health-check',
  group: 'health',
  title: 'An instance that nobody checks',
  severity: 'warning',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  after: SAID,
  text: {
    detects:
      'On Consul an instance without a check of its own. On etcd one without a lease that nobody probes.',
    why: 'It is given out as healthy long after its process is gone.',
    guard:
      "Services declared static, proxies, monitored external nodes, DNS records, entries that are shown only and Consul's own are left out. On etcd what SD101 has reported, on Consul whose check SD202 has found elsewhere.",
    fix: 'Give it a check: a TTL check that its process passes, or one by TCP, HTTP or gRPC on its port.',
  },
  *check(examination): Generator<Found> {
    const isSaid = findingsOf(SAID, examination);
    const isBlind = examination.backend === 'consul' ? hasNoCheck : hasNoLease;
    for (const instance of examination.snapshot.instances) {
      const isStatic = examination.settings.inventory[instance.service]?.isStatic === true;
      if (instance.readOnly || isStatic || !isBlind(instance, examination)) continue;
      if (isSaid(instance) === null) yield foundFor(instance, examination);
    }
  },
};

function hasNoCheck(instance: Instance, examination: Examination): boolean {
  const { consul } = instance;
  if (isRegistryItself(instance, examination) || (consul?.kind ?? null) !== null) return false;
  if ((consul?.monitoredBy ?? null) !== null) return false;
  return !hasOwnCheck(instance);
}

function hasNoLease(instance: Instance, { backend, probes }: Examination): boolean {
  if (instance.lease !== null || probes?.has(instanceKey(instance)) === true) return false;
  return factsOf(backend, instance.layout)?.defaultTtlSeconds !== 0;
}

function foundFor(instance: Instance, { backend }: Examination): Found {
  const name = instanceName(instance);
  const isConsul = backend === 'consul';
  return {
    severity: 'warning',
    subject: instanceSubject(instance),
    detail: isConsul
      ? `${name} has no check of its own: it passes as long as its node does`
      : `${name} has no lease, and nobody probes it`,
    evidence: [
      ...endpointEvidence(instance),
      {
        name: 'checks of its node',
        value: namesText(instance.nodeChecks.map(({ id }) => id)) || 'none',
      },
      { name: 'layout', value: instance.layout },
      { name: 'revision', value: instance.revision },
    ].filter(({ name: what }) => isConsul || what !== 'checks of its node'),
    fix: {
      text: isConsul
        ? 'register it with a check on its port, or a TTL check that its process passes'
        : 'register it with a TTL, or look at it with --probe',
      commands: [
        isConsul
          ? ['sdctl', 'list', instance.service, '--id', instance.id]
          : ['sdctl', 'doctor', '--probe', 'tcp'],
      ],
    },
  };
}

import { formatLeaseName } from '../../model/lease-name.js';
import type { Found } from '../../model/finding.js';
import type { Instance } from '../../model/instance.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { idMismatch, isTranslated, keyMismatch, type Mismatch } from '../key-spelling.js';
import { stolenChecks, type StolenCheck } from '../stolen-checks.js';
import type { Rule } from '../types.js';

export const keyValueMismatch: Rule = {
  id: 'SD202',
  slug: 'key-value-mismatch',
  group: 'data',
  title: 'An entry that contradicts itself',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  text: {
    detects:
      'On etcd a name, an address or a lease that the key spells otherwise than the value. On Consul an id that ends in another address and port than is registered, or a check named after one instance that hangs on another.',
    why: 'It is mostly a copied template or a process that took the wrong entry, so that callers reach something else than the name says.',
    guard:
      'Only layouts that say something twice are compared, and only IP addresses with IP addresses. On Consul a different address with the same port is a warning, because addresses may be translated on the way.',
    fix: 'Remove the wrong entry, and mend the template or the process that wrote it.',
  },
  *check({ backend, snapshot }): Generator<Found> {
    const isConsul = backend === 'consul';
    for (const instance of snapshot.instances) {
      if (instance.readOnly) continue;
      const mismatch = isConsul ? idMismatch(instance) : keyMismatch(instance);
      if (mismatch !== null) yield foundFor(instance, mismatch, isConsul);
    }
    if (isConsul) for (const stolen of stolenChecks(snapshot.instances)) yield foundForCheck(stolen);
  },
};

function foundFor(instance: Instance, mismatch: Mismatch, isConsul: boolean): Found {
  const { what, named, stored } = mismatch;
  const place = isConsul ? 'id' : 'key';
  return {
    severity: isConsul && isTranslated(mismatch) ? 'warning' : 'error',
    subject: instanceSubject(instance),
    detail: `the ${place} of ${instanceName(instance)} says ${what} ${named}, its registration says ${stored}`,
    evidence: [
      { name: `in the ${place}`, value: named },
      { name: 'registered', value: stored },
      { name: 'layout', value: instance.layout },
      { name: 'revision', value: instance.revision },
    ],
    fix: {
      text: 'remove the wrong entry, and mend what wrote it',
      commands: [['sdctl', 'deregister', instanceName(instance)]],
    },
  };
}

function foundForCheck({ victim, holder, check }: StolenCheck): Found {
  const lease = formatLeaseName({ kind: 'ttl-check', id: check.id, node: holder.node });
  return {
    severity: 'error',
    subject: { ...instanceSubject(victim), lease },
    detail: `the check ${check.id} hangs on ${instanceName(holder)}, so that nobody checks ${instanceName(victim)}`,
    evidence: [
      { name: 'check', value: check.id },
      { name: 'named after', value: instanceName(victim) },
      { name: 'hangs on', value: instanceName(holder) },
    ],
    fix: {
      text: 'give every check an id of its own, and register both instances again',
      commands: [['sdctl', 'lease', 'inspect', lease]],
    },
  };
}

import { factsOf } from '../../layouts/facts-of.js';
import type { Found } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { endpointEvidence, instanceName, instanceSubject } from '../instance-evidence.js';
import type { Examination, Rule } from '../types.js';

export const keyWithoutLease: Rule = {
  id: 'SD101',
  slug: 'key-without-lease',
  group: 'leases',
  title: 'A registration that never ends by itself',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'local'],
  after: ['SD302'],
  text: {
    detects: 'An instance without a lease in a layout whose instances have one.',
    why: 'Nothing removes it when its process dies, so that callers go on to call it.',
    guard: 'Layouts that keep entries without a lease, and services declared static, are left out.',
    fix: 'Register it again with a TTL, or remove it once a probe says that nobody is there.',
  },
  *check(examination): Generator<Found> {
    const dead = unreachableIn(examination);
    for (const instance of examination.snapshot.instances) {
      if (!isPermanent(instance, examination)) continue;
      const isDead = dead.has(instanceKey(instance));
      yield {
        severity: isDead ? 'error' : 'warning',
        subject: instanceSubject(instance),
        detail: `${instanceName(instance)} has no lease${isDead ? ', and nobody answers at its address' : ''}`,
        evidence: [
          ...endpointEvidence(instance),
          { name: 'layout', value: instance.layout },
          { name: 'revision', value: instance.revision },
        ],
        fix: {
          text: isDead ? 'remove it' : 'register it with a TTL, or remove it if nobody needs it',
          commands: [['sdctl', 'deregister', instanceName(instance)]],
        },
      };
    }
  },
};

function isPermanent(
  { lease, layout, service, readOnly }: Instance,
  { backend, settings }: Examination,
): boolean {
  if (lease !== null || readOnly) return false;
  if (settings.inventory[service]?.isStatic === true) return false;
  return factsOf(backend, layout)?.leaseless === false;
}

/** Instances that SD302 has found unreachable, by `instanceKey`. */
function unreachableIn({ earlier, snapshot }: Examination): ReadonlySet<string> {
  const found = earlier.get('SD302') ?? [];
  const names = new Set(
    found.map(({ subject }) => JSON.stringify([subject.service, subject.instance, subject.node])),
  );
  const dead = snapshot.instances.filter(({ service, id, node }) =>
    names.has(JSON.stringify([service, id, node])),
  );
  return new Set(dead.map(instanceKey));
}

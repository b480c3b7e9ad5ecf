import type { Found } from '../../model/finding.js';
import { compareText, healthStates, splitServices, type Instance } from '../../model/instance.js';
import { placeOf } from '../endpoint-place.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { findingsOf } from '../reported.js';
import type { Examination, Rule } from '../types.js';
import { isRegistryItself } from '../usable.js';

export const duplicateInstanceId: Rule = {
  id: 'SD206',
  slug: 'duplicate-instance-id',
  group: 'data',
  title: 'One instance id twice in a service',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  after: ['SD202', 'SD203', 'SD403'],
  text: {
    detects:
      'On Consul the same id and address of one service on two nodes. On etcd the same id of one service under two keys.',
    why: 'The client registers through changing agents, or under changing keys, and one copy is left behind by every change.',
    guard:
      'Ids of Consul are unique per node only: other addresses under the same id are other instances. On etcd versions and groups of one process are told apart, and a key that contradicts its value is SD202. Addresses of SD203 tell nothing, and copies on a node of SD403 go with their node.',
    fix: 'Remove the copy at the agent or under the key that the process does not use any more.',
  },
  *check(examination): Generator<Found> {
    const isReported = findingsOf(['SD202', 'SD203', 'SD403'], examination);
    const candidates = examination.snapshot.instances.filter(
      (one) => !one.readOnly && !isRegistryItself(one, examination) && isReported(one) === null,
    );
    for (const instances of splitServices(candidates)) {
      for (const copies of copiesIn(instances, examination)) yield foundFor(copies, examination);
    }
  },
};

type Copies = readonly [Instance, Instance, ...Instance[]];

/** Those of one id, the one that should go first. */
function copiesIn(instances: readonly Instance[], { backend }: Examination): readonly Copies[] {
  const groups = new Map<string, Instance[]>();
  for (const instance of instances) {
    const mark = backend === 'consul' ? markOnConsul(instance) : markOnEtcd(instance);
    if (mark === null) continue;
    const group = groups.get(mark);
    if (group === undefined) groups.set(mark, [instance]);
    else group.push(instance);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, second, ...others] = group.sort(staleFirst);
    return first === undefined || second === undefined ? [] : [[first, second, ...others] as const];
  });
}

function markOnConsul({ id, endpoints }: Instance): string | null {
  const places = endpoints.flatMap((endpoint) => placeOf(endpoint) ?? []);
  return places.length === 0 ? null : JSON.stringify([id.toLowerCase(), ...places.sort(compareText)]);
}

/** One process may serve several versions, groups and protocols of a service. */
function markOnEtcd({ id, version, namespace, metadata, endpoints }: Instance): string {
  return JSON.stringify([id, version, namespace, metadata['group'] ?? null, endpoints[0]?.protocol ?? null]);
}

function staleFirst(a: Instance, b: Instance): number {
  return (
    healthStates.indexOf(a.health) - healthStates.indexOf(b.health) ||
    a.revision.length - b.revision.length ||
    compareText(a.revision, b.revision) ||
    compareText(placeText(a), placeText(b))
  );
}

function placeText({ node, key }: Instance): string {
  return node ?? key ?? '';
}

function foundFor(copies: Copies, { backend }: Examination): Found {
  const [stale] = copies;
  const isConsul = backend === 'consul';
  const places = copies.map(placeText).sort(compareText);
  const where = places.join(isConsul ? ' and on ' : ' and under ');
  return {
    severity: 'error',
    subject: instanceSubject(stale),
    detail: `${stale.service}/${stale.id} is registered ${isConsul ? 'on' : 'under'} ${where}`,
    evidence: copies.map((copy) => ({ name: placeText(copy), value: stateText(copy) })),
    fix: {
      text: isConsul
        ? `remove the copy at the agent of ${stale.node ?? 'its node'}, unless the process registers there now`
        : 'remove the key that the process does not write any more',
      commands: isConsul
        ? [['sdctl', 'deregister', instanceName(stale)]]
        : [['sdctl', 'list', stale.service, '--id', stale.id]],
    },
    identity: [stale.service, stale.id, ...places],
  };
}

function stateText({ health, nodeChecks, revision }: Instance): string {
  const isNodeDown = nodeChecks.some((check) => check.health === 'critical');
  return `${health}${isNodeDown ? ', its node is down' : ''}, revision ${revision}`;
}

import type { BackendFacts, MemberFacts } from '../model/backend-facts.js';
import { subjectOf, type Found } from '../model/finding.js';
import { compareText } from '../model/instance.js';
import { namesText } from './lease-evidence.js';
import { onlyServer } from './server-evidence.js';
import type { Examination } from './types.js';

/** A registry with one server, or with one more than is of use. Nothing where one service is asked about. */
export function* clusterSize({ facts, service, backend }: Examination): Generator<Found> {
  if (facts.members === null || service !== null) return;
  const voters = facts.members.filter(isVoter);
  const registry = backend === 'etcd' ? etcd : consul;
  if (voters.length === 1) yield foundForOne(registry, facts);
  else if (voters.length > 0 && voters.length % 2 === 0) yield foundForEven(registry, voters);
}

interface RegistryKind {
  readonly name: string;
  /** Shows its servers. */
  readonly command: readonly string[];
}

const etcd: RegistryKind = { name: 'etcd', command: ['etcdctl', 'member', 'list', '-w', 'table'] };
const consul: RegistryKind = { name: 'Consul', command: ['consul', 'operator', 'raft', 'list-peers'] };

/** Who counts for a majority, up or down. Who has left has said so. */
function isVoter({ isServer, isLearner, state }: MemberFacts): boolean {
  return isServer && !isLearner && state !== 'left';
}

function foundForOne({ name, command }: RegistryKind, { servers }: BackendFacts): Found {
  return {
    severity: 'info',
    subject: subjectOf({ server: onlyServer(servers) }),
    detail: `${name} has one server: while it is away nothing can register or be found`,
    evidence: [
      { name: 'servers', value: '1' },
      { name: 'servers that may fail', value: '0' },
    ],
    fix: { text: 'run three servers, unless this is for development', commands: [command] },
    identity: ['one server'],
  };
}

function foundForEven({ name, command }: RegistryKind, voters: readonly MemberFacts[]): Found {
  const count = voters.length;
  const tolerated = count / 2 - 1;
  return {
    severity: 'warning',
    subject: subjectOf({}),
    detail: `${name} has ${count} servers, and survives the loss of ${tolerated === 0 ? 'none' : tolerated}: as many as with ${count - 1}`,
    evidence: [
      { name: 'servers', value: namesText(voters.map(nameOf).sort(compareText)) },
      { name: 'servers that may fail', value: String(tolerated) },
      { name: 'with one more', value: String(tolerated + 1) },
    ],
    fix: { text: `run ${count + 1} servers, or one fewer`, commands: [command] },
    identity: ['even number of servers'],
  };
}

/** A member of etcd that has not started yet has no name. */
function nameOf({ id, name }: MemberFacts): string {
  return name === '' ? id : name;
}

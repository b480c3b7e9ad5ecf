import type { MemberFacts, NodeFacts } from '../../model/backend-facts.js';
import { subjectOf, type Evidence, type Fix, type Found } from '../../model/finding.js';
import { compareText, type Instance } from '../../model/instance.js';
import { instanceName } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { refusalOf } from '../server-evidence.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** Why nobody looks after a node. */
type Reason = 'failed' | 'left' | 'no-agent';

interface Orphan {
  readonly node: NodeFacts;
  readonly reason: Reason;
  readonly instances: readonly Instance[];
}

const MOST_COMMANDS = 3;

export const orphanNode: Rule = {
  id: 'SD403',
  slug: 'orphan-node',
  group: 'topology',
  title: 'A node of Consul that nobody looks after',
  severity: 'error',
  mode: 'instant',
  backends: ['consul'],
  text: {
    detects:
      'A node that has failed or left and still holds services, and one that holds services without an agent and is not marked as external.',
    why: 'What stands on it is not removed for days, and where it has no checks of its own callers are still sent there.',
    guard:
      'Nodes without services are left out, and so are those that leave right now or have an agent that is alive. External and synthetic nodes are kept by whoever registered them; a monitor that is down is found by its own checks.',
    fix: 'Bring the host back, or remove the node: with force-leave where it had an agent, in the catalog where it never had one.',
  },
  applies: verdictOf,
  *check(examination): Generator<Found> {
    for (const orphan of orphansIn(examination)) yield foundFor(orphan, examination);
  },
};

/** What access rules hide may be an orphan. */
function verdictOf(examination: Examination): Verdict | null {
  const { facts } = examination;
  if (facts.nodes === null)
    return {
      status: 'unknown',
      reason: refusalOf(facts, /^catalog\/nodes$/) ?? 'the nodes could not be read',
    };
  if (!facts.isFiltered || orphansIn(examination).length > 0) return null;
  return { status: 'unknown', reason: 'access rules hide nodes, or what stands on them' };
}

function orphansIn({ facts, snapshot, service }: Examination): readonly Orphan[] {
  const members = new Map(facts.members?.map((member) => [sameCase(member.id), member]));
  return (facts.nodes ?? []).flatMap((node) => {
    const instances = snapshot.instances.filter((one) => one.node === node.name);
    const reason = reasonOf(node, members.get(sameCase(node.name)));
    const isAsked = service === null || instances.length > 0;
    return reason === null || node.services === 0 || !isAsked ? [] : [{ node, reason, instances }];
  });
}

/** Consul ignores the case of node names. */
function sameCase(name: string): string {
  return name.toLowerCase();
}

function reasonOf({ alive, isExternal }: NodeFacts, member: MemberFacts | undefined): Reason | null {
  switch (member?.state) {
    case 'failed':
    case 'left':
      return member.state;
    case 'alive':
    case 'leaving':
      return null;
    default:
      // Who is no member any more was forgotten before its node.
      if (alive === false) return 'failed';
      return alive === null && !isExternal ? 'no-agent' : null;
  }
}

function foundFor({ node, reason, instances }: Orphan, { facts }: Examination): Found {
  const { name, services } = node;
  const count = services === 1 ? '1 instance' : `${services} instances`;
  return {
    severity: 'error',
    subject: subjectOf({ node: name }),
    detail: `${detailOf(name, reason)} holds ${count}`,
    evidence: [...stateEvidence(node, facts.members), ...heldEvidence(instances), ...reapEvidence(reason)],
    fix: fixOf(name, reason, instances),
  };
}

function detailOf(name: string, reason: Reason): string {
  switch (reason) {
    case 'failed':
      return `the agent of node ${name} is dead, and the node still`;
    case 'left':
      return `node ${name} has left, and still`;
    case 'no-agent':
      return `node ${name} has no agent and is not marked as external, and`;
  }
}

function stateEvidence(
  { name, address, alive }: NodeFacts,
  members: readonly MemberFacts[] | null,
): readonly Evidence[] {
  const member = members?.find(({ id }) => sameCase(id) === sameCase(name));
  const unknown = members === null ? 'not known' : 'is no member';
  return [
    { name: 'member', value: member?.state ?? unknown },
    { name: 'check of the agent', value: alive === null ? 'none' : alive ? 'passing' : 'critical' },
    { name: 'address', value: address },
  ];
}

function heldEvidence(instances: readonly Instance[]): readonly Evidence[] {
  if (instances.length === 0) return [];
  return [{ name: 'holds', value: namesText(instances.map(instanceName).sort(compareText)) }];
}

function reapEvidence(reason: Reason): readonly Evidence[] {
  if (reason === 'no-agent') return [{ name: 'removed by Consul', value: 'never' }];
  return [
    { name: 'removed by Consul', value: '72h after it failed, unless reconnect_timeout says otherwise' },
  ];
}

function fixOf(name: string, reason: Reason, instances: readonly Instance[]): Fix {
  const removals = instances
    .map(instanceName)
    .sort(compareText)
    .slice(0, MOST_COMMANDS)
    .map((instance) => ['sdctl', 'deregister', instance]);
  if (reason !== 'no-agent')
    return {
      text: 'bring the host back, or remove the node for good, which takes operator:write',
      commands: [['consul', 'force-leave', name], ...removals],
    };
  return {
    text: 'mark it with external-node=true if that is meant, or remove what stands on it, which takes service:write or node:write',
    commands: removals,
  };
}

import { subjectOf, type Evidence, type Fix, type Found } from '../../model/finding.js';
import { compareText } from '../../model/instance.js';
import { namesText } from '../lease-evidence.js';
import type { Examination, Rule } from '../types.js';

export const partialView: Rule = {
  id: 'SD004',
  slug: 'partial-view',
  group: 'backend',
  title: 'Access rules hide a part of the registry',
  severity: 'warning',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  text: {
    detects:
      'Calls that the registry refused to this user, and answers of which access rules left out a part.',
    why: 'What is not seen is not judged: a registry looks better than it is, or emptier.',
    guard:
      'Where one service is asked about only what is hidden of services counts. However many calls were refused, it is one finding: they have one cause.',
    fix: 'Run it as a user whose role or policy may read everything that it looks at; nothing is ever written.',
  },
  *check(examination): Generator<Found> {
    const hidden = hiddenIn(examination);
    if (hidden.length === 0) return;
    const names = [...new Set(hidden.map(({ name }) => name))].sort(compareText);
    yield {
      severity: 'warning',
      subject: subjectOf({}),
      detail: `access rules hide a part of the registry: ${namesText(names)}`,
      evidence: hidden,
      fix: examination.backend === 'etcd' ? etcdRole(examination) : consulPolicy,
      identity: names,
    };
  },
};

function hiddenIn({ service, facts, leases, snapshot }: Examination): readonly Evidence[] {
  const services = snapshot.partial ? [{ name: 'services', value: 'the list is not complete' }] : [];
  if (service !== null) return services;
  return [
    ...services,
    ...(facts.isFiltered && !snapshot.partial
      ? [{ name: 'answers', value: 'the registry left out what this token may not read' }]
      : []),
    ...facts.denied.map(({ call, why }) => ({ name: call, value: why })),
    ...(leases?.hidden ?? []).map((what) => ({ name: 'leases', value: what })),
  ];
}

/** Ordinary rights are rights on keys; a role that may read the roots sees all that hangs on them. */
function etcdRole({ snapshot, facts, leases }: Examination): Fix {
  const roots = [...new Set(snapshot.instances.flatMap(({ root }) => root ?? []))].filter(
    (root) => root !== '',
  );
  const grant = (key: string): readonly string[] => [
    'etcdctl',
    'role',
    'grant-permission',
    'ROLE',
    '--prefix=true',
    'read',
    key,
  ];
  // To list leases, current releases want the right to read every key that hangs on one, wherever it lies.
  const needsAll = roots.length === 0 || (leases?.hidden.length ?? 1) > 0;
  const needsRoot = facts.denied.length > 0;
  return {
    text: `let its role read ${needsAll ? 'every key' : 'the roots of the registry'}${needsRoot ? '; some releases tell members, alarms and the state of servers to the user root alone' : ''}`,
    commands: needsAll ? [grant('')] : [...roots].sort(compareText).map(grant),
  };
}

const rules = ['service', 'node', 'agent', 'session', 'key']
  .map((what) => `${what}_prefix "" { policy = "read" }`)
  .concat('operator = "read"')
  .join(' ');

const consulPolicy: Fix = {
  text: 'use a token whose policy reads services, nodes, agents, sessions and keys, and the state of the operator',
  commands: [['consul', 'acl', 'policy', 'create', '-name', 'sdctl-doctor', '-rules', rules]],
};

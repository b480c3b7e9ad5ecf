import type { ServerFacts } from '../../model/backend-facts.js';
import { subjectOf, type Evidence, type Found, type Severity } from '../../model/finding.js';
import { namesText } from '../lease-evidence.js';
import { answering, onlyServer } from '../server-evidence.js';
import type { Examination, Rule } from '../types.js';

/** One thing that is wrong with the leadership, whoever reports it. */
interface Trouble {
  readonly kind: 'no-leader' | 'rivals' | 'unreachable-leader' | 'cut-off';
  readonly severity: Severity;
  readonly servers: readonly ServerFacts[];
  readonly detail: string;
}

export const noLeader: Rule = {
  id: 'SD001',
  slug: 'no-leader',
  group: 'backend',
  title: 'A registry without a leader',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  text: {
    detects:
      'Servers that know no leader, that cannot read what only the leader may answer, or that name different leaders in one term.',
    why: 'Nothing can be registered or removed, and what is read may be old.',
    guard:
      'While others follow a leader, a server without one is a warning: an election may be in progress, or it is cut off. However many servers say the same, it is one finding.',
    fix: 'Bring the missing servers back until a majority is up; only then look at the registrations.',
  },
  applies({ facts }) {
    const known = answering(facts).some(
      ({ leader, canReadFromLeader }) => leader !== null || canReadFromLeader !== null,
    );
    return known ? null : { status: 'unknown', reason: 'no server says whether there is a leader' };
  },
  *check({ facts, backend }): Generator<Found> {
    const trouble = troubleIn(answering(facts), backend);
    if (trouble === null) return;
    const { kind, severity, servers, detail } = trouble;
    yield {
      severity,
      subject: subjectOf({ server: onlyServer(servers) }),
      detail,
      evidence: facts.servers.map(stateOf),
      fix: {
        text: fixText(facts.servers.filter(({ problem }) => problem !== null)),
        commands: [
          backend === 'etcd'
            ? ['etcdctl', 'endpoint', 'status', '--cluster', '-w', 'table']
            : ['consul', 'operator', 'raft', 'list-peers', '-stale'],
        ],
      },
      identity: kind === 'cut-off' ? [kind, ...servers.map(({ server }) => server).sort()] : [kind],
    };
  },
};

/** The worst alone: the others follow from it. */
function troubleIn(servers: readonly ServerFacts[], backend: Examination['backend']): Trouble | null {
  const rivals = backend === 'etcd' ? rivalsIn(servers) : [];
  if (rivals.length > 0) {
    const detail = 'servers name different leaders in one term';
    return { kind: 'rivals', severity: 'error', servers: rivals, detail };
  }
  const without = servers.filter(({ leader }) => leader === '');
  const stuck = servers.filter(({ canReadFromLeader }) => canReadFromLeader === false);
  const affected = servers.filter((server) => without.includes(server) || stuck.includes(server));
  if (affected.length === 0) return null;
  if (servers.some(followsLeader)) {
    const names = namesText(affected.map(({ server }) => server));
    const detail = `${names}: no leader there while others follow one; it is cut off, or an election is in progress`;
    return { kind: 'cut-off', severity: 'warning', servers: affected, detail };
  }
  const isNamed = servers.some(({ leader }) => leader !== null && leader !== '');
  return isNamed
    ? {
        kind: 'unreachable-leader',
        severity: 'error',
        servers: affected,
        detail: 'a leader is named, and what only it may answer is not answered: what is read may be old',
      }
    : {
        kind: 'no-leader',
        severity: 'error',
        servers: affected,
        detail: 'no server knows a leader: nothing can be written, and what is read may be old',
      };
}

function followsLeader({ leader, canReadFromLeader }: ServerFacts): boolean {
  return leader !== '' && (canReadFromLeader ?? leader !== null);
}

/** Of one cluster and one term: two terms are only two moments. */
function rivalsIn(servers: readonly ServerFacts[]): readonly ServerFacts[] {
  const led = servers.filter(({ leader, term }) => leader !== null && leader !== '' && term !== null);
  return led.filter((one) =>
    led.some(
      (other) => other.clusterId === one.clusterId && other.term === one.term && other.leader !== one.leader,
    ),
  );
}

function stateOf({ server, problem, leader, term, roundTripMs, canReadFromLeader }: ServerFacts): Evidence {
  if (problem !== null) return { name: server, value: `no answer: ${problem}` };
  const parts = [
    leader === '' ? 'no leader' : `leader ${leader ?? 'not known'}`,
    ...(term === null ? [] : [`term ${term}`]),
    ...(canReadFromLeader === false ? ['reads through the leader fail'] : []),
    ...(roundTripMs === null ? [] : [`answered in ${Math.round(roundTripMs)}ms`]),
  ];
  return { name: server, value: parts.join(', ') };
}

function fixText(silent: readonly ServerFacts[]): string {
  const names = namesText(silent.map(({ server }) => server));
  return silent.length === 0
    ? 'restore the majority first: look for members that are down or cut off'
    : `restore the majority first: no answer from ${names}`;
}

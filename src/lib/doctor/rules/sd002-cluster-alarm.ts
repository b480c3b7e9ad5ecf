import type { Alarm, BackendFacts } from '../../model/backend-facts.js';
import { subjectOf, type Fix, type Found } from '../../model/finding.js';
import { answering, memberText, onlyServer, refusalOf } from '../server-evidence.js';
import { alarmsOf, isAlarmText } from '../alarms.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** Below this many servers of Consul no failure can be survived anyway, which is what SD501 is about. */
const LEAST_TOLERANT = 3;

export const clusterAlarm: Rule = {
  id: 'SD002',
  slug: 'cluster-alarm',
  group: 'backend',
  title: 'The registry itself raises an alarm',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  after: ['SD001'],
  text: {
    detects:
      'An alarm of etcd, or what one of its servers complains about. On Consul servers that autopilot finds unhealthy; a warning where three or more could not do without one more.',
    why: 'With NOSPACE nothing new can register while old leases are still renewed: the registry looks well until the first restart. CORRUPT means that servers hold different data.',
    guard:
      'One alarm is one finding, whichever servers raise it. What only says that there is no leader is told by SD001.',
    fix: 'NOSPACE: compact, defragment one server after the other, then disarm. CORRUPT: stop that server and restore it, and never disarm first.',
  },
  applies: verdictOf,
  *check(examination): Generator<Found> {
    const { backend, facts } = examination;
    if (backend === 'consul') {
      // Without a leader nobody is healthy: that is told already.
      if (!hasNoLeader(examination)) yield* autopilot(facts);
      return;
    }
    yield* alarms(facts);
    yield* complaints(facts);
  },
};

function verdictOf({ backend, facts }: Examination): Verdict | null {
  if (backend === 'consul') {
    if (facts.isHealthy !== null || facts.failureTolerance !== null) return null;
    const why = refusalOf(facts, /autopilot/i);
    return { status: 'unknown', reason: why ?? 'the state of autopilot could not be read' };
  }
  // A server that tells its state tells the alarms in it.
  if (facts.alarms !== null || answering(facts).some(({ leader }) => leader !== null)) return null;
  return { status: 'unknown', reason: refusalOf(facts, /alarm/i) ?? 'the alarms could not be read' };
}

function hasNoLeader({ earlier }: Examination): boolean {
  return (earlier.get('SD001') ?? []).some(({ severity }) => severity === 'error');
}

function* alarms(facts: BackendFacts): Generator<Found> {
  const all = alarmsOf(facts);
  for (const kind of [...new Set(all.map((alarm) => alarm.kind))].sort()) {
    const members = membersWith(kind, all, facts);
    yield {
      severity: 'error',
      subject: subjectOf({ server: members.length === 1 ? (members[0] ?? null) : null }),
      detail: detailOf(kind),
      evidence: [
        { name: 'alarm', value: kind },
        ...members.map((member) => ({ name: 'raised by', value: member })),
      ],
      fix: fixOf(kind),
      identity: ['alarm', kind],
    };
  }
}

function membersWith(kind: string, all: readonly Alarm[], facts: BackendFacts): readonly string[] {
  const names = all.filter((alarm) => alarm.kind === kind).map(({ memberId }) => memberText(memberId, facts));
  return [...new Set(names)].sort();
}

function detailOf(kind: string): string {
  switch (kind) {
    case 'NOSPACE':
      return 'the database is full: nothing new can register, while old leases are still renewed';
    case 'CORRUPT':
      return 'servers of the cluster hold different data';
    default:
      return `etcd raises the alarm ${kind}`;
  }
}

function fixOf(kind: string): Fix {
  switch (kind) {
    case 'NOSPACE':
      return {
        text: 'compact the history, defragment one server after the other, then disarm; until then nothing can register',
        commands: [
          ['etcdctl', 'compact', 'REVISION'],
          ['etcdctl', 'defrag', '--endpoints', 'SERVER'],
          ['etcdctl', 'alarm', 'disarm'],
        ],
      };
    case 'CORRUPT':
      return {
        text: 'stop that server and restore it from the others; never disarm first',
        commands: [['etcdctl', 'endpoint', 'hashkv', '--cluster']],
      };
    default:
      return { text: 'look at the log of that server', commands: [['etcdctl', 'alarm', 'list']] };
  }
}

function* complaints(facts: BackendFacts): Generator<Found> {
  const servers = answering(facts);
  const texts = new Set(servers.flatMap(({ errors }) => errors).filter(isComplaint));
  for (const text of [...texts].sort()) {
    const complaining = servers.filter(({ errors }) => errors.includes(text));
    yield {
      severity: 'error',
      subject: subjectOf({ server: onlyServer(complaining) }),
      detail: `etcd complains: ${text}`,
      evidence: complaining.map(({ server }) => ({ name: 'said by', value: server })),
      fix: {
        text: 'look at the log of that server',
        commands: [['etcdctl', 'endpoint', 'status', '--cluster', '-w', 'table']],
      },
      // Numbers in it are sizes and ids.
      identity: ['complaint', text.replace(/\d+/g, '#')],
    };
  }
}

/** Alarms are told by themselves, and a missing leader is told by SD001. */
function isComplaint(text: string): boolean {
  return text !== '' && !isAlarmText(text) && !/no leader/i.test(text);
}

function* autopilot({ isHealthy, failureTolerance, members }: BackendFacts): Generator<Found> {
  // Who left has said so, and counts no more.
  const all =
    members?.filter(({ isServer, isLearner, state }) => isServer && !isLearner && state !== 'left') ?? [];
  const away = all.filter(({ state }) => state !== null && state !== 'alive');
  const isTight = failureTolerance === 0 && all.length >= LEAST_TOLERANT;
  if (isHealthy !== false && !isTight) return;
  yield {
    severity: isHealthy === false ? 'error' : 'warning',
    subject: subjectOf({ server: away.length === 1 ? (away[0]?.name ?? null) : null }),
    detail:
      isHealthy === false
        ? 'autopilot finds the servers of Consul unhealthy'
        : 'no more server of Consul may fail',
    evidence: [
      { name: 'healthy', value: isHealthy === null ? 'not known' : String(isHealthy) },
      {
        name: 'servers that may fail',
        value: failureTolerance === null ? 'not known' : `${failureTolerance}`,
      },
      ...away.map(({ name, state }) => ({ name: `server ${name}`, value: state ?? '' })),
    ],
    fix: {
      text: 'bring back the server that is missing, or remove it from the cluster',
      commands: [['consul', 'operator', 'raft', 'list-peers']],
    },
    identity: [isHealthy === false ? 'unhealthy' : 'tolerance'],
  };
}

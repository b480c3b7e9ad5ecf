import { etcdLayouts } from '../../layouts/etcd/index.js';
import { subjectOf, type Evidence, type Found } from '../../model/finding.js';
import type { LeaseRecord } from '../../model/lease.js';
import { emptyLeases, type EmptyLease } from '../empty-leases.js';
import { secondsText } from '../lease-evidence.js';
import { steadyRun } from '../lease-series.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** A framework that keeps renewed leases without keys on purpose. */
interface Habit {
  readonly layouts: readonly string[];
  readonly ttlSeconds: readonly number[];
  /** While everything is well, not only after an orderly stop. */
  readonly isOrdinary: boolean;
  readonly text: string;
}

const habits: readonly Habit[] = [
  {
    layouts: ['dubbo-go-app', 'dubbo-go-interface'],
    // In its second mode it asks for 1 s, which etcd raises.
    ttlSeconds: [60, 2],
    isOrdinary: true,
    text: 'dubbo-go keeps one such lease for each client by habit',
  },
  {
    layouts: ['go-micro'],
    ttlSeconds: [90],
    isOrdinary: false,
    text: 'go-micro v6 keeps one by habit after it has deregistered, until its process ends',
  },
  {
    layouts: ['goframe'],
    ttlSeconds: [10],
    isOrdinary: false,
    text: 'GoFrame keeps one by habit after it has deregistered, until its process ends',
  },
];

export const leaseWithoutKeys: Rule = {
  id: 'SD102',
  slug: 'lease-without-keys',
  group: 'leases',
  title: 'A lease that is renewed and keeps nothing',
  severity: 'warning',
  mode: 'observe',
  backends: ['etcd', 'consul'],
  text: {
    detects:
      'A lease without keys in every sample that somebody renews, or that outlives its TTL. On Consul a session that holds no key for longer than it could last unrenewed, as information.',
    why: 'Its process lives and believes that it is registered, and nobody can find it.',
    guard:
      'Leases that end by themselves are left out, as are those that were granted while it was watched. dubbo-go, go-micro v6 and GoFrame keep such leases by habit: the finding says so, and is information where it is ordinary.',
    fix: 'Restart or mend the process that renews it; or revoke the lease, which removes no key.',
  },
  applies: verdictOf,
  *check(examination): Generator<Found> {
    for (const empty of emptyLeases(examination)) {
      if (empty.isKept !== true) continue;
      yield empty.record.kind === 'session' ? sessionFound(empty) : leaseFound(empty, examination);
    }
  },
};

function verdictOf(examination: Examination): Verdict | null {
  const { samples, service, leases } = examination;
  if (service !== null) return { status: 'skip', reason: 'a lease without keys belongs to no service' };
  if (samples.length < 2) return { status: 'skip', reason: 'needs --observe' };
  if (leases === null) return { status: 'unknown', reason: 'the leases could not be read' };
  if (steadyRun(samples).length < 2)
    return {
      status: 'unknown',
      reason: 'the leader changed meanwhile, which gives every lease its whole TTL',
    };
  const empty = emptyLeases(examination);
  if (empty.some(({ isKept }) => isKept === true)) return null;
  const reason = doubtOf(empty, examination);
  return reason === null ? null : { status: 'unknown', reason };
}

/** Why finding nothing does not mean that there is nothing; null: it does. */
function doubtOf(empty: readonly EmptyLease[], { leases }: Examination): string | null {
  if (leases === null || leases.hidden.length > 0) return `not seen: ${(leases?.hidden ?? []).join('; ')}`;
  const sessions = leases.leases.filter(({ kind }) => kind === 'session');
  if (sessions.some(({ knowsBindings }) => !knowsBindings)) return 'which keys a session holds was not read';
  const open = empty.filter(({ isKept }) => isKept === null);
  if (open.length === 0) return null;
  const wanted = Math.ceil(Math.max(...open.map(({ wantedSeconds }) => wantedSeconds))) + 1;
  return `whether ${open.length === 1 ? '1 empty lease is' : `${open.length} empty leases are`} renewed takes longer to see: --observe ${wanted}s`;
}

function leaseFound({ record, seenSeconds }: EmptyLease, examination: Examination): Found {
  const habit = habitOf(record, examination);
  const detail = `the lease ${record.id} is renewed, and no key hangs on it`;
  return {
    severity: habit?.isOrdinary === true ? 'info' : 'warning',
    subject: subjectOf({ lease: record.id }),
    detail: habit === undefined ? detail : `${detail}; ${habit.text}`,
    evidence: [
      ...timesOf(record),
      { name: 'empty for at least', value: secondsText(seenSeconds) },
      ...usualFor(record),
    ],
    fix: {
      text:
        habit === undefined
          ? 'find the process that renews it and has lost its entry, and restart it; a revoke removes no key'
          : 'leave it if that framework runs here; a revoke removes no key',
      commands: [
        ['sdctl', 'lease', 'inspect', record.id],
        ['sdctl', 'lease', 'revoke', record.id],
      ],
    },
    // It has no other name, and as long as the same process renews it the id stays.
    identity: [record.id],
  };
}

function habitOf(
  { grantedSeconds }: LeaseRecord,
  { snapshot: { instances, skipped } }: Examination,
): Habit | undefined {
  const used = new Set([...instances, ...skipped].map(({ layout }) => layout));
  return habits.find(
    ({ layouts, ttlSeconds }) =>
      ttlSeconds.includes(grantedSeconds ?? 0) && layouts.some((layout) => used.has(layout)),
  );
}

function timesOf({ grantedSeconds, leftSeconds }: LeaseRecord): readonly Evidence[] {
  return [
    { name: 'TTL', value: grantedSeconds === null ? 'without end' : secondsText(grantedSeconds) },
    ...(leftSeconds === null ? [] : [{ name: 'left', value: secondsText(leftSeconds) }]),
  ];
}

/** The TTL is all there is to tell whose it is. */
function usualFor({ grantedSeconds }: LeaseRecord): readonly Evidence[] {
  const names = etcdLayouts
    .filter(({ facts }) => facts.defaultTtlSeconds === grantedSeconds)
    .map(({ name }) => name);
  return names.length === 0 ? [] : [{ name: 'TTL is the usual one of', value: names.join(', ') }];
}

function sessionFound({ record, seenSeconds }: EmptyLease): Found {
  const { id, node, name, grantedSeconds } = record;
  return {
    severity: 'info',
    subject: subjectOf({ lease: id, node }),
    detail:
      grantedSeconds === null
        ? `the session ${name ?? id} has no TTL and holds no key: it stays until its node fails`
        : `the session ${name ?? id} is renewed, and holds no key`,
    evidence: [...timesOf(record), { name: 'empty for at least', value: secondsText(seenSeconds) }],
    fix: {
      text: 'end it if nobody needs it: no key is removed',
      commands: [
        ['sdctl', 'lease', 'inspect', id],
        ['sdctl', 'lease', 'revoke', id],
      ],
    },
    identity: [id],
  };
}

import { subjectOf, type Evidence, type Found } from '../../model/finding.js';
import { shownKey, compareText } from '../../model/instance.js';
import { leaseKey, type LeaseBinding, type LeaseRecord } from '../../model/lease.js';
import { keptText, leaseEvidence, leaseSubject, namesText, secondsText } from '../lease-evidence.js';
import { leaseUses, type LeaseUse } from '../lease-uses.js';
import type { Examination, Rule } from '../types.js';

export const expiredNotRevoked: Rule = {
  id: 'SD106',
  slug: 'expired-not-revoked',
  group: 'leases',
  title: 'A lease whose time is over and that etcd still keeps',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd'],
  text: {
    detects: 'A lease whose time is over while its keys are still there.',
    why: 'The leader does not get its revocations through: dead instances stay, and new trouble is near.',
    guard:
      'A moment is granted, and more of it the more leases there are, because etcd revokes a limited number in a second. One lease is one finding, however many keys it keeps.',
    fix: 'Look at the load and the alarms of the leader; revoke the lease by hand, or move the leadership.',
  },
  applies({ leases }) {
    return leases === null ? { status: 'unknown', reason: 'the leases could not be read' } : null;
  },
  *check(examination): Generator<Found> {
    const uses = new Map(leaseUses(examination).map((use) => [use.key, use]));
    for (const record of examination.leases?.leases ?? []) {
      const use = uses.get(leaseKey(record)) ?? null;
      if (!isStuck(record, examination)) continue;
      // Of one service only what keeps its instances; else foreign keys too, because it is the leader that fails.
      if (use === null && (examination.service !== null || record.bindings.length === 0)) continue;
      yield foundFor(record, use, examination);
    }
  },
};

function isStuck({ kind, overdueSeconds }: LeaseRecord, { leases, settings }: Examination): boolean {
  if (kind !== 'lease' || overdueSeconds === undefined) return false;
  const { overdueSeconds: granted, revokesPerSecond } = settings.thresholds;
  return overdueSeconds >= granted + (leases?.leases.length ?? 0) / revokesPerSecond;
}

function foundFor(record: LeaseRecord, use: LeaseUse | null, examination: Examination): Found {
  const keys = keysOf(record);
  const [key] = keys;
  const what = use === null ? `the key ${key ?? ''}` : keptText(use);
  return {
    severity: 'error',
    subject: use === null ? subjectOf({ lease: record.id, key: key ?? null }) : leaseSubject(use),
    detail: `the lease of ${what} is over, and etcd has not revoked it`,
    evidence: [
      { name: 'overdue by at least', value: secondsText(record.overdueSeconds ?? 0) },
      ...(use === null ? [{ name: 'lease', value: record.id }] : leaseEvidence(use, examination)),
      ...(keys.length === 0 ? [] : [{ name: 'keys', value: namesText(keys) }]),
      ...leaderEvidence(examination),
    ],
    fix: {
      text: 'look at the load and the alarms of the leader, and at jumps of its clock on old releases; revoke the lease by hand, or move the leadership',
      commands: [
        ['sdctl', 'lease', 'revoke', record.id],
        ['etcdctl', 'endpoint', 'status', '--cluster', '-w', 'table'],
      ],
    },
  };
}

/** Sorted, because etcd names them in another order every time. */
function keysOf({ bindings }: LeaseRecord): readonly string[] {
  return bindings.flatMap(shownKeyOf).sort(compareText);
}

function shownKeyOf({ key, isBinaryKey }: LeaseBinding): readonly string[] {
  return key === null ? [] : [shownKey({ key, isBinaryKey })];
}

function leaderEvidence({ facts: { servers } }: Examination): readonly Evidence[] {
  const known = servers.find(({ leader }) => leader !== null && leader !== '');
  if (known === undefined) return [];
  return [
    { name: 'leader', value: known.leader ?? '' },
    ...(known.term === null ? [] : [{ name: 'term', value: known.term }]),
  ];
}

import { severities, subjectOf, type Found } from '../../model/finding.js';
import { alarmsOf } from '../alarms.js';
import {
  bytesText,
  databaseUses,
  fullness,
  isFragmented,
  shareOf,
  type DatabaseUse,
} from '../database-use.js';
import { namesText } from '../lease-evidence.js';
import { refusalOf } from '../server-evidence.js';
import type { Examination, Rule, Verdict } from '../types.js';

const FULL = 'NOSPACE';

export const dbNearQuota: Rule = {
  id: 'SD003',
  slug: 'db-near-quota',
  group: 'backend',
  title: 'The database of etcd is nearly full',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd'],
  after: ['SD002'],
  text: {
    detects:
      'A database whose file has nearly reached its quota; as information a large file that is used to less than half.',
    why: 'Once the quota is reached etcd refuses every write, so that nothing can register.',
    guard:
      'Where etcd does not tell its quota the usual one is assumed, which is never enough for an error. All servers together are one finding, and a full database that raised its alarm already is told by SD002.',
    fix: 'Turn on periodic compaction and defragment one server after the other; raise the quota, customarily to 8 GiB at most.',
  },
  applies: verdictOf,
  *check({ facts, settings: { thresholds } }): Generator<Found> {
    const uses = [...databaseUses(facts, thresholds)].sort((a, b) => shareOf(b) - shareOf(a));
    const full = uses.filter((use) => fullness(use, thresholds) !== null);
    const sparse = uses.filter((use) => isFragmented(use, thresholds));
    const [worst] = full;
    // One remedy for both, so it is one finding.
    if (worst !== undefined) {
      const worstFirst = full.map((use) => fullness(use, thresholds));
      const severity = severities.find((one) => worstFirst.includes(one)) ?? 'warning';
      yield quotaFound(worst, { severity, uses });
    } else if (sparse.length > 0) yield fragmentedFound(sparse, uses);
  },
};

function verdictOf(examination: Examination): Verdict | null {
  const { facts, earlier } = examination;
  const isTold = (earlier.get('SD002') ?? []).length > 0 && alarmsOf(facts).some(({ kind }) => kind === FULL);
  if (isTold) return { status: 'skip', reason: 'SD002 tells that the database is full' };
  if (facts.servers.some(({ dbSizeBytes }) => dbSizeBytes !== null)) return null;
  const reason = refusalOf(facts, /status/i) ?? 'no server tells the size of its database';
  return { status: 'unknown', reason };
}

interface Seen {
  readonly severity: Found['severity'];
  readonly uses: readonly DatabaseUse[];
}

function quotaFound(worst: DatabaseUse, { severity, uses }: Seen): Found {
  const quota = bytesText(worst.quotaBytes ?? 0);
  const share = `${Math.floor(shareOf(worst) * 100)} %`;
  return {
    severity,
    subject: subjectOf({ server: worst.server }),
    detail: worst.isAssumed
      ? `the database has ${bytesText(worst.sizeBytes)}, ${share} of the ${quota} that etcd allows by default`
      : `the database has ${bytesText(worst.sizeBytes)}, ${share} of its quota of ${quota}`,
    evidence: [
      ...uses.map(toEvidence),
      { name: 'quota', value: worst.isAssumed ? `${quota}, assumed: etcd does not tell it` : quota },
    ],
    fix: {
      text: 'turn on periodic compaction and defragment one server after the other; raise --quota-backend-bytes if that is not enough, customarily to 8 GiB at most',
      commands: [['etcdctl', 'defrag', '--endpoints', worst.server]],
    },
    // Which server is the fullest changes.
    identity: ['quota'],
  };
}

function fragmentedFound(sparse: readonly DatabaseUse[], uses: readonly DatabaseUse[]): Found {
  const [first] = sparse;
  const names = namesText(sparse.map(({ server }) => server));
  return {
    severity: 'info',
    subject: subjectOf({ server: sparse.length === 1 ? (first?.server ?? null) : null }),
    detail: `less than half of the database is used on ${names}`,
    evidence: uses.map(toEvidence),
    fix: {
      text: 'defragment one server after the other, the leader last: each answers nothing meanwhile',
      commands: sparse.map(({ server }) => ['etcdctl', 'defrag', '--endpoints', server]),
    },
    identity: ['fragmentation'],
  };
}

function toEvidence({ server, sizeBytes, inUseBytes }: DatabaseUse): Found['evidence'][number] {
  const used = inUseBytes === null ? '' : `, ${bytesText(inUseBytes)} in use`;
  return { name: server, value: `${bytesText(sizeBytes)}${used}` };
}

import type { DriftFacts } from '../../model/backend-facts.js';
import { subjectOf, type Evidence, type Fix, type Found } from '../../model/finding.js';
import { formatDuration } from '../../time/duration.js';
import { instanceName } from '../instance-evidence.js';
import { lastingDrift, observedDrift, syncPeriodMs } from '../lasting-drift.js';
import { refusalOf } from '../server-evidence.js';
import type { Examination, Rule, Verdict } from '../types.js';

export const viewDrift: Rule = {
  id: 'SD401',
  slug: 'view-drift',
  group: 'topology',
  title: 'An agent of Consul and the catalog that disagree',
  severity: 'error',
  mode: 'observe',
  backends: ['consul'],
  text: {
    detects:
      'A service that an agent has and the catalog has not, or the reverse, or with another address, other tags or another state of its checks, for longer than one sync period.',
    why: 'Callers read the catalog while the agent is right: they miss an instance, or call one that is not there.',
    guard:
      'An agent brings the catalog in line by itself, once a minute in a small cluster and less often in a large one: only what lasts for a whole period counts. Tags that may be overridden are not compared, and only agents that are configured as servers are asked.',
    fix: 'See in the log of the agent why its sync fails, mostly because the token of the service is gone. Remove what is wrong at the agent, never in the catalog alone.',
  },
  applies: verdictOf,
  *check(examination): Generator<Found> {
    const observed = observedDrift(examination);
    for (const drifts of byInstance(lastingDrift(observed.looks).filter(isAsked(examination))))
      yield foundFor(drifts, observed.spanMs, examination);
  },
};

function verdictOf(examination: Examination): Verdict | null {
  const periodMs = syncPeriodMs(examination);
  if (examination.samples.length < 2)
    return { status: 'skip', reason: `needs --observe ${formatDuration(periodMs)}` };
  const { looks, spanMs } = observedDrift(examination);
  const refusal = refusalOf(examination.facts, /^agent\/services|^catalog\/node$/);
  if (looks.length === 0)
    return { status: 'unknown', reason: refusal ?? 'no configured agent could be compared with the catalog' };
  const open = lastingDrift(looks).filter(isAsked(examination));
  if (open.length === 0 || spanMs >= periodMs) return null;
  const seen = open.length === 1 ? 'one difference was' : `${open.length} differences were`;
  return {
    status: 'unknown',
    reason: `${seen} seen, and an agent may take ${formatDuration(periodMs)} to mend it: needs --observe ${formatDuration(periodMs)}`,
  };
}

function isAsked({ service }: Examination): (drift: DriftFacts) => boolean {
  return (drift) => service === null || drift.service === service;
}

/** All that differs of one instance is one fault. */
function byInstance(drifts: readonly DriftFacts[]): readonly (readonly [DriftFacts, ...DriftFacts[]])[] {
  const groups = new Map<string, [DriftFacts, ...DriftFacts[]]>();
  for (const drift of drifts) {
    const key = JSON.stringify([drift.node, drift.service, drift.instance]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [drift]);
    else group.push(drift);
  }
  return [...groups.values()];
}

function foundFor(
  drifts: readonly [DriftFacts, ...DriftFacts[]],
  spanMs: number,
  examination: Examination,
): Found {
  const [{ node, service, instance }] = drifts;
  return {
    severity: 'error',
    subject: subjectOf({ node, service, instance }),
    detail: detailOf(drifts),
    evidence: [
      ...drifts.flatMap(columns),
      { name: 'seen for', value: formatDuration(spanMs) },
      { name: 'sync period', value: `at most ${formatDuration(syncPeriodMs(examination))}` },
    ],
    fix: fixOf(drifts),
  };
}

function detailOf(drifts: readonly [DriftFacts, ...DriftFacts[]]): string {
  const [{ node, service, instance: id, kind }] = drifts;
  const name = instanceName({ service, id, node });
  if (kind === 'extra') return `${name} is registered at its agent, and the catalog does not have it`;
  if (kind === 'missing') return `${name} is in the catalog, and its agent does not know it`;
  const kinds = drifts.map((drift) => drift.kind).join(', ');
  return `${name} is otherwise in the catalog than at its agent: ${kinds}`;
}

function columns({ kind, agent, catalog }: DriftFacts): readonly Evidence[] {
  const what = kind === 'extra' || kind === 'missing' ? 'address' : kind;
  return [
    { name: `${what} at the agent`, value: agent ?? 'not there' },
    { name: `${what} in the catalog`, value: catalog ?? 'not there' },
  ];
}

function fixOf([{ node, instance, kind }]: readonly [DriftFacts, ...DriftFacts[]]): Fix {
  const again = ['sdctl', 'doctor', '--only', 'SD401', '--observe', '2m'];
  if (kind === 'missing')
    return {
      text: `see in the log of the agent on ${node} why it does not remove the entry; if the instance is wanted, register it there`,
      commands: [['consul', 'monitor', '-log-level', 'warn'], again],
    };
  return {
    text: `see in the log of the agent on ${node} why it does not write the entry, and mend its token; if the instance is not wanted, remove it there`,
    commands: [
      ['consul', 'monitor', '-log-level', 'warn'],
      ['consul', 'services', 'deregister', `-id=${instance}`],
      again,
    ],
  };
}

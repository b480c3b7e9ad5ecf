import { subjectOf, type Evidence, type Found } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { shortText } from '../check-evidence.js';
import { declaredWithout } from '../declared.js';
import { instanceName } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { findingsOf } from '../reported.js';
import { deadlyRules, serviceHealth, statesText, type ServiceHealth } from '../service-health.js';
import { sinceEvidence, sinceOf } from '../since.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** Rules whose one finding may explain a whole service. */
const EXPLAINING = [...deadlyRules, 'SD304', 'SD307', 'SD403'];
const MOST_OUTPUTS = 3;

export const noHealthyInstance: Rule = {
  id: 'SD301',
  slug: 'no-healthy-instance',
  group: 'health',
  title: 'A service without an instance that can be called',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  after: EXPLAINING,
  text: {
    detects:
      'A service of which no instance passes, or of which all are found dead by SD105, SD106 or SD302; and one that the inventory declares and nobody has registered. A warning where all are in maintenance or switched off.',
    why: 'Nobody can call the service at all.',
    guard:
      'A warning state counts as healthy, and so does an instance that nobody checks. Where one finding of SD105, SD106, SD302, SD304, SD307 or SD403 explains all instances, it is left at that. Services declared with a least number of 0 may be empty; sidecars follow the service beside them.',
    fix: 'Look at what the instances say, the most frequent first, and bring one of them back.',
  },
  applies: viewVerdict,
  *check(examination): Generator<Found> {
    const explanationOf = findingsOf(EXPLAINING, examination);
    for (const health of serviceHealth(examination)) {
      const { instances, usable } = health;
      if (usable.length > 0 || isExplained(instances, explanationOf)) continue;
      yield foundFor(health, examination);
    }
    for (const service of declaredWithout(examination)) yield foundForAbsent(service);
  },
};

/** What hides instances makes a service look empty. */
function viewVerdict(examination: Examination): Verdict | null {
  const { snapshot, facts } = examination;
  const absent = declaredWithout(examination);
  if ((!snapshot.partial && !facts.isFiltered) || absent.length === 0) return null;
  return {
    status: 'unknown',
    reason: `access rules hide a part of the registry, perhaps ${namesText(absent)}`,
  };
}

/** Whether one fault has taken all instances, and is told of already. */
function isExplained(
  instances: readonly Instance[],
  explanationOf: (instance: Instance) => Found | null,
): boolean {
  const [first, ...others] = new Set(instances.map(explanationOf));
  return first != null && others.length === 0;
}

function foundFor({ service, instances }: ServiceHealth, examination: Examination): Found {
  const isSwitchedOff = instances.every(({ health }) => health === 'maintenance' || health === 'disabled');
  const [first] = instances;
  return {
    severity: isSwitchedOff ? 'warning' : 'error',
    subject: subjectOf({ service }),
    detail: isSwitchedOff
      ? `all instances of ${service} are switched off: ${statesText(instances)}`
      : `no instance of ${service} can be called: ${statesText(instances)}`,
    evidence: [
      { name: 'states', value: statesText(instances) },
      { name: 'instances', value: namesText(instances.map(instanceName)) },
      ...outputEvidence(instances),
      ...sinceEvidence('critical', earliest(instances, examination)),
    ],
    fix: {
      text: isSwitchedOff ? 'end the maintenance of one of them' : 'bring one of its instances back',
      commands: [['sdctl', 'list', service, '-o', 'wide']],
    },
    identity: [service, first?.root ?? '', first === undefined || first.root === null ? '' : first.layout],
  };
}

/** What the instances say, the most frequent first. */
function outputEvidence(instances: readonly Instance[]): readonly Evidence[] {
  const counts = new Map<string, number>();
  for (const { healthReason } of instances) {
    if (healthReason === null) continue;
    const text = shortText(healthReason);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_OUTPUTS)
    .map(([text, count]) => ({ name: count === 1 ? 'output' : `output of ${count}`, value: text }));
}

/** The service is down since the last of them is. */
function earliest(instances: readonly Instance[], examination: Examination): ReturnType<typeof sinceOf> {
  const all = instances.map((instance) => sinceOf(examination, 'critical', instanceKey(instance)));
  const known = all.flatMap((since) => since ?? []).sort((a, b) => a.seconds - b.seconds);
  return known.length === instances.length ? (known[0] ?? null) : null;
}

function foundForAbsent(service: string): Found {
  return {
    severity: 'error',
    subject: subjectOf({ service }),
    detail: `${service} is declared, and has no instance`,
    evidence: [{ name: 'instances', value: '0' }],
    fix: {
      text: 'start it, or declare it with a least number of 0',
      commands: [['sdctl', 'list', service]],
    },
    identity: [service, 'absent'],
  };
}

import type { Evidence, Found, Severity } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { criticalEvidence } from '../check-evidence.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { findingsOf, servicesReported } from '../reported.js';
import { historyVerdict, severityAfter, sinceEvidence, sinceOf, sinceText, type Since } from '../since.js';
import type { Examination, Rule } from '../types.js';
import { isRegistryItself, isSidecar } from '../usable.js';

/** Rules that have said already what ails an instance, and since when. */
const SAID = ['SD206', 'SD304', 'SD403'] as const;

export const criticalTooLong: Rule = {
  id: 'SD303',
  slug: 'critical-too-long',
  group: 'health',
  title: 'An instance that stays critical',
  severity: 'error',
  mode: 'history',
  backends: ['etcd', 'consul', 'local'],
  after: [...SAID, 'SD301'],
  text: {
    detects: 'An instance that was critical in every run since a time that is too long ago.',
    why: 'Nobody gets well so late: it is an entry that was forgotten, and Consul never removes it by itself unless it was told to.',
    guard:
      'No registry tells since when, so that the time is what earlier runs have seen, and at least that long. The first run that sees it says nothing. Maintenance is SD307, an expired TTL check SD304, a service without any healthy instance SD301, a lost node SD403, a copy left on another node SD206.',
    fix: 'Remove it at the agent that owns it, and have Consul remove such entries by itself after a time.',
  },
  applies: historyVerdict,
  *check(examination): Generator<Found> {
    const isSaid = findingsOf(SAID, examination);
    const isDown = servicesReported('SD301', examination);
    for (const instance of examination.snapshot.instances) {
      const { health, service, readOnly } = instance;
      if (health !== 'critical' || readOnly || isSidecar(instance) || isRegistryItself(instance, examination))
        continue;
      const since = sinceOf(examination, 'critical', instanceKey(instance));
      const severity = since === null ? null : gradeOf(since, examination);
      if (since === null || severity === null || isSaid(instance) !== null || isDown.has(service)) continue;
      yield foundFor(instance, since, severity, examination);
    }
  },
};

function gradeOf(since: Since, { settings: { thresholds } }: Examination): Severity | null {
  return severityAfter(since, thresholds.criticalWarningSeconds, thresholds.criticalErrorSeconds);
}

function foundFor(instance: Instance, since: Since, severity: Severity, examination: Examination): Found {
  const name = instanceName(instance);
  const isConsul = examination.backend === 'consul';
  return {
    severity,
    subject: instanceSubject(instance),
    detail: `${name} is critical ${sinceText(since)}`,
    evidence: [
      ...sinceEvidence('critical', since),
      ...criticalEvidence(instance),
      ...(isConsul ? agentEvidence(instance, examination) : []),
      { name: 'revision', value: instance.revision },
    ],
    fix: {
      text: isConsul
        ? 'bring it back, or remove it at its agent and let DeregisterCriticalServiceAfter do so the next time'
        : 'bring it back, or remove it',
      commands: [['sdctl', 'deregister', name]],
    },
  };
}

function agentEvidence({ node }: Instance, { facts }: Examination): readonly Evidence[] {
  const alive = facts.nodes?.find(({ name }) => name === node)?.alive;
  const state = alive === true ? 'alive' : alive === false ? 'down' : 'not known';
  return [
    { name: 'agent', value: `${node ?? 'none'}, ${state}` },
    { name: 'removal by Consul', value: 'not visible: Consul does not tell whether it was asked for' },
  ];
}

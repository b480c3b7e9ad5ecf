import { parseEndpoint } from '../../model/endpoint.js';
import { subjectOf, type Found } from '../../model/finding.js';
import { instanceKey, type Instance } from '../../model/instance.js';
import { addressFaults } from '../address-faults.js';
import { shortText } from '../check-evidence.js';
import { fadingIn } from '../fading.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { findingsOf } from '../reported.js';
import type { Examination, ProbeAnswer, Rule } from '../types.js';
import { isRegistryItself, isUsable, latestOf } from '../usable.js';
import { silentPlaces, type Probed, type SilentPlace } from '../vantage.js';

export const unreachable: Rule = {
  id: 'SD302',
  slug: 'unreachable',
  group: 'health',
  title: 'An instance that nobody answers for',
  severity: 'error',
  mode: 'probe',
  backends: ['etcd', 'consul', 'local'],
  after: ['SD106'],
  text: {
    detects:
      'An instance that callers are given and whose address refuses, does not answer, does not resolve, fails at TLS or says that it does not serve.',
    why: 'Every call that goes there fails.',
    guard:
      'Where more than half of all probed instances are silent, or all of a subnet, one warning tells that they cannot be reached from here; a refused connection is an answer. Every failure is tried twice. Instances that the registry does not give out, that end by themselves because nobody renews them, or whose address is one of SD203 are left out.',
    fix: 'Refused: its process is gone, remove the entry. Silent: look at routes and firewalls. Not serving: ask the service.',
  },
  applies: ({ probes }) => (probes === null ? { status: 'skip', reason: 'needs --probe' } : null),
  *check(examination): Generator<Found> {
    const all = probedIn(examination);
    const places = silentPlaces(all, examination.settings.thresholds);
    for (const place of places) yield foundForPlace(place);
    const elsewhere = new Set(places.flatMap(({ silent }) => silent));
    for (const probed of all) {
      const failed = probed.answers.find(({ outcome }) => outcome !== 'ok');
      if (failed !== undefined && !elsewhere.has(probed)) yield foundFor(probed, failed);
    }
  },
};

function probedIn(examination: Examination): readonly Probed<Instance>[] {
  const { probes, snapshot, settings } = examination;
  const isFading = fadingIn(examination);
  const faultOf = addressFaults(settings);
  const isOverdue = findingsOf(['SD106'], examination);
  const counts = ({ endpoint: text }: ProbeAnswer): boolean => {
    const endpoint = parseEndpoint(text);
    return endpoint === null || faultOf(endpoint) === null;
  };
  return snapshot.instances.flatMap((instance) => {
    const answers = (probes?.get(instanceKey(instance)) ?? []).filter(counts);
    const latest = latestOf(instance, examination);
    const isMeant =
      latest !== null && isUsable(latest) && !isFading(instance) && !isRegistryItself(instance, examination);
    return answers.length > 0 && isMeant && isOverdue(instance) === null ? [{ instance, answers }] : [];
  });
}

function foundFor({ instance, answers }: Probed<Instance>, failed: ProbeAnswer): Found {
  const name = instanceName(instance);
  return {
    severity: 'error',
    subject: { ...instanceSubject(instance), address: failed.endpoint },
    detail: `${failed.endpoint} of ${name} ${outcomeText(failed)}`,
    evidence: [
      ...answers.map((answer) => ({
        name: `${answer.kind} ${answer.endpoint}`,
        value: `${answer.outcome}: ${shortText(answer.detail)} (${Math.round(answer.tookMs)}ms)`,
      })),
      { name: 'tried from', value: 'this machine' },
      { name: 'revision', value: instance.revision },
    ],
    fix: fixFor(failed, instance),
  };
}

function outcomeText({ outcome, detail }: ProbeAnswer): string {
  switch (outcome) {
    case 'ok':
      return 'answers';
    case 'refused':
      return 'refuses connections';
    case 'timeout':
      return 'does not answer';
    case 'unresolved':
      return 'has a name that does not resolve';
    case 'tls':
      return `fails at TLS: ${shortText(detail)}`;
    case 'not-serving':
      return `says that it does not serve: ${shortText(detail)}`;
    case 'error':
      return `cannot be called: ${shortText(detail)}`;
  }
}

function fixFor({ outcome }: ProbeAnswer, instance: Instance): Found['fix'] {
  const look = ['sdctl', 'list', instance.service, '--id', instance.id];
  switch (outcome) {
    case 'refused':
      return {
        text: 'its process is gone: start it again, or remove the entry',
        commands: [['sdctl', 'deregister', instanceName(instance)]],
      };
    case 'tls':
      return { text: 'look at its certificate, and at whether it speaks TLS at all', commands: [look] };
    case 'not-serving':
      return { text: 'ask the service why it does not serve', commands: [look] };
    case 'unresolved':
      return { text: 'register an address, or a name that all callers can resolve', commands: [look] };
    default:
      return { text: 'look at routes and firewalls, and whether its machine runs', commands: [look] };
  }
}

function foundForPlace({ subnet, silent, probed }: SilentPlace<Instance>): Found {
  const where = subnet === null ? `${silent.length} of ${probed} probed instances` : `all of ${subnet}`;
  return {
    severity: 'warning',
    subject: subjectOf({ address: subnet }),
    detail: `nobody answers from ${where}: they probably cannot be reached from here`,
    evidence: [
      { name: 'silent', value: `${silent.length} of ${probed}` },
      { name: 'instances', value: namesText(silent.map(({ instance }) => instanceName(instance))) },
    ],
    fix: {
      text: 'probe from a machine in their network, or open the way there',
      commands: [['sdctl', 'doctor', '--probe', 'tcp']],
    },
    identity: ['vantage', subnet ?? ''],
  };
}

import { subjectOf, type Evidence, type Found } from '../../model/finding.js';
import { shownKey, type Instance, type UndecodedEntry } from '../../model/instance.js';
import { breakageOfInstance, breakageOfKey, type Breakage } from '../brittle-readers.js';
import { endpointEvidence, instanceName, instanceSubject } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import type { Examination, Rule } from '../types.js';

export const unparsableValue: Rule = {
  id: 'SD201',
  slug: 'unparsable-value',
  group: 'data',
  title: 'An entry that its readers cannot read',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  text: {
    detects:
      'An entry among the services that no layout can read; an error where it breaks the lookups of kratos, GoFrame or CoreDNS, also when another layout can read it.',
    why: 'Nobody finds the instance behind it. Readers of kratos, GoFrame and CoreDNS fail at one such entry and find nobody at all.',
    guard:
      "Frameworks' own markers and trees in which nobody can read anything are left out; other keys that belong there are suppressed by a pattern.",
    fix: 'Find who wrote it, by its host or by what else hangs on its lease, and register it again or delete it.',
  },
  *check(examination): Generator<Found> {
    const { undecoded, instances } = examination.snapshot;
    const ofKey = breakageOfKey(examination);
    for (const entry of undecoded)
      yield foundForEntry(entry, entry.isBinaryKey ? null : ofKey(entry.key), examination);
    const ofInstance = breakageOfInstance(examination);
    for (const instance of instances) {
      const breakage = ofInstance(instance);
      if (breakage !== null) yield foundForStray(instance, breakage);
    }
  },
};

function foundForEntry(entry: UndecodedEntry, breakage: Breakage | null, examination: Examination): Found {
  const key = shownKey(entry);
  const { service, reason, sizeBytes, sha256, leaseId } = entry;
  return {
    severity: breakage === null ? 'warning' : 'error',
    subject: subjectOf({ service, key }),
    detail: `${key} cannot be read${breakage === null ? '' : `, and ${breaksText(breakage)}`}: ${reason}`,
    evidence: [
      { name: 'reason', value: reason },
      { name: 'size', value: `${sizeBytes} bytes` },
      { name: 'sha256', value: sha256 },
      ...(leaseId === null ? [] : [{ name: 'lease', value: leaseId }]),
      ...siblingEvidence(entry, examination),
    ],
    fix: {
      text: 'find who wrote it, and register it again or delete the key',
      commands: [leaseId === null ? lookAt(service) : ['sdctl', 'lease', 'inspect', leaseId]],
    },
  };
}

function lookAt(service: string | null): readonly string[] {
  return service === null ? ['sdctl', 'list'] : ['sdctl', 'list', service];
}

/** Instances on the same lease are of the same process. */
function siblingEvidence({ leaseId }: UndecodedEntry, { leases }: Examination): readonly Evidence[] {
  const record = leaseId === null ? undefined : leases?.leases.find(({ id }) => id === leaseId);
  const names = (record?.bindings ?? []).flatMap(({ kind, name }) =>
    kind === 'instance' && name !== null ? [instanceName(name)] : [],
  );
  return names.length === 0 ? [] : [{ name: 'on the same lease', value: namesText(names) }];
}

function foundForStray(instance: Instance, breakage: Breakage): Found {
  return {
    severity: 'error',
    subject: instanceSubject(instance),
    detail: `${instance.key ?? instanceName(instance)} is in the form of ${instance.layout}, and ${breaksText(breakage)}`,
    evidence: [
      ...endpointEvidence(instance),
      { name: 'layout', value: instance.layout },
      { name: 'layout of its neighbours', value: breakage.layout },
      { name: 'revision', value: instance.revision },
    ],
    fix: {
      text: `remove it, and register it in the layout ${breakage.layout} or below another root`,
      commands: [['sdctl', 'deregister', instanceName(instance)]],
    },
  };
}

function breaksText({ layout, services }: Breakage): string {
  const what = services.length === 0 ? 'the lookups there' : `the lookups of ${namesText(services)}`;
  return `breaks ${what} by ${layout}`;
}

import { subjectOf, type Found } from '../../model/finding.js';
import { namesText } from '../lease-evidence.js';
import { mixedServices, spellings, type MixedService } from '../mixed-services.js';
import { prefixCollisions, type PrefixCollision } from '../name-prefixes.js';
import { findingsOf } from '../reported.js';
import type { Examination, Rule, Verdict } from '../types.js';
import { isRegistryItself, isSidecar } from '../usable.js';

export const mixedLayouts: Rule = {
  id: 'SD207',
  slug: 'mixed-layouts',
  group: 'data',
  title: 'One service that its readers see in parts',
  severity: 'warning',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  after: ['SD201', 'SD202'],
  text: {
    detects:
      'On etcd a service under two layouts or roots with different instances, or a name that begins with another one where readers look up names without a separator (kratos, go-kit, versions of GoFrame). On Consul a service whose name is spelt in two ways.',
    why: 'Each caller finds a part of the instances only, or finds those of another service as well.',
    guard:
      'The same instances in both places are a migration that is done. One layout under two roots without a shared instance is two environments; two layouts under two roots without one are an info, because frameworks may share a name by accident, and so are names under kratos, which compares them afterwards. Entries of SD201 and SD202 are left out.',
    fix: 'Finish the migration, and give services names of which none begins with another one.',
  },
  applies: viewVerdict,
  *check(examination): Generator<Found> {
    const isReported = findingsOf(['SD201', 'SD202'], examination);
    const instances = examination.snapshot.instances.filter(
      (one) =>
        !one.readOnly && !isRegistryItself(one, examination) && !isSidecar(one) && isReported(one) === null,
    );
    if (examination.backend === 'consul') {
      for (const mixed of spellings(instances)) yield foundForMixed(mixed, 'is spelt in several ways');
      return;
    }
    for (const mixed of mixedServices(instances)) yield foundForMixed(mixed, 'stands in several places');
    for (const collision of prefixCollisions(instances)) yield foundForPrefix(collision);
  },
};

function viewVerdict({ snapshot, facts }: Examination): Verdict | null {
  if (!snapshot.partial && !facts.isFiltered) return null;
  return {
    status: 'unknown',
    reason: 'access rules hide a part of the registry, so that sets cannot be compared',
  };
}

function foundForMixed({ service, severity, parts }: MixedService, how: string): Found {
  const places = parts.map(({ name }) => name);
  return {
    severity,
    subject: subjectOf({ service }),
    detail: `${service} ${how} with different instances: ${namesText(places)}`,
    evidence: parts.flatMap(({ name, instances, onlyHere }) => [
      { name, value: `${instances.length} instance${instances.length === 1 ? '' : 's'}` },
      ...(onlyHere.length === 0 ? [] : [{ name: `only in ${name}`, value: namesText(onlyHere) }]),
    ]),
    fix: {
      text:
        severity === 'info'
          ? 'give one of them another name, or finish the migration if it is one service'
          : 'finish the migration: register all instances where all callers look',
      commands: [['sdctl', 'list', service]],
    },
    identity: [service, 'parts'],
  };
}

function foundForPrefix({ service, layout, root, name, longer, severity }: PrefixCollision): Found {
  const what = name === service ? name : `version ${name} of ${service}`;
  const effect =
    layout === 'kratos' ? 'reads and then drops the entries of' : 'may be answered with the instances of';
  return {
    severity,
    subject: subjectOf({ service }),
    detail: `a lookup of ${what} by ${layout} ${effect} ${namesText(longer)}`,
    evidence: [
      { name: 'looked up', value: `${root ?? ''}${name === service ? name : `${service}/${name}`}` },
      { name: 'begins with it', value: namesText(longer) },
      { name: 'layout', value: layout },
    ],
    fix: {
      text:
        layout === 'kratos'
          ? 'keep every entry below both names readable, or choose names of which none begins with another one'
          : 'choose names of which none begins with another one, or look up with a closing separator',
      commands: [['sdctl', 'list', service]],
    },
    identity: [service, layout, root ?? '', name],
  };
}

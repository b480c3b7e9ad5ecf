import { subjectOf, type Found } from '../../model/finding.js';
import { compareText, type Instance } from '../../model/instance.js';
import { addressesOf } from '../address-sets.js';
import { declarations, type Declaration } from '../declared.js';
import { instanceName } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import { findingsOf, servicesReported } from '../reported.js';
import { serviceHealth, statesText } from '../service-health.js';
import type { Examination, Rule, Verdict } from '../types.js';

/** Rules that have said already why an instance is missing among the healthy ones. */
const MISSING = ['SD105', 'SD106', 'SD302', 'SD303', 'SD304', 'SD307', 'SD403'] as const;

export const outsideDeclaredRange: Rule = {
  id: 'SD309',
  slug: 'outside-declared-range',
  group: 'health',
  title: 'More or fewer instances than declared',
  severity: 'warning',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  after: ['SD301', ...MISSING],
  text: {
    detects: 'A service with fewer healthy instances than the inventory declares, or with more.',
    why: 'Too few fail together under load; too many are mostly a second deployment or one that was left behind.',
    guard:
      'It needs an inventory. Several ids at one address count once against the most. Instances that another rule has found ill are not missing a second time, and a service without any is SD301.',
    fix: 'Start or remove instances, or correct the inventory.',
  },
  applies: inventoryVerdict,
  *check(examination): Generator<Found> {
    const down = servicesReported('SD301', examination);
    const isSaid = findingsOf(MISSING, examination);
    const health = serviceHealth(examination);
    for (const declaration of declarations(examination)) {
      const { service, declared } = declaration;
      const parts = health.filter((one) => one.service === service);
      const all = parts.flatMap(({ instances }) => instances);
      const usable = parts.flatMap((part) => part.usable);
      const said = all.filter((one) => !usable.includes(one) && isSaid(one) !== null);
      if (all.length === 0 || down.has(service)) continue;
      const isShort = declared.min !== null && usable.length + said.length < declared.min;
      const isOver = declared.max !== null && firstAddresses(usable) > declared.max;
      if (isShort || isOver) yield foundFor(declaration, all, usable);
    }
  },
};

function inventoryVerdict({ settings, snapshot, facts }: Examination): Verdict | null {
  if (Object.keys(settings.inventory).length === 0) return { status: 'skip', reason: 'needs --inventory' };
  if (!snapshot.partial && !facts.isFiltered) return null;
  return {
    status: 'unknown',
    reason: 'access rules hide a part of the registry, so that nothing can be counted',
  };
}

/** How many processes there are, as far as addresses tell. */
function firstAddresses(instances: readonly Instance[]): number {
  return addressesOf(instances.map((one) => ({ ...one, endpoints: one.endpoints.slice(0, 1) }))).size;
}

function foundFor(
  { service, declared: { min, max } }: Declaration,
  all: readonly Instance[],
  usable: readonly Instance[],
): Found {
  const isShort = min !== null && usable.length < min;
  const range = [...(min === null ? [] : [`at least ${min}`]), ...(max === null ? [] : [`at most ${max}`])];
  return {
    severity: 'warning',
    subject: subjectOf({ service }),
    detail: `${service} has ${usable.length} healthy instance${usable.length === 1 ? '' : 's'}, declared are ${range.join(' and ')}`,
    evidence: [
      { name: 'declared', value: range.join(', ') },
      { name: 'states', value: statesText(all) },
      { name: 'instances', value: namesText(all.map(instanceName).sort(compareText)) },
    ],
    fix: {
      text: isShort ? 'start more of them, or declare fewer' : 'remove what was left behind, or declare more',
      commands: [['sdctl', 'list', service]],
    },
    identity: [service, isShort ? 'min' : 'max'],
  };
}

import type { Found } from '../../model/finding.js';
import { compareText, healthStates, splitServices, type Instance } from '../../model/instance.js';
import { addressFaults } from '../address-faults.js';
import { placeOf } from '../endpoint-place.js';
import { fadingIn } from '../fading.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { findingsOf } from '../reported.js';
import type { Examination, Rule } from '../types.js';
import { isUsable, latestOf } from '../usable.js';

export const duplicateEndpoint: Rule = {
  id: 'SD204',
  slug: 'duplicate-endpoint',
  group: 'data',
  title: 'One address under two ids of a service',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  after: ['SD101', 'SD203'],
  text: {
    detects:
      'Two instances of one service that announce the same address and port; an error if their metadata differ.',
    why: 'Callers count one process twice, and a removal of the wrong entry takes a live address away.',
    guard:
      'Only instances that callers are given count, and not those that nobody renews any more: a restart leaves one for up to a TTL. One without a lease beside one with a lease is SD101, one id twice is SD206, addresses that every machine has for itself are SD203.',
    fix: 'Remove the entry that nobody renews, and give instances ids that last over a restart.',
  },
  *check(examination): Generator<Found> {
    const { snapshot } = examination;
    const candidates = snapshot.instances.filter(isCandidateIn(examination));
    const isPermanent = findingsOf(['SD101'], examination);
    const isCollapsed = collapsedIn(examination);
    for (const instances of splitServices(candidates)) {
      for (const [address, all] of byPlace(instances, examination)) {
        const kept = all.filter((one) => isPermanent(one) === null);
        const group = kept.length === 0 ? all : kept;
        const [suspect] = [...group].sort(mostSuspect);
        if (suspect === undefined || countIds(group) < 2 || isCollapsed(suspect, address)) continue;
        yield foundFor(address, group, suspect);
      }
    }
  },
};

function isCandidateIn(examination: Examination): (instance: Instance) => boolean {
  const isFading = fadingIn(examination);
  return (instance) => {
    const latest = latestOf(instance, examination);
    return !instance.readOnly && latest !== null && isUsable(latest) && !isFading(instance);
  };
}

/** Addresses that mean another machine to everybody are left out. */
function byPlace(instances: readonly Instance[], { settings }: Examination): ReadonlyMap<string, Instance[]> {
  const faultOf = addressFaults(settings);
  const places = new Map<string, Instance[]>();
  for (const instance of instances) {
    const own = instance.endpoints.flatMap((one) => (faultOf(one) === null ? (placeOf(one) ?? []) : []));
    for (const place of new Set(own)) {
      const group = places.get(place);
      if (group === undefined) places.set(place, [instance]);
      else group.push(instance);
    }
  }
  return places;
}

function collapsedIn({ earlier }: Examination): (instance: Instance, address: string) => boolean {
  const found = (earlier.get('SD203') ?? []).filter(({ subject }) => subject.instance === null);
  const marks = new Set(
    found.map(({ subject: { service, node, address } }) => JSON.stringify([service, node, address])),
  );
  return ({ service, node }, address) => marks.has(JSON.stringify([service, node, address]));
}

function countIds(instances: readonly Instance[]): number {
  return new Set(instances.map(({ id }) => id)).size;
}

/** The one that is worse off, else the one that was written longest ago. */
function mostSuspect(a: Instance, b: Instance): number {
  return (
    healthStates.indexOf(a.health) - healthStates.indexOf(b.health) ||
    compareRevision(a.revision, b.revision) ||
    compareText(instanceName(a), instanceName(b))
  );
}

/** Decimal numbers of any length. */
function compareRevision(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

function foundFor(address: string, group: readonly Instance[], suspect: Instance): Found {
  const differ = new Set(group.map(contentOf)).size > 1;
  const names = group.map(instanceName).sort(compareText);
  return {
    severity: differ ? 'error' : 'warning',
    subject: { ...instanceSubject(suspect), address },
    detail: `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''} announce ${address}${differ ? ', metadata differ' : ''}`,
    evidence: [
      ...group.map((instance) => ({ name: instanceName(instance), value: stateText(instance) })),
      { name: 'probably left over', value: instanceName(suspect) },
    ],
    fix: {
      text: 'find out which id the process at that address has now, and remove the other one',
      commands: [['sdctl', 'deregister', instanceName(suspect)]],
    },
    identity: [suspect.service, suspect.root ?? '', address],
  };
}

function contentOf({ metadata, version, tags }: Instance): string {
  const pairs = Object.entries(metadata).sort(([a], [b]) => compareText(a, b));
  return JSON.stringify([pairs, version, tags]);
}

function stateText({ health, lease, revision }: Instance): string {
  return `${health}, ${lease === null ? 'no lease' : `lease ${lease.id}`}, revision ${revision}`;
}

import { clusterSize } from '../cluster-size.js';
import type { Found } from '../../model/finding.js';
import { illRules, weakServices, wholeServiceRules } from '../placement.js';
import { refusalOf } from '../server-evidence.js';
import { deadlyRules } from '../service-health.js';
import type { Examination, Rule, Verdict } from '../types.js';

export const singlePointOfFailure: Rule = {
  id: 'SD501',
  slug: 'single-point-of-failure',
  group: 'topology',
  title: 'One fault that takes everything down',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul'],
  after: [...deadlyRules, ...wholeServiceRules, ...illRules],
  text: {
    detects:
      'Two or more instances of a service that are all at one address, on one node of Consul, in one rack or in one zone. With an inventory also a declared service with one healthy instance, and an error where it is in fewer of its declared zones than its instances could fill. A registry with one server (info) or an even number of them.',
    why: 'Several instances are meant to survive the loss of one host or zone. Together they fall at once. A fourth server of a registry protects from no more failures than three do.',
    guard:
      'A place counts only where every instance tells it, a rack or zone only where the registry knows another one, and a name in the catalog without an agent is no node. Several ids of one process, entries that nobody renews any more and addresses that cannot be called are left out, and hosts too with allowLoopback. One instance alone is reported only where the inventory declares the service without saying that it may be alone. What another rule has said of the service is not said again.',
    fix: 'Start instances where none is yet; give a registry three or five servers.',
  },
  applies: verdictOf,
  *check(examination): Generator<Found> {
    yield* weakServices(examination);
    yield* clusterSize(examination);
  },
};

function verdictOf(examination: Examination): Verdict | null {
  const { facts, snapshot, service, backend } = examination;
  // On etcd access rules are about keys: they hide services, not some instances of one.
  if (backend === 'consul' && (snapshot.partial || facts.isFiltered))
    return { status: 'unknown', reason: 'access rules hide a part of the registry, perhaps other instances' };
  if (service !== null || facts.members !== null) return null;
  if ([...weakServices(examination)].length > 0) return null;
  const reason = refusalOf(facts, /members?\b/) ?? 'the servers of the registry could not be counted';
  return { status: 'unknown', reason };
}

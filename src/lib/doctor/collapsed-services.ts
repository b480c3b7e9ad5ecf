import type { Instance } from '../model/instance.js';
import { placeOf } from './endpoint-place.js';
import type { Examination } from './types.js';

/** Instances that share the address of a server of Consul, as when clients register there without one of their own. */
export interface CollapsedService {
  readonly service: string;
  readonly node: string;
  /** With the port. */
  readonly address: string;
  readonly instances: readonly [Instance, ...Instance[]];
}

/** Where there is one node only, everything stands there rightly. */
const LEAST_NODES = 2;

/** Services with several instances at one port of the server that they are registered at. */
export function collapsedServices(examination: Examination): readonly CollapsedService[] {
  const { snapshot, settings, facts } = examination;
  if (settings.allowLoopback || (facts.nodes ?? []).length < LEAST_NODES) return [];
  const servers = addressesOfServers(examination);
  const groups = new Map<string, CollapsedService>();
  for (const instance of snapshot.instances) {
    const { service, node, endpoints } = instance;
    const [endpoint] = endpoints;
    const address = endpoint === undefined ? null : placeOf(endpoint);
    if (node === null || address === null || endpoint?.address !== servers.get(node)) continue;
    const mark = JSON.stringify([service, node, address]);
    const group = groups.get(mark);
    groups.set(mark, {
      service,
      node,
      address,
      instances: group === undefined ? [instance] : [...group.instances, instance],
    });
  }
  return [...groups.values()].filter(({ instances }) => instances.length > 1);
}

function addressesOfServers({ facts }: Examination): ReadonlyMap<string, string> {
  const servers = new Set((facts.members ?? []).flatMap(({ id, isServer }) => (isServer ? [id] : [])));
  return new Map(
    (facts.nodes ?? []).flatMap(({ name, address }) => (servers.has(name) ? [[name, address]] : [])),
  );
}

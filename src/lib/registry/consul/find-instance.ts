import type { Instance } from '../../model/instance.js';
import type { Call } from './call.js';
import { decodeHealth, servicePath } from './list.js';
import type { Servers } from './servers.js';

/** Ids that can stand in a filter expression without any escaping. */
const PLAIN_ID = /^[A-Za-z0-9._:-]+$/;

/** Entries of the catalog with that service and id, one per node that has it. */
export async function findInstances(
  servers: Servers,
  target: { readonly service: string; readonly id: string },
  call: Call,
  consistent = false,
): Promise<readonly Instance[]> {
  // The filter only spares bytes: a server may ignore it, so it is applied again here.
  const filter = PLAIN_ID.test(target.id) ? { filter: `Service.ID == "${target.id}"` } : {};
  const query = { ...filter, ...(consistent ? { consistent: true as const } : {}) };
  const served = await servers.read({ path: servicePath(target.service), query }, call);
  return decodeHealth(served, target.service, 'auto').flatMap((entry) =>
    'instance' in entry && entry.instance.id === target.id ? [entry.instance] : [],
  );
}

/** Consul ignores the case of node names. */
export function sameNode(a: string | null, b: string | null | undefined): boolean {
  return (a ?? '').toLowerCase() === (b ?? '').toLowerCase();
}

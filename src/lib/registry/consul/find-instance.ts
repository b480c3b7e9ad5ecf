import type { Instance } from '../../model/instance.js';
import type { Call } from './call.js';
import { listOf, objectOf, type JsonObject } from './json.js';
import { decodeHealth, servicePath } from './list.js';
import type { Served, Servers } from './servers.js';

/** Ids that can stand in a filter expression without any escaping. */
const PLAIN_ID = /^[A-Za-z0-9._:-]+$/;

/** An entry of the catalog, and what Consul tells of it beside. */
export interface CatalogRecord {
  readonly instance: Instance;
  readonly node: JsonObject;
  readonly service: JsonObject;
  /** Of the service and of its node. */
  readonly checks: readonly unknown[];
}

/** Which entry is meant. */
interface EntryName {
  readonly service: string;
  readonly id: string;
}

/** Entries of the catalog with that service and id, one per node that has it. */
export async function findInstances(
  servers: Servers,
  target: EntryName,
  call: Call,
  consistent = false,
): Promise<readonly Instance[]> {
  return (await findRecords(servers, target, call, consistent)).map(({ instance }) => instance);
}

/** The same, with all that Consul tells of them. */
export async function findRecords(
  servers: Servers,
  target: EntryName,
  call: Call,
  consistent = false,
): Promise<readonly CatalogRecord[]> {
  // The filter only spares bytes: a server may ignore it, so it is applied again here.
  const filter = PLAIN_ID.test(target.id) ? { filter: `Service.ID == "${target.id}"` } : {};
  const query = { ...filter, ...(consistent ? { consistent: true as const } : {}) };
  const served = await servers.read({ path: servicePath(target.service), query }, call);
  return toRecords(served, target.service).filter(({ instance }) => instance.id === target.id);
}

/** The entry of one node; null when there is none. */
export async function findRecordOn(
  servers: Servers,
  target: EntryName & { readonly node: string | null },
  call: Call,
  consistent = false,
): Promise<CatalogRecord | null> {
  const found = await findRecords(servers, target, call, consistent);
  return found.find(({ instance }) => sameNode(instance.node, target.node)) ?? null;
}

function toRecords(served: Served, service: string): CatalogRecord[] {
  const items = Array.isArray(served.value) ? listOf(served.value).map((item) => [item]) : [served.value];
  return items.flatMap((value) => {
    const [entry] = decodeHealth({ ...served, value }, service, 'auto');
    if (entry === undefined || !('instance' in entry)) return [];
    const record = objectOf(listOf(value)[0]) ?? {};
    return [
      {
        instance: entry.instance,
        node: objectOf(record['Node']) ?? {},
        service: objectOf(record['Service']) ?? {},
        checks: listOf(record['Checks']),
      },
    ];
  });
}

/** Consul ignores the case of node names. */
export function sameNode(a: string | null, b: string | null | undefined): boolean {
  return (a ?? '').toLowerCase() === (b ?? '').toLowerCase();
}

/**
 * Whether an entry still is the one that was seen. A check that changes its state does not touch the revision of its
 * service.
 */
export function isExpected(instance: Instance, expected: Instance): boolean {
  // An entry that was never seen in the catalog has no revision yet.
  const isUnseen = expected.revision === '0';
  const sameRevision = isUnseen || expected.revision === instance.revision;
  // One that was read in another layout does not tell its run, and its revision is enough.
  const isSilent = !isUnseen && expected.owner === null;
  const sameRun = isSilent || expected.owner?.run === instance.owner?.run;
  return sameRevision && sameRun && (expected.node === null || sameNode(instance.node, expected.node));
}

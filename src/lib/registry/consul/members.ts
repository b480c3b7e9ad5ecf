import { isIP } from 'node:net';
import { SdctlError } from '../../errors.js';
import type { Call } from './call.js';
import { sameNode } from './find-instance.js';
import { listOf, objectOf, textOf, type JsonObject } from './json.js';
import type { Servers } from './servers.js';

/** Serf's number for a member that answers. */
const ALIVE = 1;

/** A node and where the catalog says that it is. */
export interface NodePlace {
  readonly node: string;
  readonly nodeAddress: string;
}

/**
 * Anybody who may write to the catalog can give a node any address. That of a member is one that the agents themselves
 * speak with.
 *
 * @returns why credentials must not go to that address; null: they may
 */
export async function memberDoubt(
  servers: Servers,
  { node, nodeAddress }: NodePlace,
  datacenter: string | null,
  call: Call,
): Promise<string | null> {
  const members = await readMembers(servers, call);
  if (typeof members === 'string') return members;
  const named = members.filter(
    (member) =>
      sameNode(textOf(member['Name']), node) && isOf(member, datacenter) && member['Status'] === ALIVE,
  );
  if (named.length === 0) return `no live member of the datacenter has the name ${node}`;
  if (named.some((member) => plain(textOf(member['Addr'])) === plain(nodeAddress))) return null;
  return `the live member of that name has the address ${textOf(named[0]?.['Addr'])}`;
}

async function readMembers(servers: Servers, call: Call): Promise<readonly JsonObject[] | string> {
  try {
    const { value } = await servers.read({ path: '/agent/members', scoped: false }, call);
    const members = listOf(value).map((item) => objectOf(item) ?? {});
    // The agent that was asked is a member itself.
    return members.length === 0 ? 'this token may not see the members of the datacenter' : members;
  } catch (error) {
    if (!(error instanceof SdctlError) || error.code === 'E_ABORTED') throw error;
    return `the members of the datacenter cannot be read (${error.why ?? error.message})`;
  }
}

function isOf(member: JsonObject, datacenter: string | null): boolean {
  return datacenter === null || sameNode(textOf(objectOf(member['Tags'])?.['dc']), datacenter);
}

/** One address of IPv6 can be written in several ways. */
function plain(address: string): string {
  return isIP(address) === 6 && !address.includes('%') ? new URL(`http://[${address}]`).hostname : address;
}

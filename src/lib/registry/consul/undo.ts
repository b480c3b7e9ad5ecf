import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { Restored, SavedEntry } from '../../model/removal.js';
import type { RemovalOptions } from '../types.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { findRecordOn, isExpected } from './find-instance.js';
import { findOwner } from './owner.js';
import { ownerUnreachable } from './owner-unreachable.js';
import { readNode } from './read-node.js';
import type { RemovalDeps } from './removal-deps.js';
import { agentBody, catalogBody } from './saved-body.js';
import { toSavedService, type SavedService } from './saved-entry.js';

const OCCUPIED: Restored = { outcome: 'occupied', leaseId: null, endsInSeconds: null, revision: null };
const RESTORED: Restored = { ...OCCUPIED, outcome: 'restored' };

const LOOK_AGAIN_MS = 20;

/** All that Consul tells of an entry; null when it is not the one that was seen any more. */
export async function saveEntry(
  deps: RemovalDeps,
  instance: Instance,
  call: Call,
): Promise<SavedEntry | null> {
  const record = await findRecordOn(deps.servers, instance, call);
  if (record === null || !isExpected(record.instance, instance)) return null;
  return toSavedService(record);
}

/**
 * Registers an entry where none of that id stands: at the agent of its node, or in the catalog where no agent lives.
 * Nobody renews it, and nothing removes it.
 *
 * @throws {SdctlError} E_USAGE for an entry of another kind of registry; E_UNREACHABLE when the agent of its node lives
 *   and cannot be asked
 */
export async function restoreEntry(
  deps: RemovalDeps,
  entry: SavedEntry,
  options: Pick<RemovalOptions, 'ownerPort'>,
  call: Call,
): Promise<Restored> {
  if (entry.backend !== 'consul') {
    throw new SdctlError('E_USAGE', `this entry is of ${entry.backend}, not of Consul`);
  }
  requireNames(entry);
  const { agent, address, ids } = await readNode(deps.servers, entry.node, call);
  // Consul ignores the case of ids in its catalog.
  if (ids.some((id) => id.toLowerCase() === entry.id.toLowerCase())) return OCCUPIED;
  if (agent !== 'alive') await registerInCatalog(deps, entry, call);
  else if (!(await registerAtOwner(deps, entry, address, options.ownerPort, call))) return OCCUPIED;
  await untilThere(deps, entry, call);
  return RESTORED;
}

function requireNames({ service, id, node }: SavedService): void {
  if (service !== '' && id !== '' && node !== '') return;
  throw new SdctlError('E_USAGE', 'an entry of Consul is named by its service, its id and its node', {
    why: 'one of them is empty',
  });
}

/** @returns false when something stands there already */
async function registerAtOwner(
  deps: RemovalDeps,
  entry: SavedService,
  nodeAddress: string,
  ownerPort: number | undefined,
  call: Call,
): Promise<boolean> {
  const wanted = { node: entry.node, nodeAddress, id: entry.id, service: null };
  const search = await findOwner(deps, wanted, ownerPort, call);
  if (search.owner === null) throw ownerUnreachable(entry, 'register', search.tried);
  using owner = search.owner;
  if (owner.present !== null) return false;
  await owner.server.order(
    {
      method: 'PUT',
      path: '/agent/service/register',
      query: { 'replace-existing-checks': 'true' },
      body: agentBody(entry),
      scoped: false,
      repeatable: true,
    },
    limitsOf(call),
  );
  return true;
}

async function registerInCatalog(deps: RemovalDeps, entry: SavedService, call: Call): Promise<void> {
  const body = catalogBody(entry, deps.datacenter);
  await deps.servers.withFirst(call, async (server, timeoutMs) =>
    server.order(
      { method: 'PUT', path: '/catalog/register', body, repeatable: true },
      { signal: call.signal, timeoutMs },
    ),
  );
}

/** Without a leader an agent says yes, and the catalog knows nothing of it. */
async function untilThere({ servers, clock }: RemovalDeps, entry: SavedService, call: Call): Promise<void> {
  for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, 500)) {
    if ((await findRecordOn(servers, entry, call, true)) !== null) return;
    call.remainingMs(); // ends the call when its time is over
    await clock.sleep(pauseMs, call.signal);
  }
}

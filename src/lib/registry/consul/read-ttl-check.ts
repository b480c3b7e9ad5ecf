import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import { formatInstanceName } from '../../model/instance-name.js';
import type { LeaseName, LeaseRecord } from '../../model/lease.js';
import { formatLeaseName } from '../../model/lease-name.js';
import type { Call } from './call.js';
import { findInstances, sameNode } from './find-instance.js';
import type { TtlCheckDeps } from './list-ttl-checks.js';
import { listOf, objectOf } from './json.js';
import { canBeAsked } from './path-part.js';
import type { Servers } from './servers.js';
import { checksIn, compareChecks, isTtlCheck, toTtlCheck, type NamedCheck } from './ttl-checks.js';

/** Ids that can stand in a filter expression without any escaping. */
const PLAIN_ID = /^[A-Za-z0-9._:-]+$/;

/**
 * One TTL check with its instance; null when nothing that may be seen has that id.
 *
 * @throws {SdctlError} E_AMBIGUOUS when several nodes have it and none is named; E_USAGE for a check of another type;
 *   E_FILTERED when access rules hide everything
 */
export async function readTtlCheck(
  deps: TtlCheckDeps,
  name: LeaseName,
  call: Call,
): Promise<LeaseRecord | null> {
  const found = await findChecks(deps.servers, name, call);
  if (found.length === 0) {
    await judgeAbsence(deps, call);
    return null;
  }
  const leases = found.filter(isTtlCheck);
  const [check, ...others] = leases;
  if (check === undefined) throw notALease(name, found);
  if (others.length > 0) throw ambiguous(name, leases);
  return toTtlCheck(check, await instanceOf(deps.servers, check, call));
}

async function findChecks(servers: Servers, { id, node }: LeaseName, call: Call): Promise<NamedCheck[]> {
  // The filter only spares bytes: a server may ignore it, so it is applied again here.
  const filter = PLAIN_ID.test(id) ? { query: { filter: `CheckID == "${id}"` } } : {};
  const served = await servers.read({ path: '/health/state/any', ...filter }, call);
  return checksIn(served)
    .filter((check) => check.id === id && (node === null || sameNode(check.node, node)))
    .sort(compareChecks);
}

/** What is not found may only be hidden. */
async function judgeAbsence({ servers, visibility }: TtlCheckDeps, call: Call): Promise<void> {
  const services = await servers.read({ path: '/catalog/services' }, call);
  const names = Object.keys(objectOf(services.value) ?? {});
  const view = visibility.judge(names);
  if (view === 'nothing' || (names.includes('consul') && (await hidesNodes(servers, call))))
    throw visibility.nothingVisible(services.server.url);
  if (view === 'partial') visibility.warnPartial(call);
}

/** The servers are nodes: where none is seen node:read is missing, and with it every check. */
async function hidesNodes(servers: Servers, call: Call): Promise<boolean> {
  return listOf((await servers.read({ path: '/catalog/nodes' }, call)).value).length === 0;
}

async function instanceOf(servers: Servers, check: NamedCheck, call: Call): Promise<Instance | null> {
  const { service, serviceId: id, node } = check;
  if (id === '' || !canBeAsked(service)) return null;
  const instances = await findInstances(servers, { service, id }, call);
  return instances.find((instance) => sameNode(instance.node, node)) ?? null;
}

function notALease({ id }: LeaseName, found: readonly NamedCheck[]): SdctlError {
  const types = [...new Set(found.map(({ type }) => (type === '' ? 'no type' : `type ${type}`)))].join(
    ' and ',
  );
  return new SdctlError('E_USAGE', `the check ${id} is no lease`, {
    why: `it is a check of ${types}; only TTL checks and sessions are leases`,
  });
}

function ambiguous({ id }: LeaseName, found: readonly NamedCheck[]): SdctlError {
  const candidates = found.map(({ node }) => formatLeaseName({ kind: 'ttl-check', id, node }));
  return new SdctlError('E_AMBIGUOUS', `${found.length} nodes have a check ${id}`, {
    why: candidates.join(', '),
    hint: `sdctl lease inspect ${quoted(candidates[0] ?? '')}`,
    details: { candidates },
  });
}

/** The failure of an attempt to revoke what is no session. */
export function notRevoked({ id, node, bindings }: LeaseRecord): SdctlError {
  const name = bindings.find(({ kind }) => kind === 'instance')?.name ?? null;
  if (name !== null) {
    return new SdctlError('E_USAGE', 'a TTL check is not revoked', {
      why: `${id} belongs to an instance, and goes with it`,
      hint: `sdctl deregister ${shellWord(formatInstanceName(name))}`,
    });
  }
  return new SdctlError('E_USAGE', 'a TTL check is not revoked', {
    why: `${id} belongs to the node ${node ?? ''} itself; only its agent can remove it`,
  });
}

function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : quoted(text);
}

/** One word for a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

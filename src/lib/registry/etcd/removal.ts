import { SdctlError } from '../../errors.js';
import { formatInstanceName } from '../../model/instance-name.js';
import type { Instance } from '../../model/instance.js';
import type { LeaseBinding, LeaseRecord } from '../../model/lease.js';
import type { RemovalPlan, RemovalWish } from '../../model/removal.js';
import type { DeregisterOutcome } from '../types.js';
import { limitsLeft, type CallLimits } from './calls.js';
import { deregister, type DeregisterDeps } from './deregister.js';
import { EntryWriter } from './entry-writer.js';
import { toHexLease } from './ids.js';
import { readLease, revokeLease } from './lease-read.js';

/**
 * How an entry is removed: by a guarded delete of its key, or on request by the end of its lease.
 *
 * @throws {SdctlError} E_USAGE for what cannot be removed that way; E_FORBIDDEN when what hangs on its lease may not be
 *   seen
 */
export async function planRemoval(
  deps: DeregisterDeps,
  instance: Instance,
  how: RemovalWish,
  limits: CallLimits,
): Promise<RemovalPlan> {
  if (how === 'catalog')
    throw new SdctlError('E_USAGE', '--how catalog is for Consul', {
      why: 'etcd has no catalog beside its keys',
      hint: '--how auto',
    });
  const base = { instance, at: null, agent: 'none', takesMs: 0 } as const;
  if (how !== 'revoke') return { ...base, method: 'delete', falls: [] };
  const lease = await leaseOf(deps, instance, limits);
  const falls = lease.bindings.filter(({ key }) => key !== instance.key);
  refuseReadOnly(falls);
  return { ...base, method: 'revoke', falls };
}

async function leaseOf(deps: DeregisterDeps, instance: Instance, limits: CallLimits): Promise<LeaseRecord> {
  const name = formatInstanceName(instance);
  if (instance.lease === null)
    throw new SdctlError('E_USAGE', `${name} has no lease to revoke`, {
      why: 'its key stays until somebody deletes it',
      hint: '--how delete',
    });
  const lease = await readLease(deps, { id: instance.lease.id, node: null }, limits);
  if (lease === null)
    throw new SdctlError('E_CONFLICT', `the lease of ${name} has just ended`, {
      why: `etcd does not know ${instance.lease.id} any more`,
      hint: `sdctl list ${name}`,
    });
  if (!lease.knowsBindings)
    throw new SdctlError('E_FORBIDDEN', `what hangs on lease ${lease.id} may not be seen`, {
      why: 'this user may not read all of its keys, so nobody could say what a revoke takes with it',
      hint: '--how delete',
    });
  return lease;
}

function refuseReadOnly(falls: readonly LeaseBinding[]): void {
  const foreign = falls.find(({ instance }) => instance?.readOnly === true);
  if (foreign === undefined) return;
  throw new SdctlError('E_USAGE', `${foreign.key ?? ''} would fall with the lease`, {
    why: `the layout ${foreign.layout ?? ''} is read-only: the state of another system`,
    hint: '--how delete',
  });
}

/** Removes what was planned, if it still is as it was seen. */
export async function removePlanned(
  deps: DeregisterDeps,
  plan: RemovalPlan,
  limits: CallLimits,
): Promise<DeregisterOutcome> {
  const { instance, method, falls } = plan;
  const target = { service: instance.service, id: instance.id };
  if (method !== 'revoke') return deregister(deps, target, instance, limits);
  const left = limitsLeft(deps.clock, limits);
  const found = await new EntryWriter(deps.calls, instance.key ?? '').read(left());
  if (found === null) return 'absent';
  const isSeen = found.mod_revision === instance.revision && toHexLease(found.lease) === instance.lease?.id;
  if (!isSeen) return 'changed';
  const outcome = await revokeLease(deps, leaseRecord(instance, falls), left());
  return outcome === 'revoked' ? 'removed' : outcome;
}

/** The lease as it was when the removal was planned. */
function leaseRecord(instance: Instance, falls: readonly LeaseBinding[]): LeaseRecord {
  const own: LeaseBinding = {
    kind: 'instance',
    key: instance.key,
    isBinaryKey: false,
    name: { service: instance.service, id: instance.id, node: null },
    instance,
    layout: instance.layout,
  };
  return {
    kind: 'lease',
    id: instance.lease?.id ?? '',
    node: null,
    name: null,
    grantedSeconds: null,
    leftSeconds: null,
    isOverdue: false,
    isRenewed: null,
    health: null,
    output: null,
    onEnd: null,
    bindings: [own, ...falls],
    knowsBindings: true,
  };
}

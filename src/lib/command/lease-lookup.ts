import { parseLeaseId } from '../discovery/lease-id.js';
import { SdctlError } from '../errors.js';
import type { LeaseName, LeaseRecord } from '../model/lease.js';
import type { RegistryHandle } from '../registry/types.js';
import { unescapeField } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import { usageError } from './usage.js';

const FORMS: Readonly<Record<string, readonly [forms: string, example: string]>> = {
  etcd: ['up to 16 hex digits, 0x and hex digits, dec: and a decimal number', '694d8c1f2a3b4c2d'],
  consul: ['the id of a session, CHECK@NODE, CHECK', 'service:order-1@node-2'],
};

/** The leases that an argument may mean, most likely first. @throws {SdctlError} E_USAGE for what is no id */
export function requireLeaseNames({ connection }: Invocation, argument: string): readonly LeaseName[] {
  const { backend } = connection;
  // As it was typed, and as it is printed: controls and backslashes are escaped there.
  const readings = [...new Set([argument, unescapeField(argument)])].map((text) =>
    parseLeaseId(text, backend),
  );
  const names = readings.flatMap((reading) => (reading.ok ? reading.names : []));
  const [first] = readings;
  if (names.length > 0 || first === undefined || first.ok) return names;
  const [forms, example] = FORMS[backend] ?? ['the id of a run', 'ID'];
  throw usageError(
    `"${argument}" is no id of a lease`,
    `${first.reason}; valid: ${forms}`,
    `sdctl lease inspect ${example}`,
  );
}

/**
 * Reads the lease that an argument names, with everything that hangs on it.
 *
 * @throws {SdctlError} E_NOT_FOUND when the registry does not know it
 */
export async function requireLease(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly LeaseName[],
): Promise<LeaseRecord> {
  for (const name of names) {
    const lease = await handle.operations.readLease(name, invocation.callOptions());
    if (lease !== null) return lease;
  }
  throw notFound(invocation, names[0] ?? { id: '', node: null });
}

function notFound({ connection, place }: Invocation, { id, node }: LeaseName): SdctlError {
  const message =
    connection.backend === 'consul'
      ? `no TTL check or session "${id}"${node === null ? '' : ` on node "${node}"`} in ${place}`
      : `no lease ${id}: expired or never granted`;
  return new SdctlError('E_NOT_FOUND', message, { hint: 'sdctl lease list', details: { lease: id } });
}

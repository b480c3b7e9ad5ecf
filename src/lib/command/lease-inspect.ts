import type { RegistryHandle } from '../registry/types.js';
import { renderNames } from '../render/fields.js';
import { leaseDetails, leaseDetailsTsv } from '../render/lease-details.js';
import { leaseDocument } from '../render/lease-documents.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { LeaseName } from '../model/lease.js';
import { toRfc3339 } from '../time/clock.js';
import type { Invocation } from './invocation.js';
import { requireLease } from './lease-lookup.js';
import { documentText, isDocumentFormat } from './print-document.js';

/** Prints one lease with everything that hangs on it. @throws {SdctlError} E_NOT_FOUND */
export async function inspectLease(
  invocation: Invocation,
  handle: RegistryHandle,
  names: readonly LeaseName[],
): Promise<void> {
  const { view, connection, deps } = invocation;
  const { backend } = connection;
  const lease = await requireLease(invocation, handle, names);
  if (isDocumentFormat(view.format)) {
    invocation.print(await documentText(leaseDocument(lease, backend), view.format));
  } else if (view.format === 'name') {
    invocation.print(renderNames([formatLeaseName(lease)]));
  } else if (view.format === 'tsv') {
    invocation.print(leaseDetailsTsv(lease, backend));
  } else {
    invocation.print(leaseDetails(lease, { backend, at: toRfc3339(deps.clock.nowMs()) }, view));
  }
}

import type { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { Restored, SavedEntry } from '../model/removal.js';
import type { RegistryHandle } from '../registry/types.js';
import { escapeField, safeName, safeText } from '../render/safe-text.js';
import { formatDuration } from '../time/duration.js';
import type { Invocation } from './invocation.js';
import { isDocumentFormat } from './print-document.js';

/** What became of one entry that was to be put back. */
export interface RestoreOutcome {
  readonly entry: SavedEntry;
  readonly outcome: 'restored' | 'occupied' | 'planned' | 'failed';
  readonly restored: Restored | null;
  readonly error: SdctlError | null;
}

/** SERVICE/INSTANCE, with the node on Consul. Untrusted. */
export function savedName(entry: SavedEntry): string {
  const node = entry.backend === 'consul' ? entry.node : null;
  return formatInstanceName({ service: entry.service, id: entry.id, node });
}

/** The key that is written; null where an entry has none. Untrusted. */
export function savedKey(entry: SavedEntry): string | null {
  return entry.backend === 'etcd' ? Buffer.from(entry.keyBase64, 'base64').toString('utf8') : null;
}

/** Says what became of one entry; its name goes to stdout once it is back. */
export function sayRestored(
  invocation: Invocation,
  handle: RegistryHandle,
  { entry, outcome, restored, error }: RestoreOutcome,
): void {
  const { diagnostics, view } = invocation;
  const key = savedKey(entry);
  const name = safeName(savedName(entry)) + (key === null ? '' : `   ${safeName(key)}`);
  if (error !== null) {
    diagnostics.line(`  ${name}: not put back: ${safeText(error.why ?? error.message)}`);
    return;
  }
  const end = outcome === 'planned' ? 'would be put back where nothing stands' : afterwards(entry, restored);
  diagnostics.say(`  ${name}: ${end}`);
  if (outcome !== 'restored' || isDocumentFormat(view.format)) return;
  const { service, id } = entry;
  const printed = formatInstanceName({ service, id, node: null }, handle.capabilities.nodes);
  invocation.print(`${escapeField(printed)}\n`);
}

/** What somebody has to do for it to stay. */
function afterwards(entry: SavedEntry, restored: Restored | null): string {
  if (entry.backend === 'consul') {
    const lost = entry.lostChecks.map(({ id }) => safeName(id));
    const checks =
      lost.length === 0 ? '' : `; lost, because Consul does not tell how they were set: ${lost.join(', ')}`;
    return `put back, critical until somebody passes its TTL check${checks}`;
  }
  const leftMs = restored?.endsInSeconds == null ? null : restored.endsInSeconds * 1_000;
  if (leftMs === null) return 'put back without a lease, as it was';
  const lease = restored?.leaseId == null ? 'a new lease' : `the new lease ${safeName(restored.leaseId)}`;
  return `put back under ${lease}, which nobody renews: it ends in ${formatDuration(leftMs)}`;
}

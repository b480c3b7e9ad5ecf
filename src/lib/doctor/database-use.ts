import type { BackendFacts } from '../model/backend-facts.js';
import type { Severity } from '../model/finding.js';
import type { Thresholds } from './settings.js';

/** How full the database of one server is. */
export interface DatabaseUse {
  readonly server: string;
  readonly sizeBytes: number;
  /** null: it does not say. */
  readonly inUseBytes: number | null;
  /** null: it has no limit, or has passed the one that was assumed, which was wrong then. */
  readonly quotaBytes: number | null;
  readonly isAssumed: boolean;
}

/** The databases of all servers that tell their size. */
export function databaseUses(
  { servers }: BackendFacts,
  { assumedQuotaBytes }: Thresholds,
): readonly DatabaseUse[] {
  return servers.flatMap(({ server, dbSizeBytes: sizeBytes, dbInUseBytes: inUseBytes, quotaBytes }) => {
    if (sizeBytes === null) return [];
    const isAssumed = quotaBytes === null;
    const quota = quotaBytes ?? (sizeBytes > assumedQuotaBytes ? 0 : assumedQuotaBytes);
    // etcd takes 0 for its default and says so; below that there is no limit.
    return [{ server, sizeBytes, inUseBytes, quotaBytes: quota > 0 ? quota : null, isAssumed }];
  });
}

/** The share of the quota that is taken; 0 where there is none. */
export function shareOf({ sizeBytes, quotaBytes }: DatabaseUse): number {
  return quotaBytes === null ? 0 : sizeBytes / quotaBytes;
}

/** How bad it is; null: there is room. An assumption is never enough for an error. */
export function fullness(use: DatabaseUse, thresholds: Thresholds): Severity | null {
  const share = shareOf(use);
  if (share < thresholds.quotaWarningShare) return null;
  return share >= thresholds.quotaErrorShare && !use.isAssumed ? 'error' : 'warning';
}

/** Whether less than half of a large file is used: the rest is given back only by defragmenting. */
export function isFragmented(
  { sizeBytes, inUseBytes }: DatabaseUse,
  { fragmentationBytes }: Thresholds,
): boolean {
  return inUseBytes !== null && sizeBytes > fragmentationBytes && inUseBytes < sizeBytes / 2;
}

/** `1.7 GiB`, `120 MiB`. */
export function bytesText(bytes: number): string {
  const mebibytes = bytes / 1024 ** 2;
  return mebibytes < 1024 ? `${Math.round(mebibytes)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}

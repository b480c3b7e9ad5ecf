import type { SdctlError } from '../errors.js';
import { parseInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';
import type { RemovalPlan, Restored, SavedEntry } from '../model/removal.js';
import { causeItem, instanceItem, leaseDecimal } from './document-items.js';
import type { DeregisterItem, DeregisterResult, RestoreItem, RestoreResult } from './document-types.js';
import { headOf } from './documents.js';
import type { Origin } from './summary-lines.js';

/** What became of one target, as documents take it. */
export interface RemovalItemSource {
  /** As it was named; for a target that stands for nothing. */
  readonly name: string;
  /** What was there before; null when nothing was. */
  readonly entry: Instance | null;
  readonly plan: RemovalPlan | null;
  readonly outcome: DeregisterItem['outcome'];
  readonly error: SdctlError | null;
  /** What a look afterwards has found; null: there was none, or it was broken off. */
  readonly looked: {
    readonly goneForMs: number | null;
    readonly back: { readonly instance: Instance; readonly afterMs: number } | null;
  } | null;
}

/** What became of each target of a removal. */
export function deregisterResult(
  targets: readonly RemovalItemSource[],
  { context, backend }: Origin,
  options: { readonly dryRun: boolean; readonly hasNodes: boolean },
): DeregisterResult {
  const items = targets.map((target) => deregisterItem(target, backend, options.hasNodes));
  return { ...headOf('DeregisterResult'), context, backend, dryRun: options.dryRun, items };
}

function deregisterItem(
  { name, entry, plan, outcome, error, looked }: RemovalItemSource,
  backend: string,
  hasNodes: boolean,
): DeregisterItem {
  const named = entry ?? parseInstanceName(name, hasNodes);
  const back = looked?.back ?? null;
  return {
    service: named?.service ?? name,
    instance: named?.id ?? '',
    node: named?.node ?? null,
    outcome,
    entry: entry === null ? null : instanceItem(entry, backend),
    error: error === null ? null : causeItem(error),
    how: plan?.method ?? null,
    agent: plan?.at ?? null,
    falls: (plan?.falls ?? []).flatMap(({ key }) => key ?? []),
    goneForSeconds: toSeconds(looked?.goneForMs ?? null),
    comeback:
      back === null
        ? null
        : { afterSeconds: back.afterMs / 1_000, entry: instanceItem(back.instance, backend) },
  };
}

/** What became of one entry of an undo file, as documents take it. */
export interface RestoreItemSource {
  readonly entry: SavedEntry;
  readonly outcome: RestoreItem['outcome'];
  readonly restored: Restored | null;
  readonly error: SdctlError | null;
}

/** What became of each entry that was to be put back. */
export function restoreResult(
  targets: readonly RestoreItemSource[],
  { context, backend }: Origin,
  options: { readonly dryRun: boolean },
): RestoreResult {
  const items = targets.map((target) => restoreItem(target, backend));
  return { ...headOf('RestoreResult'), context, backend, dryRun: options.dryRun, items };
}

function restoreItem({ entry, outcome, restored, error }: RestoreItemSource, backend: string): RestoreItem {
  const leaseId = restored?.leaseId ?? null;
  return {
    service: entry.service,
    instance: entry.id,
    node: entry.backend === 'consul' ? entry.node : null,
    outcome,
    lease: leaseId === null ? null : { id: leaseId, idDecimal: leaseDecimal(leaseId, backend) },
    endsInSeconds: restored?.endsInSeconds ?? null,
    lostChecks: entry.backend === 'consul' ? entry.lostChecks.map(({ id }) => id) : [],
    error: error === null ? null : causeItem(error),
  };
}

function toSeconds(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms) / 1_000;
}

import { describe } from 'vitest';
import type { LeftReason } from '../../src/lib/model/membership.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import type { ContractSetting, ContractTarget } from './contract-setting.js';
import { describeListing } from './contract-listing.js';
import { describeRegistration } from './contract-registration.js';
import { describeRivals } from './contract-rivals.js';
import { describeWatch } from './contract-watch.js';

/** What a backend needs or cannot do; everything else is the same for all. */
export interface ContractOptions {
  /** TTL of the registrations; default 2 000. */
  readonly ttlMs?: number;
  /** Added to every limit, for servers that are slower than a directory; default 1 000. */
  readonly marginMs?: number;
  /** What a missed renewal leads to; default `left`. */
  readonly onExpiry?: 'left' | 'critical';
  /** What the backend may say of an entry that was removed; default `deleted` or `unknown`. */
  readonly deletedReasons?: readonly LeftReason[];
  /** What it may say of one that was not renewed; default `expired` or `unknown`. */
  readonly expiredReasons?: readonly LeftReason[];
  /** Entries may have several endpoints; default true. */
  readonly severalEndpoints?: boolean;
  /** The target has `rawPut`; default true. False for registries that take no value of their own. */
  readonly rawValues?: boolean;
  /** A handle whose registry never answers; null for one that is always there. */
  readonly openUnreachable: (() => Promise<RegistryHandle>) | null;
}

/** What every backend must do, in the same words for all. Under 40 s with a TTL of 2 s. */
export function registryContract(
  name: string,
  open: () => Promise<ContractTarget>,
  options: ContractOptions,
): void {
  const setting: ContractSetting = {
    open,
    ttlMs: options.ttlMs ?? 2_000,
    marginMs: options.marginMs ?? 1_000,
    onExpiry: options.onExpiry ?? 'left',
    deletedReasons: options.deletedReasons ?? ['deleted', 'unknown'],
    expiredReasons: options.expiredReasons ?? ['expired', 'unknown'],
    severalEndpoints: options.severalEndpoints ?? true,
    rawValues: options.rawValues ?? true,
    openUnreachable: options.openUnreachable,
  };
  describe(`${name} registry`, () => {
    describeListing(setting);
    describeWatch(setting);
    describeRegistration(setting);
    describeRivals(setting);
  });
}

/** A target that only has to dispose its handle. */
export function targetOf(handle: RegistryHandle, rawPut?: ContractTarget['rawPut']): ContractTarget {
  return {
    handle,
    ...(rawPut === undefined ? {} : { rawPut }),
    [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
  };
}

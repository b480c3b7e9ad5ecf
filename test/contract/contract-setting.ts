/** What the parts of the contract suite share. */
import type { LeftReason } from '../../src/lib/model/membership.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';

/** A backend as the suite sees it. Opened anew for each test; disposed by the test. */
export interface ContractTarget extends AsyncDisposable {
  /** Opened with `testDeps()`: the suite's owners are judged by its process probe. */
  readonly handle: RegistryHandle;
  /** Puts a value that no layout knows where an entry of the service would be; absent where that is not possible. */
  readonly rawPut?: (service: string, id: string, value: string) => Promise<void>;
}

/** Options with their defaults, as the parts of the suite use them. */
export interface ContractSetting {
  readonly open: () => Promise<ContractTarget>;
  readonly ttlMs: number;
  readonly marginMs: number;
  readonly onExpiry: 'left' | 'critical';
  readonly deletedReasons: readonly LeftReason[];
  readonly expiredReasons: readonly LeftReason[];
  readonly severalEndpoints: boolean;
  readonly rawValues: boolean;
  readonly openUnreachable: (() => Promise<RegistryHandle>) | null;
}

/** @throws when the backend said that it takes raw values and its target has no way to write them */
export function rawPutOf(target: ContractTarget): NonNullable<ContractTarget['rawPut']> {
  if (target.rawPut === undefined) throw new Error('the target has no rawPut, declare rawValues: false');
  return target.rawPut;
}

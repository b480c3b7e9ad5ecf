import type { Instance, Owner } from '../model/instance.js';
import type { DeregisterOutcome } from './types.js';

/** Limits of one driver call. */
export interface DriverCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** An entry of another run under the id we want. */
export interface Occupant {
  readonly instance: Instance;
  /** Opaque to the loop: what a replacement compares with, so that it replaces exactly this entry. */
  readonly token: string;
  /**
   * Milliseconds until it ends if nobody renews it; 0: it is not renewed any more; null: it never ends by itself.
   * Where the registry does not tell, the whole TTL.
   */
  readonly leftMs: number | null;
}

/** `fresh`: only where nothing is, or what is there is ours. `replace`: also where exactly that occupant is. */
export type ClaimMode =
  { readonly type: 'fresh' } | { readonly type: 'replace'; readonly occupant: Occupant };

export type ClaimResult =
  | {
      readonly state: 'claimed';
      readonly instance: Instance;
      readonly leaseId: string;
      /** As granted. */
      readonly ttlMs: number;
    }
  | { readonly state: 'occupied'; readonly occupant: Occupant };

export type RenewResult =
  | { readonly state: 'renewed'; readonly ttlMs: number }
  /** The registry says that the lease or the entry is gone. */
  | { readonly state: 'gone'; readonly why: string }
  /** The entry is there, but it belongs to another run. */
  | { readonly state: 'taken'; readonly by: Owner | null };

/** What may call for a renewal before its time. */
export type Disturbance = { readonly type: 'broken'; readonly why: string } | { readonly type: 'changed' };

/**
 * One registration as a backend keeps it. The loop in `keep-registered.ts` owns time, retries, states and policy;
 * a driver only talks to its registry. Every method rejects with SdctlError when the outcome is unclear or the
 * registry is away, and each is harmless to repeat.
 */
export interface RegistrationDriver {
  readonly owner: Owner;
  claim(mode: ClaimMode, call: DriverCall): Promise<ClaimResult>;
  /** Renews and makes sure the entry is there and ours. A driver with several servers moves on by itself after a failure. */
  renew(call: DriverCall): Promise<RenewResult>;
  /** Resolves when something happened that an early renewal would clarify; never where the backend cannot tell. */
  disturbed(signal: AbortSignal): Promise<Disturbance>;
  /** Removes the entry if it is ours. */
  release(call: DriverCall): Promise<DeregisterOutcome>;
  /** Called after a refusal, before the next attempt: read credential files again. */
  refreshCredentials(): void;
  /** Frees streams and timers; never rejects, the entry stays as it is. */
  close(): Promise<void>;
}

import type { SdctlError } from '../errors.js';
import type { Instance } from './instance.js';

interface EventBase {
  /** RFC 3339 UTC. */
  readonly at: string;
  readonly instance: Instance;
  /** The claim at that moment; see `LeaseRef.id`. */
  readonly leaseId: string;
}

/**
 * The life of a registration. `late`: a renewal is overdue or the connection broke, the entry may still live;
 * `lost`: the registry confirmed that it is gone; `restored`: announced again after that.
 */
export type RegistrationEvent =
  | (EventBase & {
      readonly type: 'registered';
      readonly ttlSeconds: number;
      /** Consul: how long it may stay critical before it is removed; null elsewhere. */
      readonly deregisterAfterSeconds: number | null;
    })
  | (EventBase & {
      readonly type: 'renewed';
      readonly ttlSeconds: number;
      /** It was late before. */ readonly afterLate: boolean;
    })
  | (EventBase & {
      readonly type: 'late';
      /** Seconds until the entry ends by itself; 0 once the TTL has passed without an answer. */
      readonly leftSeconds: number;
      readonly cause: SdctlError;
    })
  | (EventBase & { readonly type: 'lost'; readonly why: string })
  | (EventBase & {
      readonly type: 'restored';
      readonly ttlSeconds: number;
      readonly previousLeaseId: string;
      /** What it was before, where it is announced under another key now; null where the key is the same. */
      readonly previous: Instance | null;
    })
  | (EventBase & { readonly type: 'deregistered'; readonly outcome: string });

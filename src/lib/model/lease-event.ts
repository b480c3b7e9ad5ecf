import type { LeaseRecord } from './lease.js';

/**
 * What happened to a lease that is followed. `listed`: it was there at the start. `left`: less time is left. `renewed`:
 * somebody renews it. `changed`: something else hangs on it, or its state is another. `new`: granted meanwhile. `ended`:
 * the registry does not know it any more.
 */
export const leaseEventTypes = ['listed', 'left', 'renewed', 'changed', 'new', 'ended'] as const;
/** One of them. */
export type LeaseEventType = (typeof leaseEventTypes)[number];

/** One thing that happened to a lease. */
export interface LeaseEvent {
  readonly type: LeaseEventType;
  /** As it is now; for `ended` as it was last, without time left. */
  readonly lease: LeaseRecord;
}

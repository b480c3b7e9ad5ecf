import { compareText, healthStates } from '../model/instance.js';
import type { LeaseRecord } from '../model/lease.js';
import { globMatcher, isGlob } from './selector.js';

/** Which leases are asked for; all conditions must hold. */
export interface LeaseFilter {
  /** A name of a service or a pattern; null: all leases. */
  readonly service: string | null;
  /** Only leases with at most so many seconds left, or overdue; null: all. */
  readonly expiringSeconds: number | null;
  /** Only leases on which nothing hangs. */
  readonly isOrphan: boolean;
}

/** The leases asked for, in the order of lists. */
export function selectLeases(leases: readonly LeaseRecord[], filter: LeaseFilter): readonly LeaseRecord[] {
  const ofService = filter.service === null ? null : serviceTest(filter.service);
  return leases
    .filter(
      (lease) =>
        (ofService === null || lease.bindings.some(({ name }) => name !== null && ofService(name.service))) &&
        (filter.expiringSeconds === null || isExpiring(lease, filter.expiringSeconds)) &&
        (!filter.isOrphan || isOrphan(lease)),
    )
    .sort(compareLeases);
}

function serviceTest(service: string): (name: string) => boolean {
  return isGlob(service) ? globMatcher(service) : (name) => name === service;
}

function isExpiring({ leftSeconds, isOverdue }: LeaseRecord, withinSeconds: number): boolean {
  return isOverdue || (leftSeconds !== null && leftSeconds <= withinSeconds);
}

/** Nothing hangs on it, as far as anybody can know. */
function isOrphan({ knowsBindings, bindings }: LeaseRecord): boolean {
  return knowsBindings && bindings.length === 0;
}

/** Overdue first, then by the state of checks, then least time left, unknown last; then id and node. */
function compareLeases(a: LeaseRecord, b: LeaseRecord): number {
  return (
    Number(b.isOverdue) - Number(a.isOverdue) ||
    healthRank(a) - healthRank(b) ||
    compareLeft(a.leftSeconds, b.leftSeconds) ||
    compareText(a.id, b.id) ||
    compareText(a.node ?? '', b.node ?? '')
  );
}

function healthRank({ health }: LeaseRecord): number {
  return health === null ? healthStates.length : healthStates.indexOf(health);
}

function compareLeft(a: number | null, b: number | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  return a - b;
}

/**
 * How often to renew a lease: a third of its time-to-live, so two renewals may fail before it expires.
 *
 * @param ttlMs time-to-live granted by the registry, in milliseconds; at least 1 000
 * @returns interval between renewals, in milliseconds
 * @throws {RangeError} when `ttlMs` is not finite or is below 1 000
 * @see etcd-io/etcd client/v3/lease.go, recvKeepAlive: the Go client renews at the same third
 */
export function renewalIntervalMs(ttlMs: number): number {
  if (!(ttlMs >= 1_000 && ttlMs < Infinity))
    throw new RangeError(`ttlMs must be at least 1 000, got ${ttlMs}`);
  return Math.floor(ttlMs / 3);
}

/**
 * How long one renewal may take before it counts as overdue and another way is tried.
 *
 * @returns milliseconds: a third of the TTL, within 300 ms and 2 s, so that `late` is said by two thirds of the TTL
 */
export function renewalTimeoutMs(ttlMs: number): number {
  return Math.max(300, Math.min(ttlMs / 3, 2_000));
}

import type { Calls, CallLimits } from './calls.js';
import { newLeaseId, toHexLease } from './ids.js';
import { isLeaseNotFound, isLeaseThere } from './map-error.js';

/** The lease of one registration. Its id is ours, so that a grant may be repeated after an unclear outcome. */
export class OwnLease {
  readonly #calls: Calls;
  readonly #ttlSeconds: number;
  #id = newLeaseId();
  #grantedMs: number | null = null;

  constructor(calls: Calls, ttlMs: number) {
    this.#calls = calls;
    this.#ttlSeconds = Math.ceil(ttlMs / 1_000);
  }

  /** Decimal, as etcd3 sends it. */
  get id(): string {
    return this.#id;
  }

  /** 16 hex digits. */
  get hexId(): string {
    return toHexLease(this.#id) ?? '';
  }

  /** The TTL that the server granted, in milliseconds; what was asked for until then. */
  get ttlMs(): number {
    return this.#grantedMs ?? this.#ttlSeconds * 1_000;
  }

  /** The registry said that it is gone; the next grant takes a new id. */
  forget(): void {
    this.#id = newLeaseId();
    this.#grantedMs = null;
  }

  /**
   * Makes sure that the lease is there with its whole TTL: grants it, or renews the one that an earlier call granted.
   *
   * @throws {SdctlError} as `Calls.run`
   */
  async ensure(limits: CallLimits, renew: () => Promise<number>): Promise<void> {
    const fresh = await this.#grant(limits);
    if (fresh || (await renew()) > 0) return;
    this.forget();
    await this.#grant(limits);
  }

  /** Ends the lease and every key that still hangs on it. One that is gone already is a success. */
  async revoke(limits: CallLimits): Promise<void> {
    await this.#calls.run(limits, async ({ lease }) => {
      try {
        await lease.leaseRevoke({ ID: this.#id });
      } catch (error) {
        if (!isLeaseNotFound(error)) throw error;
      }
    });
  }

  /** @returns false when it was there already */
  async #grant(limits: CallLimits): Promise<boolean> {
    return this.#calls.run(limits, async ({ lease }) => {
      try {
        const { TTL } = await lease.leaseGrant({ ID: this.#id, TTL: this.#ttlSeconds });
        this.#grantedMs = Number(TTL) * 1_000;
        return true;
      } catch (error) {
        if (!isLeaseThere(error)) throw error;
        return false;
      }
    });
  }
}

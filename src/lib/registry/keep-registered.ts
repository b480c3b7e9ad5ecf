import { isAborted, SdctlError } from '../errors.js';
import type { Instance } from '../model/instance.js';
import type { RegistrationEvent } from '../model/registration.js';
import { backoffMs } from '../time/backoff.js';
import { toRfc3339 } from '../time/clock.js';
import { renewalIntervalMs, renewalTimeoutMs } from '../time/renewal.js';
import type { ClaimDeps, Claimed } from './claim.js';
import { claimAtStart, DEFAULT_TIMEOUT_MS, REFUSED_PAUSE_MS } from './claim-at-start.js';
import type { LoopDeps } from './keep-following.js';
import type { RegistrationDriver, RenewResult } from './registration-driver.js';
import {
  badTtl,
  isDenied,
  isRetryable,
  membershipLost,
  MIN_TTL_MS,
  takenOver,
} from './registration-failures.js';
import { openScope } from './scope.js';
import type { CallOptions, DeregisterOutcome, RegisterOptions, Registration } from './types.js';

export interface RegistrationDeps extends LoopDeps, ClaimDeps {}

/** Retries within one renewal: quick at first, because another server may answer, and never more than half a second apart. */
const RENEW_BACKOFF = { firstMs: 50, maxMs: 500 };
const UNDO_MS = 2_000;
/** A disturbance that comes this long after the last one is no repetition. */
const CALM_MS = 5_000;

/**
 * Announces an instance and keeps it announced through every fault, on any backend. Resolves after the first write.
 *
 * @throws {SdctlError} what the driver reports before the first success, E_USAGE for a TTL under 2 s, or E_CONFLICT
 *   (see `claimFirst`)
 */
export async function keepRegistered(
  driver: RegistrationDriver,
  deps: RegistrationDeps,
  options: RegisterOptions,
): Promise<Registration> {
  try {
    if (!(options.ttlMs >= MIN_TTL_MS && options.ttlMs < Infinity)) throw badTtl(options.ttlMs);
    const claimed = await claimAtStart(driver, deps, options);
    const kept = new KeptRegistration(driver, deps, options, claimed);
    kept.begin();
    return kept;
  } catch (error) {
    // The last claim may have reached the registry although its answer did not reach us. One that somebody else won has
    // left its lease behind.
    if (options.signal.aborted || (error instanceof SdctlError && error.code === 'E_CONFLICT')) {
      await driver
        .release({ signal: AbortSignal.timeout(UNDO_MS), timeoutMs: UNDO_MS })
        .catch(() => undefined);
    }
    await driver.close();
    throw error;
  }
}

type EventBody = RegistrationEvent extends infer E
  ? E extends unknown
    ? Omit<E, 'at' | 'instance' | 'leaseId'>
    : never
  : never;

class KeptRegistration implements Registration {
  readonly ended: Promise<SdctlError | null>;
  readonly #driver: RegistrationDriver;
  readonly #deps: RegistrationDeps;
  readonly #options: RegisterOptions;
  readonly #stop = new AbortController();
  #instance: Instance;
  #leaseId: string;
  #ttlMs: number;
  /** Monotonic time at which the last confirmed renewal was sent: the TTL counts from there, never later. */
  #confirmedMs: number;
  #late: { zeroSaid: boolean; refused: boolean } | null = null;
  /** From a confirmed loss until it is restored: nothing is left, unless the claim that was sent then was carried out. */
  #lost: { claimSentMs: number } | null = null;
  #settle: (error: SdctlError | null) => void = () => undefined;
  #loop: Promise<void> = Promise.resolve();
  #settled = false;
  #released: DeregisterOutcome | null = null;
  /** Renewals called for before their time, one soon after the other. */
  #disturbances = { count: 0, lastMs: -Infinity };

  constructor(
    driver: RegistrationDriver,
    deps: RegistrationDeps,
    options: RegisterOptions,
    claimed: Claimed,
  ) {
    this.#driver = driver;
    this.#deps = deps;
    this.#options = options;
    this.#instance = claimed.instance;
    this.#leaseId = claimed.leaseId;
    this.#ttlMs = claimed.ttlMs;
    this.#confirmedMs = claimed.sentMs;
    this.ended = new Promise((resolve) => {
      this.#settle = (error) => {
        this.#settled = true;
        resolve(error);
      };
    });
  }

  get instance(): Instance {
    return this.#instance;
  }

  remainingMs(): number {
    const sinceMs = this.#lost?.claimSentMs ?? this.#confirmedMs;
    return Math.max(0, sinceMs + this.#ttlMs - this.#deps.clock.monotonicMs());
  }

  begin(): void {
    this.#emit({
      type: 'registered',
      ttlSeconds: this.#ttlMs / 1_000,
      deregisterAfterSeconds:
        this.#options.deregisterAfterMs === undefined ? null : this.#options.deregisterAfterMs / 1_000,
    });
    const scope = openScope(this.#stop.signal, this.#options.signal);
    this.#loop = this.#run(scope.signal)
      .catch(async (error: unknown) => {
        await this.#driver.close();
        const failure =
          error instanceof SdctlError ? error : new SdctlError('E_DEFECT', String(error), { cause: error });
        this.#settle(failure.code === 'E_ABORTED' ? null : failure);
      })
      .finally(() => {
        scope.end();
      });
  }

  async deregister(options: CallOptions): Promise<DeregisterOutcome> {
    this.#stop.abort();
    await this.#loop;
    if (this.#released !== null) return this.#released;
    try {
      const outcome = await this.#driver.release({
        signal: options.signal,
        timeoutMs: options.timeoutMs ?? 2_500,
      });
      this.#released = outcome;
      this.#emit({ type: 'deregistered', outcome });
      return outcome;
    } finally {
      await this.#driver.close();
      this.#settle(null);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a takeover or a loss there is nothing of ours left to remove.
    if (this.#settled) return;
    await this.deregister({ signal: new AbortController().signal }).catch(() => undefined);
  }

  /** Renews until stopped. Returns on abort, throws the error that ends the membership. */
  async #run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      await this.#pause(failures, signal);
      if (isAborted(signal)) return;
      const sentMs = this.#deps.clock.monotonicMs();
      try {
        const result = await this.#driver.renew({ signal, timeoutMs: renewalTimeoutMs(this.#ttlMs) });
        if (isAborted(signal)) return;
        await this.#handle(result, sentMs, signal);
        failures = 0;
      } catch (error) {
        if (isAborted(signal)) return;
        if (!(error instanceof SdctlError) || !isRetryable(error)) throw error;
        failures += 1;
        this.#sayLate(error);
      }
    }
  }

  /** Waits for the next renewal: a third of the TTL after the last one, at once when disturbed, a short pause after a failure. */
  async #pause(failures: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    if (failures > 0) {
      const refused = this.#late?.refused === true;
      const pauseMs = refused ? REFUSED_PAUSE_MS : backoffMs(failures, random, RENEW_BACKOFF);
      await clock.sleep(Math.min(pauseMs, this.#untilZeroMs()), signal);
      return;
    }
    const waiting = openScope(signal);
    const dueAtMs = this.#confirmedMs + renewalIntervalMs(this.#ttlMs);
    const disturbance = await Promise.race([
      clock.sleep(dueAtMs - clock.monotonicMs(), waiting.signal).then(() => null),
      // A driver that cannot tell any more leaves the renewal to its time.
      this.#driver.disturbed(waiting.signal).catch(() => new Promise<never>(() => undefined)),
    ]);
    waiting.end();
    if (disturbance === null || signal.aborted) return;
    if (disturbance.type === 'broken') {
      this.#sayLate(
        new SdctlError('E_UNREACHABLE', 'the connection to the registry broke', { why: disturbance.why }),
      );
    }
    await clock.sleep(Math.min(this.#disturbedPauseMs(), dueAtMs - clock.monotonicMs()), signal);
  }

  /** None for the first disturbance; what disturbs again and again although renewals succeed must not become a busy loop. */
  #disturbedPauseMs(): number {
    const nowMs = this.#deps.clock.monotonicMs();
    const isRepeated = nowMs - this.#disturbances.lastMs < CALM_MS;
    const count = isRepeated ? this.#disturbances.count + 1 : 0;
    this.#disturbances = { count, lastMs: nowMs };
    return count === 0 ? 0 : backoffMs(count, this.#deps.random);
  }

  /** So that "0 s left" is said when it becomes true, not at the end of a longer pause. */
  #untilZeroMs(): number {
    const leftMs = this.remainingMs();
    return leftMs > 0 && this.#late?.zeroSaid === false ? leftMs + 1 : Infinity;
  }

  async #handle(result: RenewResult, sentMs: number, signal: AbortSignal): Promise<void> {
    switch (result.state) {
      case 'renewed':
        this.#ttlMs = result.ttlMs;
        this.#confirm(sentMs);
        return;
      case 'taken':
        throw takenOver(this.#instance, result.by);
      case 'gone':
        this.#lost = { claimSentMs: -Infinity };
        this.#emit({ type: 'lost', why: result.why });
        if (this.#options.onLost === 'exit') throw membershipLost(this.#instance, this.#leaseId, result.why);
        await this.#restore(signal);
    }
  }

  #confirm(sentMs: number): void {
    const afterLate = this.#late !== null;
    this.#confirmedMs = sentMs;
    this.#late = null;
    this.#emit({ type: 'renewed', ttlSeconds: this.#ttlMs / 1_000, afterLate });
  }

  /** Announces again until it works, is taken over, or is refused for two TTLs. */
  async #restore(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    const previousLeaseId = this.#leaseId;
    const before = this.#instance;
    for (let failures = 1; !signal.aborted; failures += 1) {
      const sentMs = clock.monotonicMs();
      this.#lost = { claimSentMs: sentMs };
      try {
        const timeoutMs = this.#options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
        const result = await this.#driver.claim({ type: 'fresh' }, { signal, timeoutMs });
        if (result.state === 'occupied') {
          throw takenOver(this.#instance, result.occupant.instance.owner);
        }
        this.#instance = result.instance;
        this.#leaseId = result.leaseId;
        this.#ttlMs = result.ttlMs;
        this.#confirmedMs = sentMs;
        this.#late = null;
        this.#lost = null;
        const previous = before.key === this.#instance.key ? null : before;
        this.#emit({ type: 'restored', ttlSeconds: this.#ttlMs / 1_000, previousLeaseId, previous });
        return;
      } catch (error) {
        if (isAborted(signal)) return;
        if (!(error instanceof SdctlError) || !isRetryable(error)) throw error;
        this.#sayLate(error);
        await clock.sleep(
          isDenied(error) ? REFUSED_PAUSE_MS : backoffMs(failures, random, RENEW_BACKOFF),
          signal,
        );
      }
    }
  }

  /** Says `late` when trouble begins and once more when the TTL has passed; ends what policy ends. */
  #sayLate(cause: SdctlError): void {
    const { clock } = this.#deps;
    const leftMs = this.#lost === null ? this.remainingMs() : 0;
    const first = this.#late === null;
    this.#late ??= { zeroSaid: false, refused: false };
    const isNews = isDenied(cause) && !this.#late.refused;
    this.#late.refused = isDenied(cause);
    if (this.#late.refused) {
      this.#driver.refreshCredentials();
      if (clock.monotonicMs() - this.#confirmedMs >= 2 * this.#ttlMs)
        throw membershipLost(this.#instance, this.#leaseId, cause.message, cause);
    }
    const reachedZero = leftMs === 0 && !this.#late.zeroSaid;
    if (reachedZero) this.#late.zeroSaid = true;
    if (first || reachedZero) this.#emit({ type: 'late', leftSeconds: Math.ceil(leftMs / 100) / 10, cause });
    else if (isNews) this.#options.notify?.({ level: 'warning', text: `${cause.message}; trying again` });
    if (reachedZero && this.#options.onLost === 'exit')
      throw membershipLost(this.#instance, this.#leaseId, 'its TTL passed without an answer', cause);
  }

  #emit(body: EventBody): void {
    const common = {
      at: toRfc3339(this.#deps.clock.nowMs()),
      instance: this.#instance,
      leaseId: this.#leaseId,
    };
    this.#options.onEvent?.({ ...body, ...common });
  }
}

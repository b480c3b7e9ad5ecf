import { abortedError, isRefusal, SdctlError } from '../errors.js';
import { backoffMs } from '../time/backoff.js';
import { claimFirst, type ClaimDeps, type Claimed } from './claim.js';
import type { LoopDeps } from './keep-following.js';
import type { RegistrationDriver } from './registration-driver.js';
import type { RegisterOptions } from './types.js';

/** Who is refused asks again at this pace, because only a person can change it. */
export const REFUSED_PAUSE_MS = 5_000;
export const DEFAULT_TIMEOUT_MS = 5_000;

/**
 * The first claim, repeated for as long as the caller allows before anything was announced.
 *
 * @throws {SdctlError} E_CONFLICT and wrong usage at once, anything else when `retryStartMs` is over
 */
export async function claimAtStart(
  driver: RegistrationDriver,
  deps: LoopDeps & ClaimDeps,
  options: RegisterOptions,
): Promise<Claimed> {
  const startedMs = deps.clock.monotonicMs();
  const notify = options.notify ?? (() => undefined);
  for (let failures = 1; ; failures += 1) {
    try {
      return await claimFirst(driver, deps, {
        call: { signal: options.signal, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS },
        takeover: options.takeover === true,
        notify,
      });
    } catch (error) {
      if (options.signal.aborted) throw abortedError(options.signal);
      const isFinal = !(error instanceof SdctlError) || error.code === 'E_CONFLICT' || error.exitCode === 2;
      const isOver = deps.clock.monotonicMs() - startedMs >= (options.retryStartMs ?? 0);
      if (isFinal || isOver) throw error;
      if (isRefusal(error)) driver.refreshCredentials();
      notify({ level: failures === 1 ? 'warning' : 'detail', text: `${error.message}; trying again` });
      await deps.clock.sleep(
        isRefusal(error) ? REFUSED_PAUSE_MS : backoffMs(failures, deps.random),
        options.signal,
      );
    }
  }
}

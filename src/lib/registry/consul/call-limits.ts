import type { Clock } from '../../time/clock.js';
import { startCall, type Call } from './call.js';
import type { AskLimits } from './server.js';

/** What is left of a call, for its next request. @throws {SdctlError} E_TIMEOUT when nothing is */
export function limitsOf(call: Call): AskLimits {
  return { signal: call.signal, timeoutMs: call.remainingMs() };
}

/** A part of a call with an end of its own, however many requests it takes. */
export function partOf(call: Call, timeoutMs: number, clock: Clock): Call {
  return startCall({ signal: call.signal, timeoutMs, notify: call.notify }, timeoutMs, clock);
}

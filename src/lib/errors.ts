/** The closed list of failure codes. A code is stable, stands in documents and JSON, and decides the exit code. */
export const exitCodes = {
  /** The operation failed for a reason that has no code of its own. */
  E_FAILED: 1,
  /** The registry has no room left (etcd's NOSPACE alarm). */
  E_NO_SPACE: 1,
  /** One entry or answer is larger than the registry or sdctl accepts. */
  E_TOO_LARGE: 1,
  /** Wrong flag, argument or combination. */
  E_USAGE: 2,
  /** The config file is wrong. */
  E_CONFIG: 2,
  /** Nothing says which registry to ask. */
  E_NO_REGISTRY: 2,
  /** A file that a flag or setting names cannot be read or used (CA, key, password). */
  E_FILE: 2,
  /** A name stands for several things. */
  E_AMBIGUOUS: 2,
  /** A removal was not confirmed. */
  E_CONFIRM: 2,
  /** A removal would leave too few passing instances. */
  E_MIN_HEALTHY: 2,
  /** The thing named does not exist. */
  E_NOT_FOUND: 3,
  /** The service has no instance that may be called. */
  E_NO_USABLE: 3,
  /** A list asked for with --fail-empty is empty. */
  E_EMPTY: 3,
  /** No server answered: refused, reset, no route. */
  E_UNREACHABLE: 4,
  /** No answer within the deadline. */
  E_TIMEOUT: 4,
  /** The server's name does not resolve. */
  E_DNS: 4,
  /** Something answers there, but it is no registry of this kind. */
  E_NOT_A_REGISTRY: 4,
  /** http where the server speaks https, or the reverse. */
  E_SCHEME: 4,
  /** The certificate is not trusted, expired, or for another name; or a client certificate is needed. */
  E_TLS: 4,
  /** The cluster has no leader or no quorum. */
  E_NO_QUORUM: 4,
  /** Wrong user, password or token. */
  E_AUTH: 5,
  /** Known, but not allowed. */
  E_FORBIDDEN: 5,
  /** The context is marked read-only. */
  E_READ_ONLY: 5,
  /** The answer is empty only because access rules hide everything. */
  E_FILTERED: 5,
  /** Already there, or changed meanwhile. */
  E_CONFLICT: 6,
  /** Another run took the entry over while we kept it. */
  E_TAKEN_OVER: 6,
  /** A removed entry is back. */
  E_CAME_BACK: 6,
  /** The membership of a registration was lost and not restored. */
  E_MEMBERSHIP_LOST: 7,
  /** Some of several targets failed. */
  E_PARTIAL: 8,
  /** `watch --until` was not reached in time. */
  E_NOT_REACHED: 9,
  /** A defect in sdctl. */
  E_DEFECT: 70,
  /** The caller aborted; never shown, the signal decides the exit code. */
  E_ABORTED: 130,
  /** The history asked for is compacted; the adapter reads anew. */
  E_COMPACTED: 1,
} as const;

/** A code of the closed list above. */
export type ErrorCode = keyof typeof exitCodes;

/** What an error may carry beside code and message. */
export interface SdctlErrorOptions extends ErrorOptions {
  /** The cause in plain words, server text included; untrusted, escaped when printed. */
  readonly why?: string;
  /** The next command or setting to try, ready to paste. */
  readonly hint?: string;
  /** Facts for programs (`error.details` in JSON). Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A failure the operator can act on. Anything else that reaches the top is a defect in sdctl and keeps its stack. */
export class SdctlError extends Error {
  override readonly name = 'SdctlError';
  readonly why: string | undefined;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  /**
   * @param code stable code; decides the exit code
   * @param message what failed, naming the server, key or file; one sentence without the code
   */
  constructor(
    readonly code: ErrorCode,
    message: string,
    options: SdctlErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.why = options.why;
    this.hint = options.hint;
    this.details = options.details;
  }

  get exitCode(): number {
    return exitCodes[this.code];
  }
}

/** The error of an aborted call. Carries the signal's reason as its cause. */
export function abortedError(signal?: AbortSignal): SdctlError {
  return new SdctlError('E_ABORTED', 'aborted', { cause: signal?.reason });
}

/**
 * Whether the signal has aborted by now. To be used after an `await`: the compiler takes a property that was false
 * once to be false for good.
 */
export function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Whether the registry refused who we are or what we may do. */
export function isRefusal(error: SdctlError): boolean {
  return error.code === 'E_AUTH' || error.code === 'E_FORBIDDEN';
}

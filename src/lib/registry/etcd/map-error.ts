import { status } from '@grpc/grpc-js';
import { SdctlError, type ErrorCode } from '../../errors.js';

/** One failed attempt, read once: nothing outside this file looks into grpc's errors. */
export interface Failure {
  readonly code: ErrorCode;
  /** The cause in plain words, without the server's name. */
  readonly why: string;
  /** Another server may do better. */
  readonly elsewhere: boolean;
  /** The same server may do better soon. */
  readonly passing: boolean;
  /** The request was certainly not executed. */
  readonly unsent: boolean;
  /** The connection is of no use any more. */
  readonly broken: boolean;
  /** The text does not tell the cause; a probe may. */
  readonly unclear: boolean;
  /** The token was refused; a new login may help. */
  readonly staleToken: boolean;
  readonly cause: unknown;
}

interface Rule {
  readonly match: RegExp;
  readonly code: ErrorCode;
  /** Replaces the server's text. */
  readonly why?: string;
  readonly flags?: Partial<Omit<Failure, 'code' | 'why' | 'cause'>>;
}

const REFUSED = { elsewhere: true, unsent: true, broken: true };
const NO_LEADER = { elsewhere: true, passing: true };

/** etcd's own messages first, because one grpc code stands for many causes. */
const RULES: readonly Rule[] = [
  {
    match: /invalid auth token|revision of auth store is old/,
    code: 'E_AUTH',
    flags: { staleToken: true, unsent: true },
  },
  {
    match: /user name is empty/,
    code: 'E_AUTH',
    why: 'etcd asks for a user name and password',
    flags: { staleToken: true, unsent: true },
  },
  {
    match: /authentication failed|invalid user ID or password/,
    code: 'E_AUTH',
    why: 'wrong user name or password',
    flags: { unsent: true },
  },
  { match: /permission denied/i, code: 'E_FORBIDDEN', why: 'permission denied', flags: { unsent: true } },
  {
    match: /database space exceeded/,
    code: 'E_NO_SPACE',
    why: 'database space exceeded: the NOSPACE alarm is raised',
    flags: { unsent: true },
  },
  {
    match: /request is too large|message larger than max|too many operations/i,
    code: 'E_TOO_LARGE',
    flags: { unsent: true },
  },
  { match: /required revision has been compacted/, code: 'E_COMPACTED' },
  { match: /no leader/, code: 'E_NO_QUORUM', why: 'the cluster has no leader', flags: NO_LEADER },
  {
    match: /etcdserver: request timed out|leader changed|not enough started/,
    code: 'E_NO_QUORUM',
    why: 'the cluster has no leader or no quorum',
    flags: NO_LEADER,
  },
  {
    match: /etcdserver: (server stopped|too many requests|not ready|unhealthy cluster)/,
    code: 'E_UNREACHABLE',
    flags: NO_LEADER,
  },
  {
    match: /Name resolution failed|ENOTFOUND|EAI_AGAIN/,
    code: 'E_DNS',
    why: 'the name does not resolve',
    flags: REFUSED,
  },
  { match: /ECONNREFUSED/, code: 'E_UNREACHABLE', why: 'connection refused', flags: REFUSED },
  { match: /EHOSTUNREACH|ENETUNREACH/, code: 'E_UNREACHABLE', why: 'no route to the host', flags: REFUSED },
  {
    match:
      /unable to verify|self.signed|certificate|ERR_TLS_CERT|unknown ca|altname|alert (bad|unknown|handshake)/i,
    code: 'E_TLS',
    flags: { ...REFUSED, unclear: true },
  },
  {
    match: /Protocol error|HTTP status|ERR_HTTP2|wrong version number/i,
    code: 'E_NOT_A_REGISTRY',
    flags: { ...REFUSED, unclear: true },
  },
];

/** Reads whatever an attempt rejected with. */
export function readFailure(error: unknown): Failure {
  const code = codeOf(error);
  const text = textOf(error);
  const rule = RULES.find((candidate) => candidate.match.test(text));
  const base = {
    code: 'E_FAILED' as ErrorCode,
    why: text,
    elsewhere: false,
    passing: false,
    unsent: false,
    broken: false,
    unclear: false,
    staleToken: false,
    cause: error,
  };
  if (rule !== undefined) return { ...base, code: rule.code, why: rule.why ?? text, ...rule.flags };
  const connection = { ...base, elsewhere: true, broken: true, unclear: true };
  // A member without quorum gives up with the deadline that the call carries, a moment before we do.
  const isOverdue = code === status.UNKNOWN && /^context deadline exceeded/.test(text);
  switch (isOverdue ? status.DEADLINE_EXCEEDED : code) {
    case status.DEADLINE_EXCEEDED:
      return { ...connection, code: 'E_TIMEOUT', why: 'no answer', passing: true };
    case status.CANCELLED:
      return { ...connection, code: 'E_UNREACHABLE', why: text, passing: true, unclear: false };
    case status.UNAVAILABLE: {
      const unsent = /No connection established/.test(text);
      return {
        ...connection,
        code: 'E_UNREACHABLE',
        why: unsent ? 'the connection failed' : 'the connection broke',
        unsent,
        passing: !unsent,
      };
    }
    case status.RESOURCE_EXHAUSTED:
      return { ...base, elsewhere: true, passing: true };
    case status.UNAUTHENTICATED:
      return { ...base, code: 'E_AUTH', staleToken: true, unsent: true };
    case status.PERMISSION_DENIED:
      return { ...base, code: 'E_FORBIDDEN', unsent: true };
    case status.UNIMPLEMENTED:
      return { ...connection, code: 'E_NOT_A_REGISTRY', why: 'it does not answer as etcd does' };
    // A member that loses its quorum or is going down may also end a call this way; a probe tells a foreign server.
    case status.UNKNOWN:
    case status.INTERNAL:
      return /^(etcdserver|auth|lease|mvcc)/.test(text)
        ? base
        : { ...connection, code: 'E_UNREACHABLE', passing: true };
    default:
      return base;
  }
}

/** Whether a login failed only because the server has no authentication at all. */
export function isAuthDisabled(error: unknown): boolean {
  return /authentication is not enabled/.test(textOf(error));
}

/** Whether the lease named in the call is not there. */
export function isLeaseNotFound(error: unknown): boolean {
  return /requested lease not found/.test(textOf(error));
}

/** Whether a grant met its own earlier success. */
export function isLeaseThere(error: unknown): boolean {
  return /lease already exists/.test(textOf(error));
}

function codeOf(error: unknown): number | null {
  const code =
    typeof error === 'object' && error !== null ? (error as { readonly code?: unknown }).code : undefined;
  return typeof code === 'number' ? code : null;
}

function textOf(error: unknown): string {
  if (error instanceof SdctlError) return `${error.message} ${textOf(error.cause)}`;
  if (typeof error !== 'object' || error === null) return typeof error === 'string' ? error : '';
  const { details, message } = error as { readonly details?: unknown; readonly message?: unknown };
  if (typeof details === 'string' && details !== '') return details;
  return typeof message === 'string' ? message : '';
}

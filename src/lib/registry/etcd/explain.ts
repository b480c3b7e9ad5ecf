import { SdctlError, type ErrorCode } from '../../errors.js';
import type { Failure } from './map-error.js';
import type { Server } from './server.js';

export interface ServerFailure {
  readonly server: Server;
  readonly failure: Failure;
  readonly hint?: string;
}

/** The most telling cause first: of several servers that fail differently, its code is the code of the whole. */
const TELLING: readonly ErrorCode[] = [
  'E_AUTH',
  'E_FORBIDDEN',
  'E_NO_SPACE',
  'E_TOO_LARGE',
  'E_COMPACTED',
  'E_NO_QUORUM',
  'E_TLS',
  'E_SCHEME',
  'E_NOT_A_REGISTRY',
  'E_TIMEOUT',
  'E_UNREACHABLE',
  'E_DNS',
];

/** One error for one or several servers, each named with its own cause. */
export function toSdctlError(failures: readonly ServerFailure[]): SdctlError {
  const codes = new Set(failures.map(({ failure }) => failure.code));
  const code = TELLING.find((candidate) => codes.has(candidate)) ?? 'E_FAILED';
  const main = failures.find(({ failure }) => failure.code === code);
  const urls = failures.map(({ server }) => server.url).join(', ');
  const sameWhy = new Set(failures.map(({ failure }) => failure.why)).size <= 1;
  const why = sameWhy
    ? (main?.failure.why ?? '')
    : failures.map(({ server, failure }) => `${server.url}: ${failure.why}`).join('; ');
  const hint = main?.hint ?? hintOf(code, main);
  return new SdctlError(code, messageOf(code, urls, main), {
    why,
    ...(hint === undefined ? {} : { hint }),
    details: {
      servers: failures.map(({ server, failure }) => ({
        server: server.url,
        code: failure.code,
        why: failure.why,
      })),
    },
    cause: main?.failure.cause,
  });
}

function messageOf(code: ErrorCode, urls: string, main: ServerFailure | undefined): string {
  const url = main?.server.url ?? urls;
  switch (code) {
    case 'E_AUTH':
      return `etcd at ${url} refused the login`;
    case 'E_FORBIDDEN':
      return `etcd at ${url} does not allow this`;
    case 'E_NO_SPACE':
      return `etcd at ${url} has no space left`;
    case 'E_TOO_LARGE':
      return `etcd at ${url}: the request or answer is too large`;
    case 'E_COMPACTED':
      return `etcd at ${url} no longer has the history asked for`;
    case 'E_NO_QUORUM':
      return `etcd at ${urls} has no quorum`;
    case 'E_SCHEME':
      return main?.server.address.secure === true
        ? 'the server speaks plain HTTP but the address says https://'
        : 'the server speaks HTTPS but the address says http://';
    case 'E_TLS':
      return `no secure connection to etcd at ${url}`;
    case 'E_NOT_A_REGISTRY':
      return `${url} is not an etcd server`;
    case 'E_FAILED':
      return `etcd at ${url} failed`;
    default:
      return `cannot reach etcd at ${urls}`;
  }
}

function hintOf(code: ErrorCode, main: ServerFailure | undefined): string | undefined {
  switch (code) {
    case 'E_AUTH':
      return main !== undefined && /asks for/.test(main.failure.why)
        ? '--username NAME --password-file FILE'
        : 'check --username and --password-file';
    case 'E_FORBIDDEN':
      return 'use a --username that may read and write this prefix, or another --prefix';
    case 'E_NO_SPACE':
      return 'etcdctl alarm list, then compact and defragment';
    case 'E_NO_QUORUM':
      return 'start the missing members, or name other servers with --server';
    case 'E_NOT_A_REGISTRY':
      return 'check the port of --server; etcd usually listens on 2379';
    case 'E_TLS':
      return 'name the CA of the server with --ca-file';
    case 'E_TIMEOUT':
      return 'check the address and the firewall, or allow more time with --timeout';
    case 'E_DNS':
      return 'check the host name of --server';
    case 'E_UNREACHABLE':
      return 'check that etcd runs there, or name another server with --server';
    default:
      return undefined;
  }
}

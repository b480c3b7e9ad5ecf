import { abortedError, SdctlError, type ErrorCode } from '../../errors.js';
import type { HttpAnswer, TransportFailure } from './request.js';

/** What an error message says about where the request went. */
export interface ErrorPlace {
  /** As shown: without user, password or token. */
  readonly url: string;
  readonly datacenter: string | null;
  /** Secrets sent with the request; removed from whatever the server echoes. */
  readonly secrets: readonly string[];
}

const TEXT_LIMIT = 300;

/** Turns a request that got no answer into an error for people. */
export function mapFailure(failure: TransportFailure, place: ErrorPlace, timeoutMs: number): SdctlError {
  if (failure.kind === 'aborted') return abortedError();
  const { causeCode: code } = failure;
  if (failure.kind === 'timeout') {
    return unreachable('E_TIMEOUT', place, `no complete answer within ${(timeoutMs / 1_000).toFixed(1)}s`, {
      hint: 'check that the server is alive and no firewall is in between, or allow more time with --timeout',
    });
  }
  const text = redact(failure.message, place);
  if (code === 'ERR_INVALID_CHAR' && /x-consul-token/i.test(text)) {
    return refused(
      'E_AUTH',
      'the token cannot be sent to Consul',
      'it holds a character that no HTTP header takes, such as a line end',
      'check the token file: one line with the token, nothing else',
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return unreachable('E_DNS', place, text, { hint: 'check the host name of the server' });
  }
  if (failure.sawTls) return wrongScheme(place, 'the server speaks TLS');
  if (/wrong version number|packet length too long/i.test(text))
    return wrongScheme(place, 'the server does not speak TLS');
  if (isTls(code, text)) return unreachable('E_TLS', place, text, { hint: tlsHint(code) });
  if (code.startsWith('HPE_')) {
    return unreachable('E_NOT_A_REGISTRY', place, `the answer is not HTTP (${text})`, { hint: portHint });
  }
  if (code === 'ECONNREFUSED') {
    return unreachable('E_UNREACHABLE', place, text, {
      hint: 'check that Consul runs there and that the port is right',
    });
  }
  return unreachable('E_UNREACHABLE', place, text === '' ? 'the connection failed' : text, {
    hint: 'check that Consul runs there',
  });
}

const portHint = 'check the port: Consul serves HTTP on 8500 unless configured otherwise';

/** Turns an answer that is no success into an error; texts of old and new servers, and of those that relay for another. */
export function mapStatus(answer: HttpAnswer, place: ErrorPlace): SdctlError {
  const text = answerText(answer, place);
  const why = text === '' ? `it answered ${answer.status}` : text;
  if (/HTTP request to an HTTPS server/i.test(text)) return wrongScheme(place, 'the server speaks TLS');
  if (/ACL not found/i.test(text)) {
    return refused(
      'E_AUTH',
      `Consul at ${place.url} does not know the token`,
      why,
      'check the token: it is wrong or was revoked',
    );
  }
  if (/Permission denied/i.test(text)) {
    const anonymous = place.secrets.length === 0;
    const hint = anonymous ? 'name a token: --token-file FILE' : 'use a token whose policy allows it';
    return refused('E_FORBIDDEN', `Consul at ${place.url} does not permit this`, why, hint);
  }
  if (answer.status === 401) {
    return refused(
      'E_AUTH',
      `${place.url} refused the user name and password or token`,
      why,
      'check the credentials',
    );
  }
  if (isHtml(answer) && answer.status !== 502 && answer.status !== 503 && answer.status !== 504) {
    return notConsul(place, `it answered ${answer.status} with a web page`);
  }
  if (answer.status === 403) {
    return refused(
      'E_FORBIDDEN',
      `Consul at ${place.url} does not permit this`,
      why,
      'check the token and its policy',
    );
  }
  if (/No path to datacenter/i.test(text)) {
    const name = place.datacenter === null ? 'the datacenter' : `datacenter "${place.datacenter}"`;
    return new SdctlError('E_UNREACHABLE', `Consul at ${place.url} has no path to ${name}`, {
      why: text,
      hint: 'check the name of the datacenter, or whether its servers are connected',
    });
  }
  if (/No cluster leader|rpc error|raft: |leadership lost/i.test(text)) return noLeader(place.url, why);
  return mapOtherStatus(answer, place, why);
}

function mapOtherStatus(answer: HttpAnswer, place: ErrorPlace, why: string): SdctlError {
  switch (answer.status) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return notConsul(
        place,
        `it redirects to ${redact(answer.headers['location'] ?? 'another address', place)}`,
      );
    case 404:
    case 405:
      return notConsul(place, `it answered ${answer.status} to a request that every Consul knows`);
    case 429:
    case 502:
    case 503:
    case 504:
      return unreachable(
        'E_UNREACHABLE',
        place,
        isHtml(answer) ? `a proxy answered ${answer.status}` : `${answer.status}: ${why}`,
        {
          hint: 'the server is busy or away; try again later',
        },
      );
    default:
      return new SdctlError('E_FAILED', `Consul at ${place.url} refused the request`, {
        why: `${answer.status}: ${why}`,
      });
  }
}

/** The error of a cluster that cannot decide anything. */
export function noLeader(url: string, why = 'the servers have no leader'): SdctlError {
  return new SdctlError('E_NO_QUORUM', `Consul at ${url} has no leader`, {
    why,
    hint: 'start enough of its servers that they can elect one',
  });
}

/** Something answers, but not as Consul would. */
export function notConsul(place: Pick<ErrorPlace, 'url'>, why: string): SdctlError {
  return unreachable('E_NOT_A_REGISTRY', place, why, { hint: portHint });
}

/** Whether the answer says that a check or service is not known to the agent; texts of 1.8 and later. */
export function isGone(answer: HttpAnswer): boolean {
  const text = answer.body.toString('utf8');
  if (/does not have associated TTL|Unknown check|Unknown service/i.test(text)) return true;
  const isRoute = text.trim() === '' || /page not found/i.test(text);
  return answer.status === 404 && !isRoute && !isHtml(answer);
}

/** The server's own words, short and without secrets. */
export function answerText(answer: HttpAnswer, place: ErrorPlace): string {
  if (isHtml(answer)) return '';
  return redact(answer.body.toString('utf8').trim(), place).slice(0, TEXT_LIMIT);
}

export function isHtml(answer: HttpAnswer): boolean {
  return (
    (answer.headers['content-type'] ?? '').includes('html') ||
    /^\s*<(!doctype|html)/i.test(answer.body.toString('utf8', 0, 64))
  );
}

function isTls(code: string, text: string): boolean {
  return (
    /^(CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_|ERR_SSL_|ERR_OSSL_|EPROTO|HOSTNAME_MISMATCH)/.test(
      code,
    ) || /certificate|SSL routines|TLS connection was established/i.test(text)
  );
}

function tlsHint(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'name the host of the certificate: --tls-server-name NAME';
  if (code === 'CERT_HAS_EXPIRED') return 'renew the certificate of the server';
  if (/ALERT|EPROTO/.test(code))
    return 'the server may want a client certificate: --cert-file FILE --key-file FILE';
  return 'name the CA that signed it: --ca-file FILE';
}

/** http where the server speaks https, or the reverse. */
export function wrongScheme(place: Pick<ErrorPlace, 'url'>, why: string): SdctlError {
  const other = place.url.startsWith('https:')
    ? place.url.replace(/^https/, 'http')
    : place.url.replace(/^http/, 'https');
  return unreachable('E_SCHEME', place, why, { hint: `--server ${other}` });
}

function refused(code: ErrorCode, message: string, why: string, hint: string): SdctlError {
  return new SdctlError(code, message, { why, hint });
}

function unreachable(
  code: ErrorCode,
  place: Pick<ErrorPlace, 'url'>,
  why: string,
  extra: { readonly hint: string },
): SdctlError {
  return new SdctlError(code, `cannot reach Consul at ${place.url}`, { why, ...extra });
}

function redact(text: string, place: ErrorPlace): string {
  return place.secrets.reduce(
    (shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '***')),
    text,
  );
}

import type { Clock } from '../../time/clock.js';
import type { ServerFailure } from './explain.js';
import type { Failure } from './map-error.js';
import { openSocket, type TlsOptions, type Opened } from './probe-socket.js';
import type { Server } from './server.js';

/** What finding the cause needs. */
export interface Diagnosis {
  readonly clock: Clock;
  /** Options as the channels use them. */
  readonly tls: TlsOptions;
}

interface Limits {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

type Finding = Pick<Failure, 'code' | 'why'> & { readonly hint?: string };

const MIN_MS = 30;

/** Looks behind causes that grpc reports in vague words: a status call, then one TCP and TLS probe per server, in parallel. */
export async function diagnose(
  failures: readonly ServerFailure[],
  diagnosis: Diagnosis,
  limits: Limits,
): Promise<readonly ServerFailure[]> {
  if (limits.timeoutMs < MIN_MS) return failures;
  return Promise.all(
    failures.map(async (entry) => {
      if (!entry.failure.unclear) return entry;
      const finding = await examine(entry, diagnosis, limits).catch(() => null);
      if (finding === null) return entry;
      const { hint, ...facts } = finding;
      return { ...entry, failure: { ...entry.failure, ...facts }, ...(hint === undefined ? {} : { hint }) };
    }),
  );
}

async function examine(
  { server, failure }: ServerFailure,
  diagnosis: Diagnosis,
  limits: Limits,
): Promise<Finding | null> {
  const probing = probe(server, diagnosis.tls, limits);
  if (failure.code !== 'E_TIMEOUT') return probing;
  return (await askStatus(server, limits)) ?? (await probing);
}

/** The server itself needs 7 s to say that it has no quorum; its status says so at once. */
async function askStatus(server: Server, limits: Limits): Promise<Finding | null> {
  try {
    const clients = server.attempt({ ...limits, token: null });
    const { leader, errors } = (await clients.maintenance.status()) as {
      readonly leader: string;
      readonly errors?: readonly string[];
    };
    if (leader === '0') return { code: 'E_NO_QUORUM', why: 'the member has no leader' };
    const said = errors?.join(', ') ?? '';
    return {
      code: 'E_TIMEOUT',
      why:
        said === ''
          ? 'the server is up, but did not answer in time'
          : `the server is up, but reports: ${said}`,
    };
  } catch {
    return null;
  }
}

async function probe(server: Server, tls: TlsOptions, limits: Limits): Promise<Finding | null> {
  const { secure } = server.address;
  const opened = await openSocket(server.address, secure ? tls : null, limits);
  switch (opened.state) {
    case 'dns':
      return { code: 'E_DNS', why: 'the name does not resolve' };
    case 'refused':
      return { code: 'E_UNREACHABLE', why: opened.why };
    case 'no-connection':
      return { code: 'E_TIMEOUT', why: 'no answer to the connection attempt' };
    case 'mute':
      return { code: 'E_TIMEOUT', why: 'accepts connections but does not answer' };
    case 'certificate':
      return secure ? certificateFinding(opened.why, opened.errorCode) : null;
    case 'tls-answer':
      return schemeFinding(server, 'it answered with a TLS alert');
    case 'closed':
    case 'tls-failed':
      return (await tryOtherScheme(server, tls, limits)) ?? fromClosed(opened);
    case 'http1':
      return { code: 'E_NOT_A_REGISTRY', why: 'it answers as a web server' };
    case 'garbage':
      return secure
        ? ((await tryOtherScheme(server, tls, limits)) ?? {
            code: 'E_NOT_A_REGISTRY',
            why: 'it speaks another protocol',
          })
        : { code: 'E_NOT_A_REGISTRY', why: 'it speaks another protocol' };
    case 'http2':
      return null;
  }
}

function fromClosed(opened: Opened): Finding {
  return opened.state === 'tls-failed'
    ? { code: 'E_TLS', why: opened.why }
    : { code: 'E_UNREACHABLE', why: 'it closes the connection without an answer' };
}

async function tryOtherScheme(server: Server, tls: TlsOptions, limits: Limits): Promise<Finding | null> {
  const { secure } = server.address;
  const other = await openSocket(
    server.address,
    secure ? null : { ...tls, rejectUnauthorized: false },
    limits,
  );
  const speaks = secure
    ? other.state === 'http2' || other.state === 'http1'
    : other.state === 'http2' || other.state === 'certificate';
  return speaks ? schemeFinding(server, secure ? 'it answers plain HTTP' : 'it answers only to TLS') : null;
}

function schemeFinding(server: Server, why: string): Finding {
  const { secure, url } = server.address;
  const right = secure ? url.replace(/^https:/, 'http:') : url.replace(/^http:/, 'https:');
  return { code: 'E_SCHEME', why: `${url}: ${why}`, hint: `--server ${right}` };
}

function certificateFinding(why: string, errorCode: string): Finding {
  if (errorCode === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      code: 'E_TLS',
      why,
      hint: 'address the server by a name of its certificate, or set --tls-server-name',
    };
  }
  if (/ALERT|ERR_SSL/.test(errorCode)) {
    return {
      code: 'E_TLS',
      why: `the server did not accept our client certificate (${why})`,
      hint: '--cert-file FILE --key-file FILE',
    };
  }
  if (errorCode === 'CERT_HAS_EXPIRED')
    return { code: 'E_TLS', why: 'the certificate of the server has expired', hint: 'renew it' };
  return {
    code: 'E_TLS',
    why: `the certificate of the server is not trusted: ${why}`,
    hint: '--ca-file FILE',
  };
}

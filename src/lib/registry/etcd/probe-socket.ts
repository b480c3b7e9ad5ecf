import { connect as connectTcp, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, type SecureContext } from 'node:tls';
import { isIP } from 'node:net';
import type { ServerAddress } from '../server-url.js';

/** How the channels speak TLS, so that the probe meets the same obstacles. */
export interface TlsOptions {
  readonly secureContext: SecureContext | null;
  readonly serverName: string | null;
  readonly rejectUnauthorized: boolean;
}

/** What a server does when somebody connects and greets in HTTP/2. */
export type Opened =
  | {
      readonly state:
        'dns' | 'no-connection' | 'mute' | 'closed' | 'tls-answer' | 'http1' | 'http2' | 'garbage';
    }
  | { readonly state: 'refused' | 'tls-failed'; readonly why: string }
  | { readonly state: 'certificate'; readonly why: string; readonly errorCode: string };

/** The client preface of HTTP/2 with an empty SETTINGS frame. */
const GREETING = Buffer.concat([
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]),
]);

/** Connects once, over TLS when options are given, and looks at the first bytes of the answer. Never rejects. */
export async function openSocket(
  address: Extract<ServerAddress, { kind: 'tcp' }>,
  tls: TlsOptions | null,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Opened> {
  return new Promise((resolve) => {
    let stage: 'connecting' | 'securing' | 'greeted' = 'connecting';
    let top: Socket | null = null;
    const socket = connectTcp({ host: address.host, port: address.port });
    const finish = (opened: Opened): void => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', giveUp);
      top?.destroy();
      socket.destroy();
      resolve(opened);
    };
    const giveUp = (): void => finish({ state: stage === 'connecting' ? 'no-connection' : 'mute' });
    const timer = setTimeout(giveUp, limits.timeoutMs);
    limits.signal.addEventListener('abort', giveUp, { once: true });
    const onError = (error: NodeJS.ErrnoException): void => finish(readError(error, stage, tls !== null));
    const greet = (stream: Socket): void => {
      stage = 'greeted';
      stream.once('data', (bytes: Buffer) => finish(readAnswer(bytes)));
      stream.once('close', () =>
        finish({ state: stage === 'securing' ? 'tls-failed' : 'closed', why: 'closed' }),
      );
      stream.write(GREETING);
    };
    socket.once('error', onError);
    socket.once('connect', () => {
      if (tls === null) {
        greet(socket);
        return;
      }
      stage = 'securing';
      const name = tls.serverName ?? address.host;
      const secure = connectTls({
        socket,
        ...(tls.secureContext === null ? {} : { secureContext: tls.secureContext }),
        ...(isIP(name) === 0 ? { servername: name } : {}),
        rejectUnauthorized: tls.rejectUnauthorized,
        checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
        ALPNProtocols: ['h2', 'http/1.1'],
      });
      top = secure;
      secure.once('error', onError);
      secure.once('close', () =>
        finish({ state: 'tls-failed', why: 'the server closed the connection during the TLS handshake' }),
      );
      secure.once('secureConnect', () => greet(secure));
    });
  });
}

function readError(error: NodeJS.ErrnoException, stage: string, isTls: boolean): Opened {
  const code = error.code ?? '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { state: 'dns' };
  if (stage === 'connecting')
    return { state: 'refused', why: code === 'ECONNREFUSED' ? 'connection refused' : error.message };
  if (!isTls) return { state: 'closed' };
  if (/WRONG_VERSION|PACKET_LENGTH|ECONNRESET|EPROTO$/.test(code))
    return { state: 'tls-failed', why: error.message };
  return { state: 'certificate', why: shortReason(error), errorCode: code };
}

/** OpenSSL writes `80E8…:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../deps/…`. */
function shortReason(error: Error): string {
  const parts = /error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):/.exec(error.message);
  return (parts?.[1] ?? error.message).trim();
}

function readAnswer(bytes: Buffer): Opened {
  if (bytes.length >= 9 && bytes[3] === 4) return { state: 'http2' };
  if (bytes[0] === 0x15 && bytes[1] === 3) return { state: 'tls-answer' };
  if (bytes.subarray(0, 5).toString('latin1') === 'HTTP/') return { state: 'http1' };
  return { state: 'garbage' };
}

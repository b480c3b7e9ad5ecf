import { request, type IncomingMessage } from 'node:http';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { TlsOptions } from './probe-socket.js';
import type { Server } from './server.js';

const LINE = /^etcd_server_quota_backend_bytes (\S+)$/m;
/** Metrics of etcd have about 160 KiB. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * How large the database of a server may get. No release before 3.6 says it in its status, but all do in their
 * metrics, at the address where they serve clients. No credentials are sent.
 *
 * @param tls as the channels use it
 * @returns null where the server does not tell: its metrics are served elsewhere, or it has no limit. Never rejects.
 */
export async function readQuota(
  server: Server,
  tls: TlsOptions,
  limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<number | null> {
  const { host, port } = server.address;
  return new Promise((resolve) => {
    const asking = request(
      { host, port, path: '/metrics', createConnection: () => open(server, tls) },
      (answer) => void textOf(answer).then((text) => finish(quotaIn(text))),
    );
    const finish = (quota: number | null): void => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', giveUp);
      asking.destroy();
      resolve(quota);
    };
    const giveUp = (): void => finish(null);
    const timer = setTimeout(giveUp, limits.timeoutMs);
    limits.signal.addEventListener('abort', giveUp, { once: true });
    asking.once('error', giveUp);
    asking.end();
  });
}

function open({ address: { host, port, secure } }: Server, tls: TlsOptions): Socket {
  if (!secure) return connectTcp({ host, port });
  const name = tls.serverName ?? host;
  return connectTls({
    host,
    port,
    ...(tls.secureContext === null ? {} : { secureContext: tls.secureContext }),
    ...(isIP(name) === 0 ? { servername: name } : {}),
    rejectUnauthorized: tls.rejectUnauthorized,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  });
}

/** Empty for any answer but a good one. */
async function textOf(answer: IncomingMessage): Promise<string> {
  if (answer.statusCode !== 200) return '';
  let text = '';
  answer.setEncoding('utf8');
  try {
    for await (const part of answer as AsyncIterable<string>) {
      text += part;
      if (text.length > MOST_BYTES) return '';
    }
    return text;
  } catch {
    return '';
  }
}

function quotaIn(metrics: string): number | null {
  const bytes = Number(LINE.exec(metrics)?.[1]);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : null;
}

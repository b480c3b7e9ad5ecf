/** Small servers that accept a connection and then behave as no registry would. */
import { readFileSync } from 'node:fs';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';
import tls from 'node:tls';
import type { CertFiles } from './certs.js';

export { startBlackHole } from './black-hole.js';

export interface Fake {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A fake that also counts who came. */
export interface CountingFake extends Fake {
  readonly connections: number;
}

/** Accepts connections and never says a word. */
export async function startMute(): Promise<CountingFake> {
  return serve(() => undefined);
}

const HTML = '<!doctype html><html><body><h1>Sign in to the network</h1></body></html>';
const BAD_GATEWAY = '<html><body><center><h1>502 Bad Gateway</h1></center><hr>nginx</body></html>';
const HALF = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{"Node":"half';

/**
 * What the HTTP fake answers to every request: half a response and then silence, or an end; a page with status 200,
 * as a captive portal does; the error page of a proxy whose server is away.
 */
export type HttpFakeKind = 'half-silence' | 'half-close' | 'html-200' | 'proxy-502';

export async function startHttpFake(kind: HttpFakeKind): Promise<CountingFake> {
  return serve((socket) => {
    let seen = '';
    socket.setEncoding('latin1').on('data', (text: string) => {
      seen += text;
      if (!seen.includes('\r\n\r\n')) return;
      seen = '';
      answer(socket, kind);
    });
  });
}

function answer(socket: Socket, kind: HttpFakeKind): void {
  if (kind === 'half-silence') socket.write(HALF);
  else if (kind === 'half-close') socket.end(HALF);
  else if (kind === 'html-200') socket.end(page('200 OK', HTML));
  else socket.end(page('502 Bad Gateway', BAD_GATEWAY));
}

function page(status: string, html: string): string {
  const length = String(Buffer.byteLength(html));
  return `HTTP/1.1 ${status}\r\nContent-Type: text/html\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${html}`;
}

/** Sends bytes that belong to no protocol as soon as somebody connects, and nothing after. */
export async function startGarbage(
  text = '220 mail.example ESMTP ready\r\n\u0000\u0001\u0002',
): Promise<CountingFake> {
  return serve((socket) => socket.write(text));
}

/** Speaks TLS with the certificate it is given (an expired, foreign or wrongly named one) and answers nothing. */
export async function startWrongTls(files: CertFiles): Promise<CountingFake> {
  const server = tls.createServer({
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  return listen(server, 'https');
}

async function serve(onConnection: (socket: Socket) => void): Promise<CountingFake> {
  return listen(createServer(onConnection), 'http');
}

async function listen(server: Server, scheme: 'http' | 'https'): Promise<CountingFake> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
    // Somebody has to read, or the end of the other side is never noticed; TLS reads by itself.
    if (scheme === 'http') socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${scheme}://127.0.0.1:${String(port)}`,
    port,
    get connections() {
      return connections;
    },
    stop: async () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** An agent of Consul that says what a test wants, and remembers who asked. */
import http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Answers by the beginning of a path: JSON with 200, or a bare status. What has none gets `[]`. */
export type FakeAnswers = Record<string, unknown>;

export interface FakeConsul {
  readonly url: string;
  readonly port: number;
  readonly answers: FakeAnswers;
  readonly requests: {
    readonly method: string;
    readonly path: string;
    readonly headers: http.IncomingHttpHeaders;
  }[];
  stop(): Promise<void>;
}

/** @param answers `mute`: accepts requests and never answers */
export async function startFakeConsul(
  answers: FakeAnswers | 'mute',
  place: { readonly host: string; readonly port: number } | 'unix' = { host: '127.0.0.1', port: 0 },
): Promise<FakeConsul> {
  const requests: FakeConsul['requests'] = [];
  const known: FakeAnswers = answers === 'mute' ? {} : answers;
  const server = http.createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, path: url, headers });
    if (answers === 'mute') return;
    const found = Object.entries(known).find(([start]) => url.startsWith(start));
    const value = found === undefined ? [] : found[1];
    const status = typeof value === 'number' ? value : 200;
    response.writeHead(status, { 'content-type': 'application/json', 'x-consul-index': '5' });
    response.end(status === 200 ? JSON.stringify(value) : 'Permission denied');
  });
  const folder = place === 'unix' ? mkdtempSync(path.join(tmpdir(), 'sdctl-fake-')) : null;
  const socket = folder === null ? '' : path.join(folder, 'consul.sock');
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    if (place === 'unix') server.listen(socket, resolve);
    else server.listen(place.port, place.host, resolve);
  });
  const port = place === 'unix' ? 0 : (server.address() as AddressInfo).port;
  const host = place === 'unix' ? '' : place.host.includes(':') ? `[${place.host}]` : place.host;
  return {
    url: place === 'unix' ? `unix://${socket}` : `http://${host}:${port}`,
    port,
    answers: known,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      if (folder !== null) rmSync(folder, { recursive: true, force: true });
    },
  };
}

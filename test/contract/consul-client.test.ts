/** What the adapter relies on in the `consul` package, whose request method is not public. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Transport, TransportFailure, type HttpRequest } from '../../src/lib/registry/consul/request.js';
import { parseServer } from '../../src/lib/registry/server-url.js';

describe('the request method of the consul client', () => {
  const seen: { url: string; method: string; headers: http.IncomingHttpHeaders; body: string }[] = [];
  let port = 0;
  let resets = 0;
  const server = http.createServer((request, response) => {
    const url = request.url ?? '';
    if (url.includes('reset') && resets > 0) {
      resets -= 1;
      request.socket.resetAndDestroy();
      return;
    }
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ url, method: request.method ?? '', headers: request.headers, body });
      if (url.includes('silent')) return;
      response.writeHead(url.includes('teapot') ? 418 : 200, {
        'content-type': 'application/json',
        'x-consul-index': '3',
      });
      response.end(url.includes('empty') ? '' : 'false');
    });
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const send = async (
    overrides: Partial<HttpRequest>,
  ): Promise<Awaited<ReturnType<Transport['request']>>> => {
    const transport = new Transport(parseServer(`http://127.0.0.1:${port}/base`, 8_500), {
      tls: { ca: null, cert: null, key: null },
      serverName: null,
      insecureSkipVerify: false,
      maxSockets: 2,
    });
    try {
      return await transport.request({
        method: 'GET',
        path: '/x',
        headers: {},
        timeoutMs: 2_000,
        signal: new AbortController().signal,
        repeatable: true,
        ...overrides,
      });
    } finally {
      transport.destroy();
    }
  };

  it('sends path, query, headers and body as they are', async () => {
    await send({
      method: 'PUT',
      path: '/a%2Fb/%7Bname%7D?q=1',
      headers: { 'X-Consul-Token': 't' },
      body: { Name: 'ü' },
    });
    expect(seen.at(-1)).toMatchObject({
      url: '/base/v1/a%2Fb/%7Bname%7D?q=1',
      method: 'PUT',
      body: '{"Name":"ü"}',
    });
    expect(seen.at(-1)?.headers).toMatchObject({ 'x-consul-token': 't', 'content-type': 'application/json' });
    await send({ method: 'PUT', path: '/none' });
    expect(seen.at(-1)?.headers['content-length']).toBe('0');
  });

  it('answers with raw bytes, status and headers, for every status', async () => {
    const answer = await send({});
    expect(answer).toMatchObject({ status: 200, headers: { 'x-consul-index': '3' } });
    expect(answer.body.toString()).toBe('false');
    expect(await send({ path: '/teapot' })).toMatchObject({ status: 418, body: Buffer.from('false') });
    expect((await send({ path: '/empty' })).body).toHaveLength(0);
  });

  it('ends at its time limit, which is required, and on abort', async () => {
    await expect(send({ timeoutMs: 0 })).rejects.toBeInstanceOf(RangeError);
    const startedMs = performance.now();
    await expect(send({ path: '/silent', timeoutMs: 150 })).rejects.toMatchObject({ kind: 'timeout' });
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    const abort = new AbortController();
    setTimeout(() => {
      abort.abort();
    }, 50);
    await expect(send({ path: '/silent', signal: abort.signal })).rejects.toMatchObject({ kind: 'aborted' });
    const count = seen.length;
    await expect(send({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(TransportFailure);
    expect(seen).toHaveLength(count);
  });

  it('repeats once after a reset, only what may be repeated', async () => {
    resets = 1;
    expect((await send({ path: '/reset' })).status).toBe(200);
    resets = 1;
    await expect(send({ path: '/reset', repeatable: false })).rejects.toMatchObject({
      causeCode: 'ECONNRESET',
    });
    resets = 2;
    await expect(send({ path: '/reset' })).rejects.toMatchObject({ kind: 'network' });
    resets = 0;
  });

  it('never carries the request, and with it a token, in an error', async () => {
    const error: unknown = await send({
      path: '/silent',
      timeoutMs: 50,
      headers: { 'x-consul-token': 'hidden' },
    }).catch((thrown: unknown) => thrown);
    const { inspect } = await import('node:util');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('hidden');
    expect((error as Error).cause).toBeUndefined();
  });
});

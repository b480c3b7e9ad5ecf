/** Servers that are away, hang, or are something else: the cause and advice within the time limit, never a hang. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SdctlError, type ErrorCode } from '../../src/lib/errors.js';
import { passCheck } from '../../src/lib/registry/consul/agent.js';
import { Credentials } from '../../src/lib/registry/consul/credentials.js';
import { openConsul } from '../../src/lib/registry/consul/open-consul.js';
import type { Connection } from '../../src/lib/registry/connection.js';
import { ConsulServer } from '../../src/lib/registry/consul/server.js';
import { parseServer } from '../../src/lib/registry/server-url.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { aConnection, aSpec, testDeps } from '../support/builders.js';
import {
  type Certs,
  type Fake,
  freePort,
  makeCerts,
  startBlackHole,
  startGarbage,
  startHttpFake,
  startMute,
  startWrongTls,
} from '../support/servers/index.js';

const TIMEOUT_MS = 1_000;
const MARGIN_MS = 1_000;
const TOKEN = 'c0ffee00-aaaa-bbbb-cccc-000000000001';
const PASSWORD = 'hunter2-hunter2';
const signal = new AbortController().signal;

function open(servers: readonly string[], overrides: Partial<Connection> = {}): RegistryHandle {
  return openConsul(
    aConnection({ backend: 'consul', servers, token: { origin: 'test', read: () => TOKEN }, ...overrides }),
    testDeps({ random: Math.random }),
  );
}

type Work = (handle: RegistryHandle) => Promise<unknown>;

const options = { signal, timeoutMs: TIMEOUT_MS };
const calls: Readonly<Record<string, Work>> = {
  list: ({ registry }) => registry.list('pay', options),
  'list of all': ({ operations }) => operations.listAll(options),
  watch: ({ registry }) => registry.watch('pay', options)[Symbol.asyncIterator]().next(),
  'watch of all': ({ registry }) => registry.watch(null, options)[Symbol.asyncIterator]().next(),
  register: ({ registry }) => registry.register(aSpec(), { ...options, ttlMs: 20_000 }),
  deregister: ({ registry }) => registry.deregister({ service: 'pay', id: 'a' }, options),
};

async function failureOf(work: Promise<unknown>): Promise<SdctlError> {
  const startedMs = performance.now();
  const error: unknown = await work.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SdctlError);
  expect(performance.now() - startedMs).toBeLessThan(TIMEOUT_MS + MARGIN_MS);
  const failure = error as SdctlError;
  expect(inspect(failure, { depth: 10, showHidden: true })).not.toMatch(new RegExp(`${TOKEN}|${PASSWORD}`));
  expect(failure.why).toBeTruthy();
  return failure;
}

describe.concurrent('consul servers that do not answer as such', () => {
  const fakes: Record<string, string> = {};
  const running: Fake[] = [];
  const plain = http.createServer((_request, response) => response.end());
  let certs: Certs;

  beforeAll(async () => {
    certs = await makeCerts();
    const start = async (name: string, starting: Promise<Fake>): Promise<void> => {
      const fake = await starting;
      running.push(fake);
      fakes[name] = fake.url;
    };
    await Promise.all([
      start('half an answer, then silence', startHttpFake('half-silence')),
      start('half an answer, then the end', startHttpFake('half-close')),
      start('a web page', startHttpFake('html-200')),
      start('a proxy error', startHttpFake('proxy-502')),
      start('garbage', startGarbage()),
      start('silence', startMute()),
      start('black hole', startBlackHole()),
      start('untrusted certificate', startWrongTls(certs.server)),
    ]);
    fakes['refused'] = `http://127.0.0.1:${await freePort()}`;
    fakes['unknown host'] = 'http://no-such-host.invalid:8500';
    fakes['http to https'] = (fakes['untrusted certificate'] ?? '').replace('https:', 'http:');
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    fakes['https to http'] = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    fakes['user and password'] = `http://op:${PASSWORD}@127.0.0.1:${await freePort()}`;
  });

  afterAll(async () => {
    await Promise.all(running.map(async (fake) => fake.stop()));
    plain.closeAllConnections();
    plain.close();
    certs.remove();
  });

  const expectations: readonly (readonly [string, ErrorCode])[] = [
    ['half an answer, then silence', 'E_TIMEOUT'],
    ['half an answer, then the end', 'E_TIMEOUT'],
    ['a web page', 'E_NOT_A_REGISTRY'],
    ['a proxy error', 'E_UNREACHABLE'],
    ['garbage', 'E_NOT_A_REGISTRY'],
    ['silence', 'E_TIMEOUT'],
    ['black hole', 'E_TIMEOUT'],
    ['untrusted certificate', 'E_TLS'],
    ['refused', 'E_UNREACHABLE'],
    ['unknown host', 'E_DNS'],
    ['https to http', 'E_SCHEME'],
    ['http to https', 'E_SCHEME'],
    ['user and password', 'E_UNREACHABLE'],
  ];

  it.each(expectations)('%s: %s, by every call', { timeout: 20_000 }, async (name, code) => {
    for (const [call, work] of Object.entries(calls)) {
      const url = fakes[name] ?? '';
      await using handle = open([url]);
      const failure = await failureOf(work(handle));
      expect({ call, code: failure.code, exitCode: failure.exitCode }).toEqual({ call, code, exitCode: 4 });
      if (code !== 'E_TIMEOUT') expect(failure.message).toContain(url.replace(/\/\/.*@/, '//'));
      expect(failure.hint).toBeTruthy();
    }
  });

  it('names every server and its own cause', async () => {
    await using handle = open([fakes['refused'] ?? '', fakes['silence'] ?? '', fakes['a web page'] ?? '']);
    const failure = await failureOf(calls['list']?.(handle) ?? Promise.resolve());
    for (const name of ['refused', 'silence', 'a web page']) expect(failure.why).toContain(fakes[name]);
    expect(failure.exitCode).toBe(4);
  });

  it('a name with two addresses, nothing listening: the message is not empty', async () => {
    await using handle = open([(fakes['refused'] ?? '').replace('127.0.0.1', 'localhost')]);
    const failure = await failureOf(calls['list']?.(handle) ?? Promise.resolve());
    expect(failure).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(failure.why).toContain('ECONNREFUSED');
  });

  it('a token that no header takes is refused before it is sent', async () => {
    const token = { origin: 'test', read: () => `${TOKEN}\n${TOKEN}` };
    await using handle = open([fakes['silence'] ?? ''], { token });
    const failure = await failureOf(calls['list']?.(handle) ?? Promise.resolve());
    expect(failure).toMatchObject({ code: 'E_AUTH', exitCode: 5 });
  });

  it('an abort ends a call at once', async () => {
    await using handle = open([fakes['silence'] ?? '']);
    const abort = new AbortController();
    const work = handle.registry.list('pay', { signal: abort.signal });
    const startedMs = performance.now();
    abort.abort();
    await expect(work).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(performance.now() - startedMs).toBeLessThan(200);
  });
});

describe('answers of old and new servers', () => {
  let url = '';
  let answer: { readonly status: number; readonly text: string; readonly type?: string } = {
    status: 200,
    text: '[]',
  };
  const server = http.createServer((request, response) => {
    // The probe for a leader must not hide what the call itself got.
    const leader = (request.url ?? '').startsWith('/v1/status/leader');
    const shown = leader ? { status: 200, text: '"10.0.0.1:8300"', type: 'application/json' } : answer;
    response.writeHead(shown.status, { 'content-type': shown.type ?? 'text/plain' });
    response.end(shown.text);
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it.each<readonly [number, string, ErrorCode]>([
    [403, 'ACL not found', 'E_AUTH'],
    [403, 'rpc error making call: ACL not found', 'E_AUTH'],
    [500, 'rpc error making call: Permission denied', 'E_FORBIDDEN'],
    [403, 'Permission denied', 'E_FORBIDDEN'],
    [403, 'Permission denied: Missing service:write on web', 'E_FORBIDDEN'],
    [
      403,
      "Permission denied: token with AccessorID '00000000-0000-0000-0000-000000000002' lacks permission 'service:read' on \"web\"",
      'E_FORBIDDEN',
    ],
    [401, 'ACL support disabled', 'E_AUTH'],
    [500, 'No cluster leader', 'E_NO_QUORUM'],
    [500, 'rpc error making call: No cluster leader', 'E_NO_QUORUM'],
    [
      500,
      'rpc error getting client: failed to get conn: dial tcp 10.0.0.1:8300: connect: refused',
      'E_NO_QUORUM',
    ],
    [500, 'No path to datacenter', 'E_UNREACHABLE'],
    [
      429,
      'Your IP is issuing too many concurrent connections, please rate limit your calls',
      'E_UNREACHABLE',
    ],
    [503, 'rate limit exceeded', 'E_UNREACHABLE'],
    [400, 'Bad request', 'E_FAILED'],
    [400, 'Client sent an HTTP request to an HTTPS server.', 'E_SCHEME'],
    [404, '404 page not found', 'E_NOT_A_REGISTRY'],
    [301, '', 'E_NOT_A_REGISTRY'],
    [200, 'pong', 'E_NOT_A_REGISTRY'],
    [500, `boom ${TOKEN}`, 'E_FAILED'],
  ])('%i %s is %s', async (status, text, code) => {
    answer = { status, text };
    await using handle = open([url]);
    const failure = await failureOf(calls['list of all']?.(handle) ?? Promise.resolve());
    expect(failure.code).toBe(code);
  });

  it.each(['{"half', '{"a":1}', '7', 'null'])('200 with the JSON %s is E_NOT_A_REGISTRY', async (text) => {
    answer = { status: 200, text, type: 'application/json' };
    await using handle = open([url]);
    expect((await failureOf(handle.registry.list('pay', options))).code).toBe('E_NOT_A_REGISTRY');
  });

  it('what is said of a lost registration holds no token either', async () => {
    answer = { status: 404, text: `Unknown check ID for ${TOKEN}` };
    const connection = aConnection({ token: { origin: 'test', read: () => TOKEN } });
    const tls = { ca: null, cert: null, key: null };
    const server = new ConsulServer(parseServer(url, 8_500), connection, tls, new Credentials(connection));
    const renewed = await passCheck(server, 'service:a', options);
    server.destroy();
    expect(renewed).toEqual({ state: 'gone', why: 'Unknown check ID for ***' });
  });

  it('records that are none are reported, not fatal', async () => {
    const good = {
      Node: { Node: 'n', Address: '10.0.0.9' },
      Service: { ID: 'a', Service: 'pay', Port: 80, Tags: null },
    };
    const text = JSON.stringify([good, {}, null, { Service: { ID: 7 } }, 'x']);
    answer = { status: 200, text, type: 'application/json' };
    await using handle = open([url]);
    const snapshot = await handle.registry.list('pay', options);
    expect(snapshot.instances.map(({ id }) => id)).toEqual(['a']);
    expect(snapshot.undecoded).toHaveLength(4);
  });
});

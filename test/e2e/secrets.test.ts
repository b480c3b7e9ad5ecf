/** No password and no token is in anything that is printed, logged or written, whatever goes wrong. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { type Consul, type Etcd, enableAuth, startConsul, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const secret = 'S3cr3t/p@ss:w0rd';
const token = '5ec4e7aa-0000-4000-8000-00000000beef';
const inUrl = encodeURIComponent(secret);
const home = makeTempDir('secrets');
const passwordFile = path.join(home, 'password');
const wrongFile = path.join(home, 'wrong');
const tokenFile = path.join(home, 'token');
const log = path.join(home, 'log');
let etcd: Etcd;
let consul: Consul;

beforeAll(async () => {
  writeFileSync(passwordFile, `${secret}\n`);
  writeFileSync(tokenFile, `${token}\n`);
  [etcd, consul] = await Promise.all([
    startEtcd({ version: '3.5', auth: 'simple' }),
    startConsul({ acl: 'deny', masterToken: token }),
  ]);
  await enableAuth(etcd, {
    rootPassword: 'root',
    users: [
      {
        name: 'ops',
        password: secret,
        grants: [{ permission: 'readwrite', key: '/services/', prefix: true }],
      },
    ],
  });
});

afterAll(async () => {
  await Promise.all([etcd.stop(), consul.stop()]);
});

/** Name and password as they came. */
const plain = ({ authorization = '' }: IncomingHttpHeaders): string =>
  Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();

/** Runs it with everything it can say, and looks for a secret in all of it and in every file it left. */
async function discreet(args: readonly string[], env: Readonly<Record<string, string>> = {}, stdin = '') {
  const run = await runBinary([...args, '--debug', '-v', '--log-file', log, '--timeout', '3s'], {
    home,
    env,
    stdin,
  });
  const written = existsSync(log) ? [log] : [];
  const state = path.join(home, 'state', 'sdctl');
  try {
    written.push(...readdirSync(state).map((name) => path.join(state, name)));
  } catch {
    // Nothing went wrong so far that was written down.
  }
  const all =
    run.said +
    written
      .filter((file) => file.endsWith('.txt') || file === log)
      .map((file) => readFileSync(file, 'utf8'))
      .join('');
  for (const hidden of [secret, inUrl, token, Buffer.from(`ops:${secret}`).toString('base64')]) {
    expect(all.includes(hidden), `a secret is in what ${args.join(' ')} says:\n${run.said}`).toBe(false);
  }
  return run;
}

describe('etcd', () => {
  const to = (): string[] => ['--backend', 'etcd', '--server', etcd.url, '--username', 'ops'];

  it('takes the password from a file, standard input or a variable', async () => {
    const runs = [
      await discreet(['list', ...to(), '--password-file', passwordFile]),
      await discreet(['list', ...to(), '--password-file', '-'], {}, secret),
      await discreet(['list', ...to()], { SDCTL_PASSWORD: secret }),
      await discreet(['list', ...to()], { SDCTL_PASSWORD_FILE: passwordFile }),
      await discreet(['list'], { ETCDCTL_ENDPOINTS: etcd.url, ETCDCTL_USER: `ops:${secret}` }),
      await discreet(['list'], {
        ETCDCTL_ENDPOINTS: etcd.url,
        ETCDCTL_USER: 'ops',
        ETCDCTL_PASSWORD: secret,
      }),
    ];
    for (const run of runs) expect(run.ended.code, `${run.args.join(' ')}\n${run.said}`).toBe(0);
  });

  it('hides it when it is wrong, forbidden, or the server is away', async () => {
    writeFileSync(wrongFile, `${secret}x`);
    const codeOf = async (...args: string[]): Promise<number | null> => (await discreet(args)).ended.code;
    expect(await codeOf('list', ...to(), '--password-file', wrongFile, '-o', 'json')).toBe(5);
    expect(await codeOf('list', ...to(), '--password-file', passwordFile, '--prefix', '/other/')).toBe(5);
    const away = [
      '--backend',
      'etcd',
      '--server',
      'http://127.0.0.1:1',
      '--username',
      'ops',
      '--password-file',
      passwordFile,
    ];
    expect(await codeOf('list', ...away, '-o', 'json')).toBe(4);
    expect(await codeOf('watch', ...away)).toBe(4);
    // An address is shown and stored; it is no place for a password.
    for (const address of [`http://ops:${inUrl}@h`, `http://ops:${secret}@h:x`, `ftp://ops:${secret}@h`]) {
      expect(await codeOf('list', '--backend', 'etcd', '--server', address)).toBe(2);
    }
  });
});

describe('consul', () => {
  const to = (): string[] => ['--backend', 'consul', '--server', consul.url];

  it('takes the token from a file, standard input or a variable', async () => {
    const runs = [
      await discreet(['list', ...to(), '--token-file', tokenFile]),
      await discreet(['list', ...to(), '--token-file', '-'], {}, token),
      await discreet(['list', ...to()], { SDCTL_TOKEN: token }),
      await discreet(['list'], { CONSUL_HTTP_ADDR: consul.url, CONSUL_HTTP_TOKEN: token }),
      await discreet(['list'], { CONSUL_HTTP_ADDR: consul.url, CONSUL_HTTP_TOKEN_FILE: tokenFile }),
    ];
    for (const run of runs) expect(run.ended.code, `${run.args.join(' ')}\n${run.said}`).toBe(0);
  });

  it('hides a wrong one', async () => {
    const run = await discreet(['register', 'order', '--endpoint', 'http://h:1', ...to(), '-o', 'jsonl'], {
      SDCTL_TOKEN: `${token.slice(0, -1)}0`,
    });
    expect(run.ended.code).toBe(5);
  });

  it('sends name and password of CONSUL_HTTP_AUTH, and a server that repeats them is not repeated', async () => {
    let seen: IncomingHttpHeaders = {};
    const server = createServer((request, response) => {
      seen = request.headers;
      response
        .writeHead(403)
        .end(`no: ${String(seen.authorization)} ${plain(seen)} ${String(seen['x-consul-token'])}`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const run = await discreet(['list', '-o', 'json'], {
        CONSUL_HTTP_ADDR: url,
        CONSUL_HTTP_AUTH: `ops:${secret}`,
        CONSUL_HTTP_TOKEN: token,
      });
      expect(run.ended.code).toBe(5);
      expect(seen.authorization).toBe(`Basic ${Buffer.from(`ops:${secret}`).toString('base64')}`);
      expect(seen['x-consul-token']).toBe(token);
      // Another server than the one they were exported for gets neither.
      await discreet(['list', '--server', `${url}/elsewhere`], {
        CONSUL_HTTP_ADDR: 'http://127.0.0.1:1',
        CONSUL_HTTP_AUTH: `ops:${secret}`,
        CONSUL_HTTP_TOKEN: token,
        SDCTL_BACKEND: 'consul',
      });
      expect(seen.authorization).toBeUndefined();
      expect(seen['x-consul-token']).toBeUndefined();
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

describe('settings', () => {
  it('show none, and a context takes none', async () => {
    const config = path.join(home, 'config.yaml');
    writeFileSync(
      config,
      `currentContext: a\ncontexts:\n  a: {backend: etcd, servers: ["http://ops:${inUrl}@h:2379"]}\n  b: {backend: consul, auth: {tokenFile: ${tokenFile}}}\n`,
    );
    const at = ['--config', config];
    const commands = [
      ['config', 'view', '--sources'],
      ['config', 'get', 'contexts'],
      ['config', 'get', 'contexts.a.servers'],
      ['context', 'list'],
      ['context', 'show'],
      ['context', 'show', 'b'],
      ['context', 'use', 'b'],
      ['context', 'use', 'a'],
      ['list'],
    ];
    for (const args of commands)
      for (const format of ['json', 'yaml', 'name', 'tsv']) await discreet([...args, ...at, '-o', format]);
    for (const args of [
      ['context', 'add', 'c', '--backend', 'etcd', '--server', `http://ops:${inUrl}@h`, '--no-check'],
      ['config', 'set', 'contexts.a.servers', `[http://ops:${inUrl}@h]`],
    ]) {
      expect((await discreet([...args, ...at])).ended.code).toBe(2);
    }
    await discreet(['config', 'view'], {
      SDCTL_TOKEN: token,
      SDCTL_PASSWORD: secret,
      SDCTL_BACKEND: 'consul',
    });
  });
});

/** Registries full of hostile content: nothing reaches the terminal, nothing fails, nothing is hidden. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Etcd3 } from 'etcd3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { leak, vectors } from '../support/hostile.js';
import { type Etcd, seedEtcd, startEtcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const home = makeTempDir('hostile');
const formats = ['table', 'wide', 'tsv', 'name', 'json', 'jsonl', 'yaml'];
let etcd: Etcd;
let flags: string[] = [];
/** A lease that keys with every vector in their names hang on; decimal. */
let evilLease = '';

const valueOf = (text: string, endpoint = 'http://10.0.0.1:80'): string =>
  JSON.stringify({
    sdctl: 1,
    service: text,
    id: text,
    endpoints: [endpoint],
    version: text,
    zone: text,
    tags: [text],
    metadata: { [text]: text },
    health: 'warning',
    healthReason: text,
    owner: { host: text, pid: 1, started: text, run: text },
    registeredAt: text,
  });

beforeAll(async () => {
  etcd = await startEtcd({ version: '3.5', extraArgs: ['--max-request-bytes', '4000000'] });
  flags = ['--backend', 'etcd', '--server', etcd.url];
  const pairs: [string, string][] = [];
  for (const text of Object.values(vectors)) {
    pairs.push(
      [`/services/hostile/${text}`, valueOf(text)],
      [`/services/${text}/i-1`, valueOf(text)],
      [`/services/broken/${text}`, text],
      [`/services/hosts/${text}`, valueOf(text, `http://${text}:80`)],
    );
  }
  await seedEtcd(etcd, pairs);
  const client = new Etcd3({ hosts: etcd.url });
  const bytes = Buffer.from([0xff, 0xfe, 0x1b, 0x5b, 0x32, 0x4a, 0xc3]);
  await client.put(Buffer.concat([Buffer.from('/services/bytes/'), bytes])).value(bytes);
  await client.put('/services/bytes/value').value(bytes);
  await client.put('/services/big/i-1').value(valueOf('y'.repeat(150_000)));
  await client.put('/services/big/raw').value(Buffer.alloc(1_000_000, 0x1b));
  evilLease = (await client.leaseClient.leaseGrant({ TTL: 600 })).ID;
  for (const text of Object.values(vectors)) {
    await client.put(`/locks/${text}`).value(text).lease(evilLease);
    await client.put(`/services/kept/${text}`).value(valueOf(text)).lease(evilLease);
  }
  await client
    .put(Buffer.concat([Buffer.from('/locks/'), bytes]))
    .value(bytes)
    .lease(evilLease);
  client.close();
});

afterAll(async () => {
  await etcd.stop();
});

/** Runs it; whatever it says is harmless. */
async function harmless(...args: string[]) {
  const run = await runBinary([...args, ...flags], { home, withinMs: 30_000 });
  expect(run.said.replaceAll('\t', ' ')).not.toMatch(leak);
  expect(run.ended.signal).toBeNull();
  return run;
}

describe('on etcd', () => {
  it.each(formats)('every vector in every field is harmless as %s', async (format) => {
    for (const args of [
      ['list'],
      ['list', 'hostile'],
      ['list', 'broken'],
      ['list', 'hosts'],
      ['list', 'bytes'],
      ['list', 'big'],
      ['list', '--ttl', '-v'],
      ['lease', 'list'],
      ['lease', 'inspect', `dec:${evilLease}`],
    ]) {
      const run = await harmless(...args, '-o', format);
      expect(run.ended.code, `${args.join(' ')} ${run.stderr.slice(0, 500)}`).toBe(0);
    }
    const resolved = await harmless(
      'resolve',
      'hostile',
      '--all',
      '--include',
      'warning,unknown',
      '-o',
      format,
    );
    expect(resolved.ended.code).toBe(0);
  });

  it('exact values reach programs', async () => {
    const { stdout } = await harmless('list', 'hostile', '-o', 'json');
    const list = JSON.parse(stdout) as {
      readonly items: readonly { readonly id: string; readonly zone: string }[];
    };
    for (const text of Object.values(vectors))
      expect(list.items.find(({ id }) => id === text)?.zone).toBe(text);
  });

  it('a lease names everything that falls with it, and keys exactly to programs', async () => {
    const revoke = await harmless('lease', 'revoke', `dec:${evilLease}`, '--dry-run', '-o', 'json');
    expect(revoke.ended.code, revoke.stderr).toBe(0);
    const count = 2 * Object.keys(vectors).length + 1;
    expect(revoke.stderr).toContain(` removes ${count} keys:\n`);
    const { items } = JSON.parse(revoke.stdout) as {
      readonly items: readonly { readonly bindings: readonly { readonly key: string | null }[] }[];
    };
    const keys = items[0]?.bindings.map(({ key }) => key) ?? [];
    for (const text of Object.values(vectors)) expect(keys).toContain(`/locks/${text}`);
    const watch = startBinary(['lease', 'list', '-w', ...flags, '-o', 'table', '--width', '80'], { home });
    await watch.prints(' more\n', 10_000);
    watch.signal('SIGINT');
    expect((await watch.exit(5_000)).code).toBe(130);
    expect(watch.said.replaceAll('\t', ' ')).not.toMatch(leak);
  });

  it('what nobody can read is shown', async () => {
    const { stdout, stderr } = await harmless('list', 'bytes', '-o', 'json');
    const { undecoded } = JSON.parse(stdout) as {
      readonly undecoded: readonly { readonly reason: string }[];
    };
    expect(undecoded).toHaveLength(2);
    expect(stderr).toContain('2 entries could not be read:');
    const selected = await harmless('list', 'bytes', '-l', 'a=b');
    expect(selected.stderr).toContain('2 entries could not be read:');
    expect((await harmless('resolve', 'bytes')).ended.code).toBe(3);
  });

  // One of a kind: each costs a handful of runs.
  const typed = Object.entries(vectors).filter(([name]) =>
    /clipboard|c1|newline|override|zeroWidth|long|quotes/.test(name),
  );
  it.each(typed)('%s as a name that is typed', async (_name, text) => {
    for (const args of [
      ['list', text],
      ['resolve', text],
      ['list', `hostile/${text}`],
      ['deregister', `hostile/${text}`],
      ['list', '-l', text],
      ['list', '--layout', text],
      ['list', '--server', `http://${text}`],
    ]) {
      const run = await harmless(...args, '-o', 'name', '--timeout', '5s');
      expect(run.ended.code, args.join(' ')).not.toBe(70);
    }
  });

  it.each(['table', 'tsv', 'jsonl'])('a watch of it is harmless as %s', async (format) => {
    await using watch = startBinary(['watch', ...flags, '-o', format], { home });
    await watch.prints('synced', 10_000);
    for (const text of Object.values(vectors)) {
      await seedEtcd(etcd, [[`/services/watched/${text}`, valueOf(`${text}${format}`)]]);
    }
    await seedEtcd(etcd, [[`/services/watched/last-${format}`, '10.0.0.1:80']]);
    await watch.prints(`last-${format}`, 10_000);
    expect(watch.said.replaceAll('\t', ' ')).not.toMatch(leak);
  });

  it('10,000 instances in one service are listed, resolved and watched', async () => {
    const many = function* (): Generator<[string, string]> {
      for (let n = 0; n < 10_000; n += 1) yield [`/services/many/i-${n}`, `10.0.${n >> 8}.${n & 255}:80`];
    };
    await seedEtcd(etcd, many());
    for (const format of formats) {
      const { stdout, ended } = await harmless('list', 'many', '-o', format);
      expect(ended.code).toBe(0);
      expect(stdout.split('\n').length).toBeGreaterThan(10_000);
    }
    expect(
      (await harmless('resolve', 'many', '--all', '--include', 'unknown')).stdout.split('\n'),
    ).toHaveLength(10_001);
    expect(
      (await harmless('watch', 'many', '--until', 'instances>=10000', '--timeout', '20s')).ended.code,
    ).toBe(0);
  });
});

describe('by a Consul that invents everything', () => {
  it('texts of errors and of entries are harmless', async () => {
    const evil = Object.values(vectors).join('');
    const answers: readonly (readonly [number, string])[] = [
      [500, evil],
      [403, `Permission denied: ${evil}`],
      [200, JSON.stringify({ [evil]: [evil] })],
      [
        200,
        JSON.stringify([
          {
            Node: { Node: evil, Address: evil },
            Service: {
              ID: evil,
              Service: evil,
              Address: evil,
              Port: 'x',
              Tags: [evil],
              Meta: { [evil]: evil },
            },
            Checks: [{ CheckID: evil, Status: evil, Output: evil }],
          },
        ]),
      ],
      [200, evil],
      [302, evil],
    ];
    for (const [status, body] of answers) {
      const server = createServer((request, response) => {
        const isLeader = request.url?.startsWith('/v1/status/leader') === true;
        response.writeHead(isLeader ? 200 : status, {
          'content-type': 'application/json',
          'x-consul-index': '7',
          'x-consul-knownleader': 'true',
        });
        response.end(isLeader ? '"127.0.0.1:8300"' : body);
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      try {
        for (const args of [
          ['list'],
          ['list', 'order'],
          ['resolve', 'order', '-o', 'json'],
          ['register', 'order', '--endpoint', 'http://h:1', '--timeout', '1s'],
          ['list', '--debug'],
          ['lease', 'list'],
          ['lease', 'inspect', 'order', '-o', 'json'],
          ['lease', 'revoke', '0a3c1d5e-1111-2222-3333-444455556666', '--yes'],
        ]) {
          const run = await runBinary(
            [...args, '--backend', 'consul', '--server', url, '--timeout', '2s']
              .filter((word, index, all) => word !== '--timeout' || all.indexOf(word) === index)
              .filter((word) => word !== '2s' || !args.includes('1s')),
            { home },
          );
          expect(run.said.replaceAll('\t', ' '), args.join(' ')).not.toMatch(leak);
          expect(run.ended.code, `${status} ${args.join(' ')}: ${run.said.slice(0, 1_500)}`).not.toBe(70);
        }
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }
  });
});

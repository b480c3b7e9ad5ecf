/** Every exit code that these commands can give, through the program, for people and for programs. */
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BinaryOptions, runBinary, startBinary } from '../support/binary.js';
import { fleet, writeRegistry } from '../support/registry-folder.js';
import {
  type Etcd,
  type Consul,
  enableAuth,
  startBlackHole,
  startConsul,
  startEtcd,
} from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const home = makeTempDir('codes');
const folder = path.join(home, 'registry');
const local = ['--dir', folder];
const endpoint = ['--endpoint', 'http://10.0.4.17:8080'];
const passwordFile = path.join(home, 'password');
let secured: Etcd;
let full: Etcd;
let consul: Consul;

beforeAll(async () => {
  writeRegistry(folder, fleet);
  writeFileSync(passwordFile, 'wrong');
  [secured, full, consul] = await Promise.all([
    startEtcd({ version: '3.5', auth: 'simple' }),
    startEtcd({ version: '3.5', quotaBytes: 1_000_000 }),
    startConsul({ acl: 'deny' }),
  ]);
  await secured.put('/services/order/i-1', 'http://10.0.4.17:8080');
  await enableAuth(secured, {
    rootPassword: 'root',
    users: [
      {
        name: 'half',
        password: 'half',
        grants: [{ permission: 'read', key: '/services/order/', prefix: true }],
      },
    ],
  });
  const filler = 'x'.repeat(100_000);
  for (let n = 0; n < 20; n += 1) {
    try {
      await full.put(`/filler/${n}`, filler);
    } catch {
      break;
    }
  }
});

afterAll(async () => {
  await Promise.all([secured, full, consul].map(async (server) => server.stop()));
});

/** The same command for people and for programs. */
async function bothModes(
  code: number,
  args: readonly string[],
  errorCode: string,
  options: BinaryOptions = {},
): Promise<void> {
  const isStream = args[0] === 'register' || args[0] === 'watch';
  const text = await runBinary(args, { home, ...options });
  expect(text.ended, text.said).toMatchObject({ code, signal: null });
  expect(text.stderr).toMatch(/^(Error|sdctl hit a defect): /m);
  expect(text.stderr).toContain(`(${errorCode}, sdctl`);
  const json = await runBinary([...args, '-o', isStream ? 'jsonl' : 'json'], { home, ...options });
  expect(json.ended, json.said).toMatchObject({ code, signal: null });
  const last = isStream ? (json.stdout.trimEnd().split('\n').at(-1) ?? '') : json.stdout;
  expect(JSON.parse(last)).toMatchObject({
    apiVersion: 'sdctl/v1',
    kind: 'Error',
    error: { code: errorCode, exitCode: code },
  });
}

it('0: done, also when nothing was found', async () => {
  for (const args of [['list'], ['list', 'x*'], ['list', 'order', '-l', 'none=x'], ['resolve', 'order']]) {
    expect((await runBinary([...args, ...local], { home })).ended.code).toBe(0);
    const json = await runBinary([...args, ...local, '-o', 'json'], { home });
    expect(json.ended.code).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({ apiVersion: 'sdctl/v1' });
  }
});

it('1: failed for another reason, here no room in the registry', async () => {
  await bothModes(
    1,
    ['register', 'order', '--backend', 'etcd', '--server', full.url, ...endpoint],
    'E_NO_SPACE',
  );
});

describe('2: wrong usage', () => {
  it.each([
    ['E_NO_REGISTRY', ['list']],
    ['E_USAGE', ['lst']],
    ['E_USAGE', ['context', 'nope']],
    ['E_USAGE', ['help', 'nope']],
    ['E_USAGE', ['list', '--nope']],
    ['E_USAGE', ['--contxt', 'x', 'list']],
    ['E_USAGE', ['list', '--layout', 'nope', ...local]],
    ['E_USAGE', ['resolve']],
    ['E_USAGE', ['resolve', 'order', '--strategy', 'nearest', ...local]],
    ['E_USAGE', ['watch', '--until', 'x', ...local]],
    ['E_USAGE', ['register', 'order', ...local]],
    ['E_USAGE', ['register', 'a b', ...endpoint, ...local]],
    ['E_USAGE', ['register', 'order', '--endpoint', 'http://[::]:80', ...local]],
    ['E_USAGE', ['register', 'order', ...endpoint, '--ttl', '1s', ...local]],
    ['E_USAGE', ['register', 'order', ...endpoint, '--ttl', '30', ...local]],
    ['E_USAGE', ['register', 'order', ...endpoint, '--deregister-after', '30s', ...local]],
    ['E_USAGE', ['register', 'order', ...endpoint, '--weight', '-1', ...local]],
    ['E_CONFIRM', ['deregister', 'order/i-2', ...local]],
    ['E_MIN_HEALTHY', ['deregister', 'order/i-1', '--yes', ...local]],
    ['E_USAGE', ['deregister', 'order/*', '--yes', ...local]],
    ['E_FILE', ['deregister', '--undo', '/nope', ...local]],
    ['E_CONFIRM', ['lease', 'revoke', 'lease-i-1', ...local]],
    ['E_USAGE', ['lease', 'list', '--expiring', '10', ...local]],
    ['E_USAGE', ['lease', 'inspect', '', ...local]],
    ['E_USAGE', ['doctor', '--only', 'nope', ...local]],
    ['E_USAGE', ['doctor', '--update-baseline', ...local]],
    ['E_FILE', ['doctor', '--baseline', '/nope', ...local]],
    ['E_FILE', ['doctor', '--report', 'text=/nope/a', ...local]],
    ['E_CONFIG', ['list', '-c', 'nope']],
    ['E_CONFIG', ['list', '--config', '/nope']],
    ['E_FILE', ['list', '--backend', 'etcd', '--server', 'https://127.0.0.1:1', '--ca-file', '/nope']],
  ])('%s: sdctl %s', async (code, args) => {
    await bothModes(2, args, code);
  });

  it('E_USAGE: a stream is no document', async () => {
    for (const args of [['watch'], ['list', '-w'], ['register', 'order', ...endpoint]]) {
      const refused = await runBinary([...args, ...local, '-o', 'json'], { home });
      expect(refused.ended.code).toBe(2);
      expect(JSON.parse(refused.stdout)).toMatchObject({ kind: 'Error', error: { hint: '-o jsonl' } });
      expect(refused.stderr).toContain('Try: -o jsonl');
    }
  });

  it('E_USAGE: both families of native variables', async () => {
    await bothModes(2, ['list'], 'E_USAGE', { env: { ETCDCTL_ENDPOINTS: 'h:1', CONSUL_HTTP_ADDR: 'h:2' } });
  });
});

describe('3: not there', () => {
  it.each([
    ['E_NOT_FOUND', ['list', 'nope']],
    ['E_NOT_FOUND', ['list', 'order/nope']],
    ['E_NOT_FOUND', ['resolve', 'nope']],
    ['E_NO_USABLE', ['resolve', 'käse']],
    ['E_EMPTY', ['list', 'x*', '--fail-empty']],
    ['E_NOT_FOUND', ['deregister', 'order/nope', '--yes']],
    ['E_NOT_FOUND', ['lease', 'inspect', 'nope']],
    ['E_NOT_FOUND', ['lease', 'revoke', 'nope', '--yes']],
    ['E_NOT_FOUND', ['doctor', 'nope']],
    ['E_NOT_FOUND', ['context', 'show', 'nope']],
    ['E_NOT_FOUND', ['config', 'get', 'defaults.timeout']],
  ])('%s: sdctl %s', async (code, args) => {
    await bothModes(3, [...args, ...local], code);
  });
});

it('4: unreachable or timed out', async () => {
  await using hole = await startBlackHole().then((fake) => ({
    ...fake,
    url: fake.url,
    [Symbol.asyncDispose]: async () => fake.stop(),
  }));
  await bothModes(
    4,
    ['list', '--backend', 'etcd', '--server', 'http://127.0.0.1:1', '--timeout', '2s'],
    'E_UNREACHABLE',
  );
  await bothModes(
    4,
    ['watch', '--backend', 'consul', '--server', 'http://127.0.0.1:1', '--timeout', '2s'],
    'E_UNREACHABLE',
  );
  await bothModes(
    4,
    ['lease', 'list', '--backend', 'etcd', '--server', 'http://127.0.0.1:1', '--timeout', '2s'],
    'E_UNREACHABLE',
  );
  await bothModes(
    4,
    ['doctor', '--backend', 'consul', '--server', 'http://127.0.0.1:1', '--timeout', '2s'],
    'E_UNREACHABLE',
  );
  await bothModes(
    4,
    ['resolve', 'order', '--backend', 'consul', '--server', hole.url, '--timeout', '1s'],
    'E_TIMEOUT',
  );
});

it('5: not authenticated, not allowed, read-only', async () => {
  const etcd = ['--backend', 'etcd', '--server', secured.url];
  await bothModes(5, ['list', ...etcd, '--username', 'root', '--password-file', passwordFile], 'E_AUTH');
  await bothModes(
    5,
    ['register', 'order', ...endpoint, ...etcd, '--username', 'root', '--password-file', passwordFile],
    'E_AUTH',
  );
  await bothModes(
    5,
    ['register', 'order', ...endpoint, '--backend', 'consul', '--server', consul.url],
    'E_FORBIDDEN',
  );
  const config = path.join(home, 'read-only.yaml');
  writeFileSync(config, `contexts: {a: {backend: local, directory: ${folder}, readOnly: true}}\n`);
  await bothModes(5, ['register', 'order', ...endpoint, '--config', config, '-c', 'a'], 'E_READ_ONLY');
});

it('6: conflict', async () => {
  const config = path.join(home, 'conflict.yaml');
  const add = ['context', 'add', 'a', ...local, '--no-check', '--config', config];
  const added = await runBinary([...add, '-o', 'json'], { home });
  expect(JSON.parse(added.stdout)).toMatchObject({
    kind: 'Context',
    name: 'a',
    backend: 'local',
    directory: folder,
  });
  await bothModes(6, add, 'E_CONFLICT');
  await using owner = startBinary(
    ['register', 'order', '--id', 'mine', ...endpoint, '--ttl', '3s', ...local, '-o', 'jsonl'],
    { home },
  );
  await owner.line('registered', 10_000);
  await bothModes(
    6,
    ['register', 'order', '--id', 'mine', ...endpoint, '--ttl', '3s', ...local],
    'E_CONFLICT',
  );
});

it('7: the membership was lost', async () => {
  for (const format of ['table', 'jsonl']) {
    const own = path.join(home, `lost-${format}`);
    await using member = startBinary(
      [
        'register',
        'order',
        '--id',
        'mine',
        ...endpoint,
        '--ttl',
        '3s',
        '--on-lost',
        'exit',
        '--dir',
        own,
        '-o',
        format,
      ],
      { home },
    );
    await member.says('Registered order/mine', 10_000);
    rmSync(path.join(own, 'services', 'order', 'mine.json'));
    expect(await member.exit(10_000)).toMatchObject({ code: 7, signal: null });
    expect(member.stderr).toContain('(E_MEMBERSHIP_LOST, sdctl');
    if (format === 'jsonl')
      expect(member.lines.at(-1)?.line).toMatchObject({
        kind: 'Error',
        error: { code: 'E_MEMBERSHIP_LOST', exitCode: 7 },
      });
  }
});

it('8: some of several', async () => {
  const args = ['deregister', 'order/i-2', 'order/nope', '--dry-run', ...local];
  const text = await runBinary(args, { home });
  expect(text.ended).toMatchObject({ code: 8, signal: null });
  expect(text.stderr).toContain('(E_PARTIAL, sdctl');
  const json = await runBinary([...args, '-o', 'json'], { home });
  expect(json.ended).toMatchObject({ code: 8, signal: null });
  expect(JSON.parse(json.stdout)).toMatchObject({
    kind: 'DeregisterResult',
    items: [{ outcome: 'planned' }, { outcome: 'absent', error: { code: 'E_NOT_FOUND' } }],
  });
});

it('9: not reached in time', async () => {
  await bothModes(
    9,
    ['watch', 'order', '--until', 'passing>=9', '--timeout', '700ms', ...local],
    'E_NOT_REACHED',
  );
});

/** How `doctor` ends, for people and for programs, with the same verdict. */
async function verdict(code: number, reason: string, args: readonly string[]): Promise<void> {
  const text = await runBinary(['doctor', ...args], { home });
  expect(text.ended, text.said).toMatchObject({ code, signal: null });
  // Said once, however often the registry is read.
  const isPartial = args.includes('half');
  expect(text.stderr).toBe(
    isPartial ? 'the whole store is denied to half; reading what its roles grant: /services/order/\n' : '',
  );
  expect(text.stdout).toMatch(/ Exit \d+\D.*\.\n$/);
  const json = await runBinary(['doctor', ...args, '-o', 'json'], { home });
  expect(json.ended, json.said).toMatchObject({ code, signal: null });
  const document = JSON.parse(json.stdout) as { readonly exitReason: string };
  expect(document).toMatchObject({ kind: 'DoctorReport', exitCode: code });
  expect(document.exitReason).toContain(reason);
}

it('10: a finding counts', async () => {
  await verdict(10, 'with --fail-on warning', ['--only', 'SD101', '--fail-on', 'warning', ...local]);
  await verdict(0, 'no finding counts', ['--only', 'SD101', ...local]);
});

it('11: too much is unknown, unless that is allowed', async () => {
  const half = path.join(home, 'half');
  writeFileSync(half, 'half');
  const user = ['--username', 'half', '--password-file', half];
  const hidden = ['--backend', 'etcd', '--server', secured.url, '--prefix', '', ...user];
  await verdict(11, 'not everything that was asked for could be read', hidden);
  await verdict(0, '--allow-unknown was given', [...hidden, '--allow-unknown']);
});

describe('70: a defect', () => {
  const NODE_OPTIONS = `--import ${fileURLToPath(new URL('faults/broken-sort.mjs', import.meta.url))}`;

  it('is written down, without secrets, and harmless to the terminal', async () => {
    const own = makeTempDir('home');
    mkdirSync(path.join(own, 'state'));
    await bothModes(70, ['list', '--sort-by', 'service', ...local], 'E_DEFECT', {
      home: own,
      env: { NODE_OPTIONS },
    });
    const files = readdirSync(path.join(own, 'state', 'sdctl')).filter((name) => name.startsWith('crash-'));
    expect(files).toHaveLength(2);
    const file = path.join(own, 'state', 'sdctl', files[0] ?? '');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toMatch(
      /^sdctl list --sort-by service --dir .*\nnode v.*\nTypeError: bolt/,
    );
    const debug = await runBinary(['list', '--sort-by', 'service', ...local, '--debug'], {
      home: own,
      env: { NODE_OPTIONS },
    });
    expect(debug.stderr).toContain('    at ');
    expect(debug.said).not.toContain('\u001b');
  });
});

describe('128 and the number of the signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s ends a watch with %i', async (signal, code) => {
    await using watch = startBinary(['watch', ...local, '-o', 'jsonl'], { home });
    await watch.line('synced', 10_000);
    watch.signal(signal);
    expect(await watch.exit(5_000)).toMatchObject({ code, signal: null });
    expect(watch.stderr).toBe('');
    for (const line of watch.stdout.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ kind: 'MembershipEvent' });
  });

  it('ends a question under way, with a document for programs', async () => {
    const hole = await startBlackHole();
    try {
      for (const format of ['table', 'json']) {
        await using list = startBinary(
          ['list', '--backend', 'consul', '--server', hole.url, '--timeout', '30s', '-v', '-o', format],
          { home },
        );
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        list.signal('SIGTERM');
        expect(await list.exit(5_000)).toMatchObject({ code: 143, signal: null });
        if (format === 'json')
          expect(JSON.parse(list.stdout)).toMatchObject({
            kind: 'Error',
            error: { code: 'E_ABORTED', exitCode: 143 },
          });
      }
    } finally {
      await hole.stop();
    }
  });

  it('is not the end of a registration that was told to stop: 0', async () => {
    await using member = startBinary(
      ['register', 'order', '--id', 'stops', ...endpoint, ...local, '-o', 'jsonl'],
      { home },
    );
    await member.line('registered', 10_000);
    member.signal('SIGTERM');
    expect(await member.exit(5_000)).toMatchObject({ code: 0, signal: null });
    expect(member.types.at(-1)).toBe('deregistered');
  });
});

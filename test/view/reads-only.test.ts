/** Nothing that anybody types into the view changes a registry: asked of real servers, by what they count themselves. */
import { randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/lib/demo/seeded-random.js';
import { keyTable } from '../../src/lib/tui/keys/key-table.js';
import { lineWords } from '../../src/lib/tui/state/command-line.js';
import { startRequestCounter } from '../integration/consul-request-counter.js';
import { writeRegistry } from '../support/registry-folder.js';
import { startConsul, startEtcd, type Consul, type Etcd } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { ViewTerminal } from '../support/view/view-terminal.js';

/** Another one each time, printed, so that what fails can be run again: SDCTL_TEST_SEED. */
const seed = process.env['SDCTL_TEST_SEED'] ?? randomBytes(4).toString('hex');
const KEYS = 5_000;
/** Keys between two looks at the screen. */
const BURST = 250;
const WITHIN_MS = 20_000;
const SLOW = { timeout: 180_000 };

const SERVICES = ['cart', 'order', 'pay'] as const;
const IDS = ['i-1', 'i-2', 'i-3', 'i-4'] as const;

interface Subject extends AsyncDisposable {
  readonly name: string;
  /** Below a context in the config file. */
  readonly context: string;
  /** Everything that a change of the registry would change. */
  readonly state: () => Promise<unknown>;
  /** What was asked of it that is no question; empty as it should be. */
  readonly writes: () => Promise<readonly string[]>;
}

/** What etcd is asked for by its readers; every other call would be one that changes something. */
const READING = [
  'Range',
  // Of ranges alone: the counters of puts and deletions say so.
  'Txn',
  'Watch',
  'LeaseTimeToLive',
  'LeaseLeases',
  'Status',
  'MemberList',
  'UserGet',
  'RoleGet',
  'AuthStatus',
];

async function etcdSubject(): Promise<Subject> {
  const etcd = await startEtcd({ version: '3.5' });
  for (const service of SERVICES)
    for (const id of IDS) {
      const granted = await etcd.ctl(['lease', 'grant', '900']);
      const lease = /lease (\w+) granted/.exec(granted)?.[1] ?? '';
      const value = { id, name: service, version: '1.0.0', metadata: {}, endpoints: ['http://10.0.0.1:80'] };
      await etcd.ctl(['put', `--lease=${lease}`, `/microservices/${service}/${id}`, JSON.stringify(value)]);
    }
  // One that nothing hangs on, and one that sdctl wrote.
  await etcd.ctl(['lease', 'grant', '900']);
  await etcd.put('/services/legacy/i-9', '10.0.0.9:80');
  const before = await callsOf(etcd);
  return {
    name: 'etcd 3.5',
    context: `backend: etcd\n    servers: [${etcd.url}]\n    prefix: [/microservices/, /services/]`,
    state: async () => ({
      revision: (await etcd.status()).revision,
      entries: await etcd.list(''),
      leases: (await etcd.ctl(['lease', 'list'])).split('\n').sort(),
      granted: await metric(etcd, 'etcd_debugging_lease_granted_total'),
      revoked: await metric(etcd, 'etcd_debugging_lease_revoked_total'),
      renewed: await metric(etcd, 'etcd_debugging_lease_renewed_total'),
      puts: await metric(etcd, 'etcd_mvcc_put_total'),
      deletes: await metric(etcd, 'etcd_mvcc_delete_total'),
    }),
    writes: async () =>
      [...(await callsOf(etcd))]
        .filter(([method, count]) => count > (before.get(method) ?? 0) && !READING.includes(method))
        .map(([method, count]) => `${method} ${count - (before.get(method) ?? 0)} times`),
    [Symbol.asyncDispose]: async () => etcd.stop(),
  };
}

async function metricsOf(etcd: Etcd): Promise<string> {
  return (await fetch(`${etcd.url}/metrics`)).text();
}

async function metric(etcd: Etcd, name: string): Promise<number> {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(await metricsOf(etcd))?.[1];
  if (found === undefined) throw new Error(`etcd does not count ${name}`);
  return Number(found);
}

/** How often each method was called. */
async function callsOf(etcd: Etcd): Promise<ReadonlyMap<string, number>> {
  const lines = (await metricsOf(etcd)).matchAll(
    /^grpc_server_started_total\{grpc_method="(\w+)",grpc_service="etcdserverpb[^}]*\} (\d+)$/gm,
  );
  return new Map([...lines].map(([, method = '', count]) => [method, Number(count)]));
}

async function consulSubject(): Promise<Subject> {
  const consul = await startConsul();
  for (const service of SERVICES)
    for (const id of IDS) {
      const entry = {
        ID: `${service}-${id}`,
        Name: service,
        Address: '10.0.0.1',
        Port: 80,
        Check: { TTL: '900s', Status: 'passing' },
      };
      expect((await consul.api('PUT', '/v1/agent/service/register', entry)).status).toBe(200);
    }
  await untilAtRest(consul);
  const counter = await startRequestCounter(consul.url);
  return {
    name: 'consul',
    context: `backend: consul\n    servers: [${counter.url}]`,
    state: async () => ({
      services: await indexOf(consul, '/v1/catalog/services'),
      checks: await indexOf(consul, '/v1/health/state/any'),
      sessions: await indexOf(consul, '/v1/session/list'),
      keys: await indexOf(consul, '/v1/kv/?keys'),
      agent: (await consul.api('GET', '/v1/agent/services')).body,
      agentChecks: (await consul.api('GET', '/v1/agent/checks')).body,
    }),
    writes: () =>
      Promise.resolve(
        counter.requests.filter(({ method }) => method !== 'GET').map((one) => `${one.method} ${one.path}`),
      ),
    async [Symbol.asyncDispose]() {
      await counter.stop();
      await consul.stop();
    },
  };
}

async function indexOf(consul: Consul, where: string): Promise<string> {
  return String((await consul.api('GET', where)).headers['x-consul-index']);
}

/** An agent that has just begun still tells the catalogue of itself and of its checks. */
async function untilAtRest(consul: Consul): Promise<void> {
  let last = '';
  for (let same = 0; same < 8;) {
    await sleep(250);
    const now = `${await indexOf(consul, '/v1/catalog/services')} ${await indexOf(consul, '/v1/health/state/any')}`;
    same = now === last ? same + 1 : 0;
    last = now;
  }
}

async function localSubject(): Promise<Subject> {
  const directory = makeTempDir('reads-only');
  writeRegistry(
    directory,
    SERVICES.flatMap((service) =>
      IDS.map((id) => ({ service, id, value: { endpoints: ['http://10.0.0.1:80'], zone: 'a' } })),
    ),
  );
  // A reader draws back what was renewed in the future.
  const now = new Date();
  for (const service of SERVICES)
    for (const id of IDS) utimesSync(path.join(directory, 'services', service, `${id}.json`), now, now);
  return Promise.resolve({
    name: 'local',
    context: `backend: local\n    directory: ${JSON.stringify(directory)}`,
    state: () => Promise.resolve(filesOf(directory)),
    writes: () => Promise.resolve([]),
    [Symbol.asyncDispose]: async () => Promise.resolve(),
  });
}

/** Every file and folder with its times and content. */
function filesOf(directory: string): readonly unknown[] {
  return ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })].sort().map((name) => {
    const full = path.join(directory, name);
    const { mtimeMs, ctimeMs, size, mode, ino } = lstatSync(full);
    const isFile = lstatSync(full).isFile();
    return {
      name,
      mtimeMs,
      ctimeMs,
      size: isFile ? size : 0,
      mode,
      ino,
      text: isFile ? readFileSync(full, 'utf8') : '',
    };
  });
}

const sequences: Readonly<Record<string, string>> = {
  up: '\x1b[A',
  down: '\x1b[B',
  pageup: '\x1b[5~',
  pagedown: '\x1b[6~',
  home: '\x1b[H',
  end: '\x1b[F',
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  'shift-tab': '\x1b[Z',
};
/** What leaves the view, or stops it. */
const LEAVING = ['q', 'ctrl-c', 'ctrl-z'];
const boundKeys = keyTable
  .flatMap(({ keys }) => keys)
  .filter((key) => !LEAVING.includes(key))
  .map((key) => {
    const control = /^ctrl-([a-z])$/.exec(key)?.[1];
    return control === undefined ? (sequences[key] ?? key) : String.fromCharCode(control.charCodeAt(0) - 96);
  });
/** What changes something in other programs, and everything else that a keyboard sends. */
const otherKeys = [
  ...['D', 'X', 'd', 'x', '\x04', '\x0b', '\x7f', '\x1b[3~', '\x15', '\x17', '\x1b[2~', '\x1b[D', '\x1b[C'],
  ...['\x1bOP', '\x1bOQ', '\x1b[15~', '\x1b[24~', '\x1b[1;5A', '\x1b[1;2B', '\x1bd', '\x1bx', '\x1b\x7f'],
  ...['\x00', '\x01', '\x05', '\x0e', '\x10', '\x12', '\x14', '\x16', '\x18', '\x1c', '\x1d', '\x1e', '\x1f'],
  ...['\x1b[M !!', '\x1b[<0;10;10M', '\x1b[I', '\x1b[O', '\x1b[200', '\x1b[?1;2c', '\x1b]11;rgb:0/0/0\x07'],
  ...['é', '日', '👍', '\x9b2J', '\ufffd', 'y\r', 'yes\r', 'order\r', 'prod\r'],
];
const lines = [
  ...lineWords.filter((word) => !word.startsWith('q')),
  ...['svc order', 'svc nope', 'services pay', 'ctx one', 'ctx two', 'context one', 'ctx nope'],
  ...['layout auto', 'layout kratos', 'layout sdctl', 'layout plain', 'layout nope', 'deregister order/i-1'],
  ...['revoke', 'delete', 'register x', 'lease revoke 1', '!rm -rf .', 'help me', '', '   ', 'leases all'],
];
const filters = [
  'order',
  '!order',
  '/^o.*r$/',
  '/(/',
  '-l zone=a',
  '-l version in (1.0.0)',
  '-l ,',
  ' ',
  '\\',
  '*',
];

/** A key, a text with its Enter or without, or a paste. */
function* anything(random: () => number): Generator<string> {
  const pick = (items: readonly string[]): string => items[Math.floor(random() * items.length)] ?? '';
  for (;;) {
    const kind = random();
    if (kind < 0.72) yield pick(boundKeys);
    else if (kind < 0.86) yield pick(otherKeys);
    else if (kind < 0.91) yield* typed(':', pick(lines), pick(['\r', '\t\r', '\x1b', '\x15\r']));
    else if (kind < 0.95) yield* typed('/', pick(filters), pick(['\r', '\x1b', '\r\x1b']));
    else
      yield `\x1b[200~${pick([...lines, ...filters, 'D\ry\r', 'a\nb\tc', '\x1b[31mD', 'x'.repeat(500)])}\x1b[201~`;
  }
}

function* typed(begin: string, text: string, end: string): Generator<string> {
  yield begin;
  yield* Array.from(text);
  yield* Array.from(end);
}

const OVERVIEW = /[●+] LIVE[\s\S]*^ services\b[\s\S]*\border\b/m;

/** A home with two contexts that lead to the same registry. */
function homeFor(subject: Subject): string {
  const home = makeTempDir('home');
  const folder = path.join(home, 'config', 'sdctl');
  mkdirSync(folder, { recursive: true });
  const contexts = ['one', 'two'].map((name) => `  ${name}:\n    ${subject.context}\n`).join('');
  writeFileSync(path.join(folder, 'config.yaml'), `version: 1\ncurrentContext: one\ncontexts:\n${contexts}`);
  return home;
}

/** Out of whatever is open, to the overview: the registry is shown, and keys still work. */
async function backToServices(terminal: ViewTerminal): Promise<void> {
  for (const key of ['\x1b[201~', '\x1b', '\x1b', '\x1b', ':']) {
    terminal.press(key);
    await sleep(60);
  }
  for (const key of ['ctx one', '\r']) {
    for (const letter of Array.from(key)) terminal.press(letter);
    await sleep(60);
  }
  await terminal.until(OVERVIEW, WITHIN_MS);
}

/** Each screen, how it is reached from anywhere, and what stands on it. */
const screens: readonly (readonly [keys: readonly string[], shows: RegExp])[] = [
  [['1'], /^ services \(/m],
  [['1', 'g', '\r'], /^ services [›>] \w+(?! *[›>])/m],
  [['1', 'g', '\r', '\r'], /^ services [›>] \w+ [›>] /m],
  [['1', 'g', '\r', 'h'], /^ host [›>]/m],
  [['2'], /^ leases \(/m],
  [['2', 'g', '\r'], /^ leases [›>]/m],
  [['3'], /^ events\b/m],
  [['4'], /^ doctor\b/m],
];
/** Lines after which another registry is shown, or the same in another way. */
const CHANGING = /^(?:ctx|context|layout) (?!nope)/;

async function everyLineOnEveryScreen(terminal: ViewTerminal): Promise<number> {
  const press = async (keys: readonly string[]): Promise<void> => {
    for (const key of keys) {
      terminal.press(key);
      await sleep(2);
    }
  };
  /** A registry that was only just opened has no rows yet that could be entered. */
  const reach = async (way: readonly string[], shows: RegExp): Promise<void> => {
    for (const startedMs = performance.now(); ;) {
      await press(way);
      const isLast = performance.now() - startedMs > WITHIN_MS;
      if (await arrives(terminal, shows, isLast)) return;
    }
  };
  for (const [way, shows] of screens) {
    for (const line of lines) {
      await reach(way, shows);
      await press([':', ...Array.from(line), '\r']);
      if (CHANGING.test(line)) await press([':', ...Array.from('ctx one'), '\r']);
      if (line !== 'help') continue;
      await press(['\x1b']);
      await sleep(40);
    }
  }
  return screens.length * lines.length;
}

async function arrives(terminal: ViewTerminal, shows: RegExp, isLast: boolean): Promise<boolean> {
  try {
    await terminal.until(shows, 400);
    return true;
  } catch (error) {
    if (isLast || !terminal.running) throw error;
    return false;
  }
}

test.concurrent.for([
  ['etcd 3.5', etcdSubject],
  ['consul', consulSubject],
  ['local', localSubject],
] as const)('%s: random keys and every line', SLOW, async ([name, open]) => {
  console.info(`keys on ${name} | seed ${seed}`);
  await using subject = await open();
  const before = await subject.state();
  await using terminal = new ViewTerminal(['top', '--clipboard'], {
    home: homeFor(subject),
    columns: 120,
    rows: 30,
  });
  await terminal.until(/● LIVE[\s\S]*order/, WITHIN_MS);
  const random = seededRandom(`${seed} ${name}`);
  const keys = anything(random);
  const recent: string[] = [];
  const startedMs = performance.now();
  try {
    for (let count = 1; count <= KEYS; count += 1) {
      const key = String(keys.next().value);
      recent.push(JSON.stringify(key));
      terminal.press(key);
      await sleep(1);
      if (count % BURST !== 0) continue;
      expect(terminal.running).toBe(true);
      // Not so small that the overview would hide what is looked for.
      const [columns, rows] = [60 + Math.floor(random() * 160), 10 + Math.floor(random() * 40)];
      terminal.resize(columns, rows);
      await backToServices(terminal);
      recent.length = 0;
    }
    const keysMs = performance.now() - startedMs;
    const count = await everyLineOnEveryScreen(terminal);
    await backToServices(terminal);
    console.info(
      `keys on ${name} | ${KEYS} keys in ${Math.round(keysMs)} ms, ${count} lines in ${Math.round(performance.now() - startedMs - keysMs)} ms`,
    );
  } catch (error) {
    throw new Error(`seed ${seed} on ${name}, after ${recent.join(' ')}: ${String(error)}`, { cause: error });
  }
  expect(await subject.state()).toEqual(before);
  expect(await subject.writes()).toEqual([]);
  terminal.press('\x03');
  expect(await terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
  expect(terminal.modes).toMatchObject({ isAlternate: false, isCursorVisible: true, wraps: true });
});

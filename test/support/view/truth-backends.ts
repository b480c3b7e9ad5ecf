/** Registries for the truth test. What is read and written here goes past every part of sdctl that the view uses. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeRegistry } from '../registry-folder.js';
import { startConsul, startEtcd, type Consul, type Etcd } from '../servers/index.js';
import { makeTempDir } from '../servers/lifetime.js';

/** Service to instance to endpoint, as the view shows it. */
export type Truth = ReadonlyMap<string, ReadonlyMap<string, string>>;

export interface TruthEntry {
  readonly service: string;
  readonly id: string;
  readonly address: string;
  readonly port: number;
  readonly version: string;
}

export interface TruthBackend extends AsyncDisposable {
  readonly name: string;
  /** Flags that lead sdctl there. */
  readonly args: readonly string[];
  /** Whether an entry goes when nobody renews it. */
  readonly expires: boolean;
  /** Writes it, new or again, with a lease of its own that is renewed until `neglect`. */
  put(entry: TruthEntry, ttlSeconds: number): Promise<void>;
  remove(entry: TruthEntry): Promise<void>;
  /** Nobody renews it any more. */
  neglect(entry: TruthEntry): void;
  /** What is there at this moment. */
  read(): Promise<Truth>;
  /** Takes the server away; answers how to bring it back. null: there is no server. */
  readonly away: ((how: 'frozen' | 'killed') => Promise<() => Promise<void>>) | null;
}

const keyOf = ({ service, id }: TruthEntry): string => `${service}/${id}`;

/** Calls something again and again until it is disposed; failures are for a server that is away. */
class Renewals implements Disposable {
  readonly #timers = new Map<string, NodeJS.Timeout>();

  keep(key: string, everyMs: number, renew: () => Promise<unknown>): void {
    this.drop(key);
    this.#timers.set(
      key,
      setInterval(() => void renew().catch(() => undefined), everyMs),
    );
  }

  drop(key: string): void {
    clearInterval(this.#timers.get(key));
    this.#timers.delete(key);
  }

  [Symbol.dispose](): void {
    for (const key of [...this.#timers.keys()]) this.drop(key);
  }
}

const ROOT = '/microservices/';
const CALL_MS = 5_000;
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const fromBase64 = (text: string): string => Buffer.from(text, 'base64').toString('utf8');

/** etcd, written through its gateway and read by etcdctl. */
export async function etcdTruth(): Promise<TruthBackend> {
  const etcd = await startEtcd({ version: '3.5' });
  const renewals = new Renewals();
  const call = async (name: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${etcd.url}/v3/${name}`, {
      method: 'POST',
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(CALL_MS),
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    name: 'etcd',
    args: ['--backend', 'etcd', '--server', etcd.url, '--prefix', ROOT],
    expires: true,
    async put(entry, ttlSeconds) {
      const { service, id, address, port, version } = entry;
      const { ID } = await call('lease/grant', { TTL: ttlSeconds });
      const value = { id, name: service, version, metadata: {}, endpoints: [`http://${address}:${port}`] };
      await call('kv/put', {
        key: base64(`${ROOT}${service}/${id}`),
        value: base64(JSON.stringify(value)),
        lease: ID,
      });
      renewals.keep(keyOf(entry), (ttlSeconds * 1_000) / 3, async () => call('lease/keepalive', { ID }));
    },
    async remove(entry) {
      renewals.drop(keyOf(entry));
      await call('kv/deleterange', { key: base64(`${ROOT}${entry.service}/${entry.id}`) });
    },
    neglect: (entry) => renewals.drop(keyOf(entry)),
    async read() {
      const answer = JSON.parse(await etcd.ctl(['get', '--prefix', '--write-out=json', '--', ROOT])) as {
        readonly kvs?: readonly { readonly key: string; readonly value: string }[];
      };
      return toTruth(
        (answer.kvs ?? []).map((pair) => {
          const value = JSON.parse(fromBase64(pair.value)) as {
            readonly id: string;
            readonly name: string;
            readonly endpoints: readonly string[];
          };
          return [value.name, value.id, value.endpoints[0] ?? ''];
        }),
      );
    },
    away: async (how) => takeAway(etcd, how),
    async [Symbol.asyncDispose]() {
      renewals[Symbol.dispose]();
      await etcd.stop();
    },
  };
}

/** One agent of Consul, by HTTP. */
export async function consulTruth(): Promise<TruthBackend> {
  const consul = await startConsul();
  const renewals = new Renewals();
  const put = async (where: string, body?: unknown): Promise<void> => {
    const answer = await consul.api('PUT', where, body, { timeoutMs: CALL_MS });
    if (answer.status !== 200) throw new Error(`${where}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return {
    name: 'consul',
    args: ['--backend', 'consul', '--server', consul.url],
    // An entry whose check is not renewed turns critical, and stays.
    expires: false,
    async put(entry, ttlSeconds) {
      await put('/v1/agent/service/register', {
        ID: entry.id,
        Name: entry.service,
        Address: entry.address,
        Port: entry.port,
        Meta: { version: entry.version },
        Check: { TTL: `${ttlSeconds}s`, Status: 'passing' },
      });
      renewals.keep(keyOf(entry), (ttlSeconds * 1_000) / 3, async () =>
        put(`/v1/agent/check/pass/service:${entry.id}`),
      );
    },
    async remove(entry) {
      renewals.drop(keyOf(entry));
      await put(`/v1/agent/service/deregister/${entry.id}`);
    },
    neglect: (entry) => renewals.drop(keyOf(entry)),
    async read() {
      const names = (await consul.api('GET', '/v1/catalog/services?consistent')).body as Record<
        string,
        unknown
      >;
      const all: [string, string, string][] = [];
      for (const name of Object.keys(names)) {
        const entries = (await consul.api('GET', `/v1/catalog/service/${name}?consistent`)).body as readonly {
          readonly ServiceID: string;
          readonly ServiceAddress: string;
          readonly Address: string;
          readonly ServicePort: number;
        }[];
        for (const { ServiceID, ServiceAddress, Address, ServicePort } of entries)
          all.push([name, ServiceID, `${ServiceAddress === '' ? Address : ServiceAddress}:${ServicePort}`]);
      }
      return toTruth(all);
    },
    away: async (how) => takeAway(consul, how),
    async [Symbol.asyncDispose]() {
      renewals[Symbol.dispose]();
      await consul.stop();
    },
  };
}

/** A directory, written and read as files. */
export async function localTruth(): Promise<TruthBackend> {
  const directory = makeTempDir('truth');
  const services = path.join(directory, 'services');
  const renewals = new Renewals();
  // The names of the truth test are their own file names.
  const fileOf = ({ service, id }: TruthEntry): string => path.join(services, service, `${id}.json`);
  writeRegistry(directory, []);
  mkdirSync(services, { mode: 0o700 });
  let writes = 100;
  return Promise.resolve({
    name: 'local',
    args: ['--backend', 'local', '--dir', directory],
    expires: true,
    async put(entry: TruthEntry, ttlSeconds: number) {
      const { service, id, address, port, version } = entry;
      writes += 1;
      const value = { sdctl: 1, service, id, endpoints: [`http://${address}:${port}`], version };
      const lease = { id: `lease-${writes}`, ttlMs: ttlSeconds * 1_000 };
      const content = { format: 1, service, id, revision: String(writes), lease, value };
      mkdirSync(path.join(services, service), { recursive: true, mode: 0o700 });
      const draft = path.join(directory, `${id}.draft`);
      writeFileSync(draft, `${JSON.stringify(content)}\n`, { mode: 0o600 });
      renameSync(draft, fileOf(entry));
      renewals.keep(keyOf(entry), (ttlSeconds * 1_000) / 3, async () =>
        utimes(fileOf(entry), new Date(), new Date()),
      );
      return Promise.resolve();
    },
    async remove(entry: TruthEntry) {
      renewals.drop(keyOf(entry));
      rmSync(fileOf(entry), { force: true });
      return Promise.resolve();
    },
    neglect: (entry: TruthEntry) => renewals.drop(keyOf(entry)),
    async read() {
      const files = readdirSync(services, { recursive: true, encoding: 'utf8' });
      const entries = files
        .filter((name) => name.endsWith('.json'))
        .flatMap((name) => liveEntry(path.join(services, name)));
      return Promise.resolve(toTruth(entries));
    },
    away: null,
    async [Symbol.asyncDispose]() {
      renewals[Symbol.dispose]();
      return Promise.resolve();
    },
  });
}

/** What a file holds if its lease, which began with its last modification, still runs. */
function liveEntry(file: string): readonly (readonly [string, string, string])[] {
  let text: string;
  let renewedMs: number;
  try {
    text = readFileSync(file, 'utf8');
    renewedMs = statSync(file).mtimeMs;
  } catch {
    // It was removed meanwhile.
    return [];
  }
  const { service, id, lease, value } = JSON.parse(text) as {
    readonly service: string;
    readonly id: string;
    readonly lease: { readonly ttlMs: number };
    readonly value: { readonly endpoints: readonly string[] };
  };
  if (renewedMs + lease.ttlMs <= Date.now()) return [];
  return [[service, id, value.endpoints[0] ?? '']];
}

function toTruth(entries: readonly (readonly [service: string, id: string, endpoint: string])[]): Truth {
  const truth = new Map<string, Map<string, string>>();
  for (const [service, id, endpoint] of entries) {
    const instances = truth.get(service) ?? new Map<string, string>();
    instances.set(id, endpoint);
    truth.set(service, instances);
  }
  return truth;
}

async function takeAway(server: Etcd | Consul, how: 'frozen' | 'killed'): Promise<() => Promise<void>> {
  if (how === 'frozen') {
    server.freeze();
    return async () => {
      server.thaw();
      await server.waitReady();
    };
  }
  await server.kill('SIGKILL');
  return async () => {
    // The port may still be held by connections that are ending.
    await sleep(50);
    await server.start();
  };
}

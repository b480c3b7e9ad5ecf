/** A real server behind one face, so that a row of the fault table is written once for all backends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Consul, type Etcd, startConsul, startEtcd } from '../support/servers/index.js';

export interface RegistryServer {
  readonly url: string;
  /** Flags that name it. */
  readonly flags: readonly string[];
  kill(): Promise<void>;
  /** Kills it, waits `downMs`, starts it again; resolves as `answering`. */
  away(downMs: number, options?: { readonly wipe?: boolean }): Promise<number>;
  freeze(): void;
  thaw(): void;
  /**
   * Resolves as soon as it answers: a linearizable read succeeds (etcd), or it names a leader (Consul). With the
   * time of that.
   */
  answering(): Promise<number>;
  /** Ids that callers would be sent to. */
  usable(service: string): Promise<readonly string[]>;
  /** Resolves with the time at which exactly these are usable. */
  untilUsable(service: string, ids: readonly string[], withinMs: number): Promise<number>;
  stop(): Promise<void>;
}

/** A backend, and the shortest TTL that the table uses on it. */
export interface Backend {
  readonly name: string;
  readonly kind: 'etcd' | 'consul';
  readonly ttlSeconds: number;
  /** How long `watch` may take to notice a server that hangs. */
  readonly staleMs: number;
  readonly start: () => Promise<RegistryServer>;
}

const etcd = (version: '3.4' | '3.5'): Backend => ({
  name: `etcd ${version}`,
  kind: 'etcd',
  ttlSeconds: 3,
  staleMs: 8_500,
  start: async () => etcdServer(await startEtcd({ version })),
});

const consul: Backend = {
  name: 'consul',
  kind: 'consul',
  ttlSeconds: 20,
  staleMs: 6_000,
  start: async () => consulServer(await startConsul()),
};

export const backends: readonly Backend[] = [etcd('3.5'), etcd('3.4'), consul];

export function etcdServer(server: Etcd, url = server.url): RegistryServer {
  const answering = async (): Promise<number> => {
    for (;;) {
      if ((await range(server.url, '/', '0').catch(() => null)) !== null) return performance.now();
      await sleep(10);
    }
  };
  const usable = async (service: string): Promise<readonly string[]> => {
    const prefix = `/services/${service}/`;
    const keys = await range(server.url, prefix, `/services/${service}0`);
    return keys.map((key) => key.slice(prefix.length)).sort();
  };
  return { ...shared(server, answering, usable), url, flags: flagsOf('etcd', url) };
}

export function consulServer(server: Consul, url = server.url): RegistryServer {
  const ask = async (path: string): Promise<unknown> => {
    const answer = await server.api('GET', path, undefined, { timeoutMs: 1_000 }).catch(() => null);
    return answer?.status === 200 ? answer.body : null;
  };
  const answering = async (): Promise<number> => {
    for (;;) {
      const leader = await ask('/v1/status/leader');
      if (typeof leader === 'string' && leader !== '') return performance.now();
      await sleep(10);
    }
  };
  const usable = async (service: string): Promise<readonly string[]> => {
    const body = await ask(`/v1/health/service/${service}?passing`);
    if (!Array.isArray(body)) throw new Error('consul does not answer');
    return body.map((entry: { readonly Service: { readonly ID: string } }) => entry.Service.ID).sort();
  };
  return { ...shared(server, answering, usable), url, flags: flagsOf('consul', url) };
}

/** The keys from `start` up to `end`, by a linearizable read. Over HTTP, because etcdctl waits before it tries again. */
async function range(url: string, start: string, end: string): Promise<readonly string[]> {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const response = await fetch(`${url}/v3/kv/range`, {
    method: 'POST',
    body: JSON.stringify({ key: base64(start), range_end: base64(end), keys_only: true }),
    signal: AbortSignal.timeout(1_000),
  });
  if (!response.ok) throw new Error(`etcd answers ${response.status}`);
  const { kvs = [] } = (await response.json()) as { readonly kvs?: readonly { readonly key: string }[] };
  return kvs.map(({ key }) => Buffer.from(key, 'base64').toString());
}

function shared(
  server: Etcd | Consul,
  answering: () => Promise<number>,
  usable: (service: string) => Promise<readonly string[]>,
): Omit<RegistryServer, 'url' | 'flags'> {
  return {
    answering,
    usable,
    kill: async () => server.kill(),
    async away(downMs, { wipe = false } = {}) {
      await server.kill();
      await server.restart({ downMs, wipe, noWait: true });
      return answering();
    },
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    async untilUsable(service, ids, withinMs) {
      const deadlineMs = performance.now() + withinMs;
      let last = 'nothing';
      while (performance.now() < deadlineMs) {
        last = String(await usable(service).catch((error: unknown) => error));
        if (last === [...ids].sort().join(',')) return performance.now();
        await sleep(20);
      }
      throw new Error(`${service} is not ${ids.join(',') || 'empty'} within ${withinMs} ms but: ${last}`);
    },
    stop: async () => server.stop(),
  };
}

function flagsOf(backend: string, url: string): readonly string[] {
  return ['--backend', backend, '--server', url];
}

/** What every imitated process of a framework has: a connection of its own, leases that it keeps, and an end. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import type { Etcd } from '../servers/index.js';

/** Where to register. */
export type Store = Pick<Etcd, 'url'>;

/** Something that a process wrote. The id of the lease is decimal. */
export interface Write {
  readonly key: string;
  readonly value: string;
  readonly lease: string;
}

/** How soon it tries again while etcd is away. */
const RETRY_MS = 500;

/** A process that registers itself in etcd. Its end is that of a killed one: everything stays as it is. */
export class Imitated implements Disposable {
  /** Everything it has written so far, in its order. */
  readonly writes: Write[] = [];
  /** How often it has looked, for frameworks that look at intervals. */
  checks = 0;
  readonly #client: Etcd3;
  readonly #end = new AbortController();

  constructor(etcd: Store) {
    this.#client = new Etcd3({ hosts: etcd.url });
  }

  /** Where its entry of that service stands as far as it knows. */
  entryOf(service: string): Write {
    const write = this.writes.findLast(
      ({ key }) => key.includes(`/${service}/`) || key.startsWith(`${service}/`),
    );
    if (write === undefined) throw new Error(`${service} was never written`);
    return write;
  }

  async grant(ttlSeconds: number): Promise<string> {
    const { ID } = await this.#client.leaseClient.leaseGrant({ TTL: ttlSeconds });
    return ID;
  }

  async revoke(lease: string): Promise<void> {
    await this.#client.leaseClient.leaseRevoke({ ID: lease }).catch(() => undefined);
  }

  /** @throws when etcd does not know that lease */
  async put(write: Write): Promise<void> {
    await this.#client.put(write.key).value(write.value).lease(write.lease);
    this.writes.push(write);
  }

  /** The value of a key; null: there is none. */
  async get(key: string): Promise<string | null> {
    return this.#client.get(key).string();
  }

  /** Whether etcd still knew the lease, and has renewed it. */
  async renew(lease: string): Promise<boolean> {
    const stream = await this.#client.leaseClient.leaseKeepAlive();
    try {
      const answer = new Promise<string>((resolve, reject) => {
        stream.on('data', ({ TTL }) => resolve(TTL));
        stream.on('error', reject);
        stream.on('end', () => reject(new Error('no answer')));
      });
      stream.write({ ID: lease });
      return Number(await answer) > 0;
    } finally {
      stream.end();
    }
  }

  /**
   * Renews a lease at the times of the official client: at once, then a third of the TTL after each answer.
   *
   * @param whenOver what the process does once etcd says that it does not know the lease any more
   */
  keep(lease: string, ttlSeconds: number, whenOver?: () => Promise<void>): void {
    this.run(async () => {
      while (await this.untilDone(async () => this.renew(lease))) await this.pause((ttlSeconds * 1_000) / 3);
      await whenOver?.();
    });
  }

  /** Calls whenever a key vanishes, by a removal or by the end of its lease. Resolves once etcd will tell. */
  async onDelete(key: string, act: () => Promise<void>): Promise<void> {
    const watcher = await this.#client.watch().key(key).create();
    watcher.on('delete', () => this.run(act));
  }

  /** Tries until etcd answers. */
  async untilDone<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch {
        await this.pause(RETRY_MS);
      }
    }
  }

  /** Work that goes on until the process ends. Its failure is one of the test. */
  run(work: () => Promise<void>): void {
    void work().catch((error: unknown) => {
      if (!this.#end.signal.aborted) throw error;
    });
  }

  /** @throws when the process ends meanwhile */
  async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#end.signal });
  }

  [Symbol.dispose](): void {
    this.#end.abort();
    this.#client.close();
  }
}

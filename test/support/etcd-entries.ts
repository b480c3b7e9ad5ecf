/** Entries of frameworks on a test etcd, each under a lease of its own unless told otherwise. */
import type { Etcd3 } from 'etcd3';

export interface PutOptions {
  /** Seconds; null: no lease. Default 600, which nobody renews. */
  readonly ttl?: number | null;
  /** Decimal id of a lease that is there already. */
  readonly lease?: string;
}

export class EtcdEntries {
  readonly #client: Etcd3;

  constructor(client: Etcd3) {
    this.#client = client;
  }

  /** @returns the id of the lease in decimal */
  async grant(ttl: number): Promise<string> {
    return (await this.#client.leaseClient.leaseGrant({ ID: '0', TTL: ttl })).ID;
  }

  /** Renews a lease until something is done, however long that takes. */
  async renewedDuring<T>(lease: string, work: () => Promise<T>): Promise<T> {
    const stream = await this.#client.leaseClient.leaseKeepAlive();
    const renew = (): void => stream.write({ ID: lease });
    renew();
    const timer = setInterval(renew, 500);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      stream.end();
    }
  }

  /** @returns the id of its lease in decimal; '0' for none */
  async put(key: string | Buffer, value: string | Buffer, options: PutOptions = {}): Promise<string> {
    const { ttl = 600 } = options;
    const lease = options.lease ?? (ttl === null ? '0' : await this.grant(ttl));
    await this.#client.kv.put({ key: Buffer.from(key), value: Buffer.from(value), lease });
    return lease;
  }

  /** As kratos writes it, under its default root. */
  async kratos(
    service: string,
    id: string,
    options: PutOptions & { readonly endpoint?: string } = {},
  ): Promise<string> {
    const { endpoint = `http://10.0.1.5:${8_000 + id.charCodeAt(0)}` } = options;
    const value = { id, name: service, version: 'v1', metadata: { zone: id }, endpoints: [endpoint] };
    return this.put(kratosKey(service, id), JSON.stringify(value), options);
  }

  /** Keys that are there, in order. */
  async keys(): Promise<readonly string[]> {
    const { kvs } = await this.#client.getAll().exec();
    return kvs.map(({ key }) => key.toString());
  }

  /** What a key has: its value, and its lease in decimal. */
  async read(key: string): Promise<{ readonly value: string; readonly lease: string } | null> {
    const [kv] = (await this.#client.get(key).exec()).kvs;
    return kv === undefined ? null : { value: kv.value.toString(), lease: kv.lease };
  }

  /** Seconds granted and left; granted '0' for a lease that is gone. */
  async timeToLive(lease: string): Promise<{ readonly granted: number; readonly left: number }> {
    const { grantedTTL, TTL } = await this.#client.leaseClient.leaseTimeToLive({ ID: lease });
    return { granted: Number(grantedTTL), left: Number(TTL) };
  }
}

export function kratosKey(service: string, id: string): string {
  return `/microservices/${service}/${id}`;
}

/** A decimal id of a lease as sdctl shows it. */
export function hexLease(lease: string): string {
  return BigInt(lease).toString(16).padStart(16, '0');
}

/** Registrations of many processes on one etcd, each with a lease of its own that is renewed until the end. */
import { Etcd3, type Lease } from 'etcd3';
import { etcdLayout } from '../../src/lib/layouts/index.js';
import type { RegistrationSpec } from '../../src/lib/registry/types.js';
import { aSpec } from './builders.js';

interface FleetEntry {
  readonly layout: string;
  readonly spec: RegistrationSpec;
  readonly ttlSeconds: number;
  /** Default: that of the layout. */
  readonly root?: string;
}

const CONCURRENCY = 16;

export class EtcdFleet implements Disposable {
  readonly client: Etcd3;
  readonly #leases: Lease[] = [];

  constructor(urls: readonly string[]) {
    this.client = new Etcd3({ hosts: [...urls] });
  }

  /** A lease that is renewed every third of its TTL. @returns its id, decimal */
  async grant(ttlSeconds: number): Promise<string> {
    const lease = this.client.lease(ttlSeconds);
    this.#leases.push(lease);
    return lease.grant();
  }

  /** A lease that nobody renews. @returns its id, decimal */
  async grantOnce(ttlSeconds: number): Promise<string> {
    return (await this.client.leaseClient.leaseGrant({ TTL: ttlSeconds })).ID;
  }

  /** @param lease decimal; absent: none */
  async put(key: string, value: string, lease?: string): Promise<void> {
    await this.client
      .put(key)
      .value(value)
      .lease(lease ?? '0');
  }

  /** Writes an entry as its framework would. @returns its key */
  async register(entry: FleetEntry, lease?: string): Promise<string> {
    const { layout, spec, ttlSeconds } = entry;
    const writer = etcdLayout(layout)?.writer;
    const leaseId = lease ?? (await this.grant(ttlSeconds));
    const prefix = entry.root ?? etcdLayout(layout)?.root ?? '';
    const encoded = writer?.encode(spec, { prefix, leaseId, ttlSeconds, neighbours: [] });
    if (encoded?.ok !== true) throw new Error(encoded?.why ?? `nobody writes ${layout}`);
    await this.put(encoded.key, encoded.value, leaseId);
    return encoded.key;
  }

  async registerAll(entries: readonly FleetEntry[]): Promise<void> {
    const queue = entries.values();
    const work = async (): Promise<void> => {
      for (const entry of queue) await this.register(entry);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  /** Renewals end; the leases go on until they are over. */
  [Symbol.dispose](): void {
    this.client.close();
  }
}

/** Services of several frameworks; of kratos none begins with another one. */
const services: readonly (Pick<FleetEntry, 'layout' | 'root'> & {
  readonly service: string;
  readonly protocol: string | null;
})[] = [
  { layout: 'sdctl', service: 'order', protocol: 'http' },
  { layout: 'sdctl', service: 'order-admin', protocol: 'http' },
  { layout: 'kratos', service: 'catalog', protocol: 'grpc' },
  { layout: 'kratos', service: 'search', protocol: 'http' },
  { layout: 'go-zero', service: 'user.rpc', protocol: null },
  { layout: 'kitex', service: 'payment', protocol: 'tcp' },
  { layout: 'etcd-endpoints', service: 'ledger', protocol: null },
  { layout: 'rpcx', root: '/rpcx/', service: 'Arith', protocol: 'tcp' },
  { layout: 'goframe', service: 'mail', protocol: 'http' },
  { layout: 'plain', service: 'report', protocol: null },
];

const TTLS = [15, 20, 30];

/** 200 instances of ten services, on hosts of their own in three zones. */
export function aHealthyFleet(): readonly FleetEntry[] {
  return Array.from({ length: 200 }, (_one, index) => {
    const one = services[index % services.length];
    if (one === undefined) throw new Error('no services');
    const { service, protocol, ...rest } = one;
    const zone = 'abc'[Math.floor(index / services.length) % 3] ?? 'a';
    const address = `10.${zone.charCodeAt(0) - 96}.${Math.floor(index / 100)}.${10 + (index % 100)}`;
    const spec = aSpec({
      service,
      id: `${service}-${index}`,
      endpoints: [{ protocol, address, port: 8_080 }],
      zone: rest.layout === 'sdctl' ? zone : null,
      metadata: rest.layout === 'kratos' ? { zone } : {},
    });
    return { ...rest, spec, ttlSeconds: TTLS[index % TTLS.length] ?? 30 };
  });
}

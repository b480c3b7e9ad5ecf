/** Frameworks that write one key under one lease; they differ in what they do when that lease is over. */
import { announce, type WhenOver } from './announce.js';
import { Imitated, type Store } from './imitated.js';

/** kratos: registers again, under the same key. */
export async function kratos(
  etcd: Store,
  service: string,
  { ttlSeconds = 15 }: { readonly ttlSeconds?: number } = {},
): Promise<Imitated> {
  const id = '8a1f0c5e-6f0b-11ef-9a53-0242ac110002';
  const value = {
    id,
    name: service,
    version: 'v1.0.0',
    metadata: null,
    endpoints: ['http://10.0.1.5:8000', 'grpc://10.0.1.5:9000'],
  };
  return leased(etcd, `/microservices/${service}/${id}`, JSON.stringify(value), { ttlSeconds }, 'again');
}

/** GoFrame: as kratos; its address stands in the key. */
export async function goframe(etcd: Store, service: string): Promise<Imitated> {
  const key = `/service/default/default/${service}/latest/10.0.1.5:8000`;
  return leased(etcd, key, '{"insecure":true,"protocol":"http"}', { ttlSeconds: 10 }, 'again');
}

/** go-kit: never registers again. */
export async function goKit(etcd: Store, service: string): Promise<Imitated> {
  const address = '10.0.1.5:8080';
  const key = `/services/${service}/${address}`;
  return leased(etcd, key, `http://${address}`, { ttlSeconds: 10 }, 'nothing');
}

/** A program after a tutorial; some register again. */
export async function plain(etcd: Store, service: string, whenOver: WhenOver): Promise<Imitated> {
  const address = '10.0.1.5:8080';
  return leased(etcd, `/services/${service}/${address}`, address, { ttlSeconds: 5 }, whenOver);
}

/** The official naming package: the application renews, and does no more. */
export async function etcdEndpoints(etcd: Store, service: string): Promise<Imitated> {
  const value = JSON.stringify({ Op: 0, Addr: '10.0.1.5:8080', Metadata: null });
  return leased(etcd, `${service}/10.0.1.5:8080`, value, { ttlSeconds: 10 }, 'nothing');
}

async function leased(
  etcd: Store,
  key: string,
  value: string,
  { ttlSeconds }: { readonly ttlSeconds: number },
  whenOver: WhenOver,
): Promise<Imitated> {
  const process = new Imitated(etcd);
  await announce(process, { key, value, ttlSeconds }, whenOver);
  return process;
}

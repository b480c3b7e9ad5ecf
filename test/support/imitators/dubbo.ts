/** Dubbo in Go and in Java, by interfaces and by applications. None of them looks at its key. */
import { announce } from './announce.js';
import { Imitated, type Store } from './imitated.js';

const TTL_SECONDS = 30;

/** dubbo-go by interfaces: everything stands in the key. */
export async function dubboGoInterface(etcd: Store, service: string): Promise<Imitated> {
  const process = new Imitated(etcd);
  const key = interfaceKey(service, 20_000, { 'registry.role': '3', release: 'dubbo-golang-3.3.0' });
  await announce(process, { key, value: '', ttlSeconds: TTL_SECONDS }, 'nothing');
  return process;
}

/** dubbo-go by applications. */
export async function dubboGoApp(etcd: Store, service: string): Promise<Imitated> {
  const process = new Imitated(etcd);
  const value = {
    ID: '10.0.1.5:20000',
    ServiceName: service,
    Host: '10.0.1.5',
    Port: 20_000,
    Weight: 0,
    Enable: true,
    Healthy: true,
    Metadata: { 'dubbo.endpoints': '[{"port":20000,"protocol":"tri"}]', 'registry.id': 'etcdv3' },
    ServiceMetadata: null,
    Address: '',
    GroupName: '',
    Tag: '',
  };
  const key = `/services/${service}/10.0.1.5:20000`;
  await announce(process, { key, value: `${JSON.stringify(value)}\n`, ttlSeconds: TTL_SECONDS }, 'nothing');
  return process;
}

/** Dubbo Java by interfaces: one lease for all of them, named in each value; written anew when it is over. */
export async function dubboJavaInterface(etcd: Store, services: readonly string[]): Promise<Imitated> {
  const process = new Imitated(etcd);
  const register = async (): Promise<void> => {
    const lease = await process.grant(TTL_SECONDS);
    for (const service of services)
      await process.put({ key: interfaceKey(service, 20_880, { dubbo: '2.0.2' }), value: lease, lease });
    process.keep(lease, TTL_SECONDS, register);
  };
  await register();
  return process;
}

/** Dubbo Java by applications: nothing writes it anew. */
export async function dubboJavaApp(etcd: Store, service: string): Promise<Imitated> {
  const process = new Imitated(etcd);
  const value = JSON.stringify({
    serviceName: service,
    host: '10.0.1.5',
    port: 20_880,
    enabled: true,
    healthy: true,
    metadata: { 'dubbo.endpoints': '[{"port":20880,"protocol":"dubbo"}]' },
  });
  const key = `/services/${service}/10.0.1.5:20880`;
  await announce(process, { key, value, ttlSeconds: TTL_SECONDS }, 'nothing');
  return process;
}

function interfaceKey(service: string, port: number, query: Readonly<Record<string, string>>): string {
  const parameters = new URLSearchParams({ application: 'order', interface: service, ...query });
  const url = `dubbo://10.0.1.5:${port}/${service}?${parameters.toString()}&side=provider`;
  return `/dubbo/${service}/providers/${encodeURIComponent(url)}`;
}

/** Entries that somebody else writes and removes, past whatever stands between sdctl and the server. */
import { expect } from 'vitest';
import type { Consul, Etcd } from '../support/servers/index.js';

export interface Store {
  put(service: string, id: string): Promise<void>;
  remove(service: string, id: string): Promise<void>;
  /** Ids that are there, sorted. */
  ids(service: string): Promise<readonly string[]>;
}

export function etcdStore(etcd: Etcd): Store {
  const ask = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${etcd.url}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answers ${response.status}`);
    return response.json();
  };
  const key = (service: string, id: string): string => base64(`/services/${service}/${id}`);
  return {
    put: async (service, id) => {
      await ask('put', { key: key(service, id), value: base64('10.0.0.1:80') });
    },
    remove: async (service, id) => {
      await ask('deleterange', { key: key(service, id) });
    },
    async ids(service) {
      const range = { key: key(service, ''), range_end: base64(`/services/${service}0`), keys_only: true };
      const { kvs = [] } = (await ask('range', range)) as {
        readonly kvs?: readonly { readonly key: string }[];
      };
      const prefix = `/services/${service}/`.length;
      return kvs.map((pair) => Buffer.from(pair.key, 'base64').toString().slice(prefix));
    },
  };
}

export function consulStore(consul: Consul): Store {
  const put = async (path: string, body?: unknown): Promise<void> => {
    expect((await consul.api('PUT', path, body)).status).toBe(200);
  };
  return {
    put: (service, id) =>
      put('/v1/agent/service/register', { ID: id, Name: service, Address: '10.0.0.1', Port: 80 }),
    remove: (_service, id) => put(`/v1/agent/service/deregister/${id}`),
    async ids(service) {
      const { body } = await consul.api('GET', `/v1/catalog/service/${service}?consistent`);
      return (body as readonly { readonly ServiceID: string }[]).map(({ ServiceID }) => ServiceID).sort();
    },
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

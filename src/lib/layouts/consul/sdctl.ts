import { parseEndpoint, type Endpoint } from '../../model/endpoint.js';
import { ownerOf } from '../etcd/sdctl.js';
import { comesBack } from '../facts.js';
import { listOf, parseJson } from '../json.js';
import { consulFacts } from './facts.js';
import type { ConsulLayout } from './types.js';

/** What Consul does not keep itself, kept by sdctl in the service's Meta. */
export const metaKeys = {
  owner: 'sdctl-owner',
  started: 'sdctl-started',
  ttl: 'sdctl-ttl',
  protocol: 'sdctl-protocol',
  endpoints: 'sdctl-endpoints',
} as const;

/** Meta keys of sdctl itself begin with this. */
export const RESERVED_PREFIX = 'sdctl-';

/** sdctl's own form, told by its mark in Meta. */
export const sdctlConsulLayout: ConsulLayout = {
  name: 'sdctl',
  facts: consulFacts(comesBack(1, 'back at once, unless it runs with `--on-lost exit`'), {
    defaultTtlSeconds: 30,
    renewal: 'TTL check, every third of the TTL',
  }),
  matches: ({ meta }) => metaKeys.owner in meta,
  read({ meta }) {
    const ttl = Number(meta[metaKeys.ttl] ?? '');
    const own = Object.entries(meta).filter(
      ([key]) => !key.startsWith(RESERVED_PREFIX) && key !== 'version' && key !== 'zone',
    );
    return {
      owner: ownerOf(parseJson(meta[metaKeys.owner] ?? '')),
      registeredAt: meta[metaKeys.started] ?? null,
      ttlSeconds: Number.isFinite(ttl) && ttl > 0 ? ttl : null,
      version: meta['version'] ?? null,
      zone: meta['zone'] ?? null,
      protocol: meta[metaKeys.protocol] ?? null,
      endpoints: endpointsOf(meta[metaKeys.endpoints]),
      metadata: Object.fromEntries(own),
    };
  },
};

function endpointsOf(text: string | undefined): readonly Endpoint[] | null {
  const items = listOf(parseJson(text ?? ''));
  const endpoints = items.map((item) => (typeof item === 'string' ? parseEndpoint(item) : null));
  const good = endpoints.filter((endpoint): endpoint is Endpoint => endpoint !== null);
  return good.length > 0 && good.length === items.length ? good : null;
}

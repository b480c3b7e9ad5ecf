import type { Endpoint } from '../../model/endpoint.js';
import { hostPort, parseUrl } from '../address.js';
import { toInstance } from '../build-instance.js';
import { staysGone } from '../facts.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = 'traefik/';
const SERVER = /^(?:(.*)\/)?(http|tcp|udp)\/services\/([^/]+)\/loadbalancer\/servers\/([^/]+)\/([^/]+)$/i;
const OWN_TREE = /^\/?traefik\/(http|tcp|udp|tls)\//i;

/** Traefik's key-value provider: one key a field. Configuration, not registrations. */
export const traefikLayout: EtcdLayout = {
  name: 'traefik',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 0,
    renewal: 'none',
    afterDelete: staysGone('changes the configuration of the proxy'),
    afterRevoke: staysGone('has no lease'),
    leftBehind: 'configuration',
    markers: 'one key a field',
    readOnly: true,
    leaseless: true,
  },
  // Its keys may be written in any case.
  places: (_service, { prefix, forced }) => (forced || /^\/?traefik\//i.test(prefix) ? null : []),
  decode(entry, { forced }) {
    const isOwn = /[Tt]/.test(entry.key.slice(0, 2)) && OWN_TREE.test(entry.key);
    if (!isOwn && !forced) return notMine;
    const [whole, , kind = '', service = '', id = '', field = ''] = SERVER.exec(entry.key) ?? [];
    if (whole === undefined) return isOwn ? { state: 'skip', reason: 'field' } : notMine;
    const endpoint = endpointOf(kind.toLowerCase(), field.toLowerCase(), entry.text ?? '');
    if (endpoint === undefined) return { state: 'skip', reason: 'field', service };
    if (endpoint === null) return { state: 'undecodable', service, reason: `${field} is no address` };
    const root = entry.key.slice(
      0,
      entry.key.length - `${service}/loadbalancer/servers/${id}/${field}`.length,
    );
    return toInstance(entry, traefikLayout, { service, id, root, endpoints: [endpoint] });
  },
};

/** undefined for a field that is no address, null for an address that cannot be read. */
function endpointOf(kind: string, field: string, text: string): Endpoint | null | undefined {
  if (kind === 'http' && field === 'url') return parseUrl(text)?.endpoint ?? null;
  if (kind === 'http' || field !== 'address') return undefined;
  const place = hostPort(text);
  return place === null ? null : { ...place, protocol: kind };
}

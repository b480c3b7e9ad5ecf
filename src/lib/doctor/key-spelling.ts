import { isIP } from 'node:net';
import { hostPortAtLastColon } from '../layouts/address.js';
import { formatHostPort, type Endpoint } from '../model/endpoint.js';
import type { Instance } from '../model/instance.js';

/** Something that an entry says twice, and not in the same way. */
export interface Mismatch {
  /** `address`, `name`, `lease`. */
  readonly what: string;
  /** As its key or id spells it. */
  readonly named: string;
  /** As its value has it. */
  readonly stored: string;
}

/** Ids that etcd gives to leases have so many digits; what is shorter was chosen by somebody. */
const LEAST_LEASE_DIGITS = 16;

/** What the key of an entry of etcd says otherwise than its value; null: nothing, or its layout says nothing twice. */
export function keyMismatch(instance: Instance): Mismatch | null {
  switch (instance.layout) {
    case 'kratos':
      return nameMismatch(instance, (part) => part);
    case 'go-micro':
      return nameMismatch(instance, (part) => part.replaceAll('/', '-'));
    case 'kitex':
    case 'hertz':
    case 'etcd-endpoints':
    case 'go-kit':
      return addressMismatch(instance);
    case 'plain':
      return serviceMismatch(instance) ?? addressMismatch(instance);
    case 'dubbo-go-app':
    case 'dubbo-java-app':
      return serviceMismatch(instance) ?? addressMismatch(instance);
    case 'go-zero':
      return leaseMismatch(instance);
    default:
      return null;
  }
}

function nameMismatch({ key, service, id }: Instance, spelt: (part: string) => string): Mismatch | null {
  const name = `${spelt(service)}/${spelt(id)}`;
  if (key === null || key === name || key.endsWith(`/${name}`)) return null;
  return { what: 'name', named: lastParts(key, 2), stored: name };
}

function serviceMismatch({ key, service }: Instance): Mismatch | null {
  if (key === null || `/${key}`.includes(`/${service}/`)) return null;
  return { what: 'name', named: lastParts(key, 2), stored: service };
}

/** A key may name a host in its own words; two IP addresses, or one host with two ports, contradict each other. */
function addressMismatch({ key, endpoints }: Instance): Mismatch | null {
  const named = key === null ? null : hostPortAtLastColon(lastParts(key, 1));
  const [stored] = endpoints;
  if (named === null || stored === undefined || stored.port === null) return null;
  const isComparable = isIP(named.address) !== 0 && isIP(stored.address) !== 0;
  const isSameHost = sameHost(named, stored);
  if (!isComparable && !isSameHost) return null;
  if (isSameHost && named.port === stored.port) return null;
  return { what: 'address', named: formatHostPort(named), stored: formatHostPort(stored) };
}

function sameHost(a: Endpoint, b: Endpoint): boolean {
  return a.address.toLowerCase() === b.address.toLowerCase();
}

/** Without a lease there is nothing to compare. */
function leaseMismatch({ id, lease }: Instance): Mismatch | null {
  if (lease === null || !/^[0-9a-f]{16}$/.test(lease.id)) return null;
  if (!/^\d+$/.test(id) || id.length < LEAST_LEASE_DIGITS) return null;
  const decimal = BigInt(`0x${lease.id}`).toString();
  return id === decimal ? null : { what: 'lease', named: id, stored: decimal };
}

function lastParts(key: string, count: number): string {
  return key.split('/').slice(-count).join('/');
}

const ADDRESS_IN_ID = /(?:^|[:-])(\d{1,3}(?:\.\d{1,3}){3})[:-](\d{1,5})$/;

/** What an id of Consul that ends in an IP address and a port says otherwise than its registration; null: nothing. */
export function idMismatch({ service, id, endpoints }: Instance): Mismatch | null {
  const rest = id.startsWith(service) ? id.slice(service.length) : null;
  const [, address = '', port = ''] = ADDRESS_IN_ID.exec(rest ?? '') ?? [];
  const [first] = endpoints;
  if (isIP(address) === 0 || first === undefined || first.port === null) return null;
  if (
    isIP(first.address) === 0 ||
    endpoints.some((one) => one.address === address && one.port === Number(port))
  )
    return null;
  return { what: 'address', named: `${address}:${port}`, stored: formatHostPort(first) };
}

/** Whether only the addresses differ, as behind a machine that translates them. */
export function isTranslated({ what, named, stored }: Mismatch): boolean {
  const port = (text: string): string => text.slice(text.lastIndexOf(':') + 1);
  return what === 'address' && port(named) === port(stored);
}

import { isIP } from 'node:net';
import { parseEndpoint } from '../model/endpoint.js';

const GROUPS_OF_64_BITS = 4;

/**
 * The network that an address is probably in: 24 bits of IPv4, 64 of IPv6.
 *
 * @param endpoint as it is printed
 * @returns null for a name
 */
export function subnetOf(endpoint: string): string | null {
  const address = parseEndpoint(endpoint)?.address ?? '';
  if (isIP(address) === 4) return `${address.slice(0, address.lastIndexOf('.'))}.0/24`;
  if (isIP(address) !== 6) return null;
  const groups = expanded(address).slice(0, GROUPS_OF_64_BITS);
  return `${groups.join(':')}::/64`;
}

/** The groups of an IPv6 address, those left out by `::` as well. */
function expanded(address: string): readonly string[] {
  const [head = '', tail] = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname
    .slice(1, -1)
    .split('::');
  const groups = (text: string): readonly string[] => (text === '' ? [] : text.split(':'));
  const [before, after] = [groups(head), groups(tail ?? '')];
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => '0'), ...after];
}

import { BlockList, isIP } from 'node:net';
import { isLoopback, isUnspecified, type Endpoint } from '../model/endpoint.js';
import type { DoctorSettings } from './settings.js';

/** Why callers cannot use an address. */
export interface AddressFault {
  readonly severity: 'error' | 'warning';
  /** What stands behind the address in a sentence: `is a multicast address`. */
  readonly text: string;
}

/** @returns null: nothing speaks against it */
export type FindAddressFault = (endpoint: Endpoint) => AddressFault | null;

const linkLocal = networks(['169.254.0.0/16', 'fe80::/10']);
const multicast = networks(['224.0.0.0/4', 'ff00::/8']);
const reserved = networks(['0.0.0.0/8', '240.0.0.0/4']);
/** All three, because a look into a list takes longer than everything else here. */
const special = networks([
  ...['169.254.0.0/16', 'fe80::/10', '224.0.0.0/4', 'ff00::/8'],
  ...['0.0.0.0/8', '240.0.0.0/4'],
]);

/** A test for what addresses say by themselves, without asking the network: the same address means the same machine. */
export function addressFaults({ allowLoopback, thresholds }: DoctorSettings): FindAddressFault {
  const bridges = networks(thresholds.bridgeNetworks);
  const known = new Map<string, AddressFault | null>();
  const judge = (endpoint: Endpoint): AddressFault | null => {
    const { address } = endpoint;
    if (isOdd(address) && isUnspecified(endpoint))
      return error('means every address of a machine, and none that can be called');
    if (isOdd(address) && isLoopback(endpoint))
      return allowLoopback ? null : error('can be called from its own machine only');
    if (isMalformed(address)) return error('is neither a host name nor an IP address');
    if (!holds(special, address) && !holds(bridges, address)) return null;
    if (holds(linkLocal, address)) return error('is link-local, and no router passes it on');
    if (holds(multicast, address)) return error('is a multicast address');
    if (holds(reserved, address)) return error('is in a reserved range');
    if (!allowLoopback && holds(bridges, address))
      return { severity: 'warning', text: 'is in the range of a container bridge, inside one machine' };
    return null;
  };
  return (endpoint) => {
    const { address } = endpoint;
    let fault = known.get(address);
    // Judged by the address alone, and many instances share one.
    if (fault === undefined) known.set(address, (fault = judge(endpoint)));
    return fault;
  };
}

/** Nearly all addresses are plain IPv4, and the tests of the model take URLs apart. */
function isOdd(address: string): boolean {
  return isIP(address) !== 4 || /^(0|127)\./.test(address);
}

function error(text: string): AddressFault {
  return { severity: 'error', text };
}

/** @param ranges CIDR; what is none is left out, because settings are checked where they are read */
function networks(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [, net = '', bits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(range) ?? [];
    const version = isIP(net);
    if (version === 0 || Number(bits) > (version === 4 ? 32 : 128)) continue;
    list.addSubnet(net, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

function holds(list: BlockList, address: string): boolean {
  const version = isIP(address);
  // The zone behind `%` is a name of its own machine, and no part of the address.
  const bare = address.replace(/%.*$/, '');
  return version !== 0 && list.check(bare, version === 4 ? 'ipv4' : 'ipv6');
}

function isMalformed(address: string): boolean {
  if (isIP(address) !== 0) return false;
  if (address === '' || /[\s/?#@\\[\]:]/.test(address)) return true;
  return /^[\d.]+$/.test(address) && !URL.canParse(`http://${address}`);
}

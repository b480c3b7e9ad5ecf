import { isIP } from 'node:net';
import type { ServerAddress } from '../server-url.js';

/** Where an agent would be asked, or why nobody can say. */
export type OwnerAddress = Extract<ServerAddress, { readonly kind: 'tcp' }> | { readonly problem: string };

/**
 * The catalog does not tell the HTTP ports of agents: theirs is taken to be that of the server in use.
 *
 * @param ownerPort another port; undefined: none is known
 */
export function ownerAddress(
  nodeAddress: string,
  like: ServerAddress | undefined,
  ownerPort: number | undefined,
): OwnerAddress {
  if (nodeAddress === '') return { problem: 'the catalog has no address of its node' };
  if (isIP(nodeAddress) === 0 || nodeAddress.includes('%')) {
    return { problem: `the address of its node, ${nodeAddress}, is none that can be asked` };
  }
  const target = like?.kind === 'tcp' ? like : null;
  const port = ownerPort ?? target?.port;
  if (port === undefined) {
    return {
      problem: `the HTTP port at ${nodeAddress} is not known, since the server in use is a unix socket`,
    };
  }
  const secure = target?.secure ?? false;
  // A named port is the agent's own; otherwise whatever stands before this agent stands before the other one too.
  const path = ownerPort === undefined ? (target?.path ?? '') : '';
  const shownHost = nodeAddress.includes(':') ? `[${nodeAddress}]` : nodeAddress;
  const url = `${secure ? 'https' : 'http'}://${shownHost}:${port}${path}`;
  // A password in the URL of one server is for that one.
  return { kind: 'tcp', secure, host: nodeAddress, port, path, url, userInfo: null };
}

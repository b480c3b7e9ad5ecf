import { formatHostPort, type Endpoint } from '../model/endpoint.js';

/** Protocols on UDP: the same port number is another port there. */
const OVER_UDP = new Set(['udp', 'quic', 'kcp', 'utp', 'http3', 'h3']);

/** Where an endpoint is, so that two of one place reach the same process; null: without a port nobody can tell. */
export function placeOf(endpoint: Endpoint): string | null {
  const { port, protocol, address } = endpoint;
  if (port === null) return null;
  const transport = OVER_UDP.has(protocol ?? '') ? 'udp ' : '';
  return transport + formatHostPort({ protocol: null, address: address.toLowerCase(), port });
}

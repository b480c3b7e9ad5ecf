import { connect } from 'node:net';
import { isUnspecified, type Endpoint } from '../model/endpoint.js';

/**
 * What an attempt to connect tells. `refused`: the machine is there, and nothing listens on that port. `unclear`: no
 * answer, no route, no such name, no address to call: from elsewhere it may look different.
 */
export type TcpAnswer = 'open' | 'refused' | 'unclear';

/**
 * Connects once and hangs up.
 *
 * @param timeoutMs longest wait, name resolution included
 */
export function probeTcp(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<TcpAnswer> {
  const { address, port } = endpoint;
  // Node would take these for this very machine, which tells nothing about theirs.
  const isNowhere = address === '' || isUnspecified(endpoint);
  if (!isPort(port) || isNowhere || signal.aborted) return Promise.resolve('unclear');
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (answer: TcpAnswer): void => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(answer);
    };
    const abort = (): void => {
      end('unclear');
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(timeoutMs, abort);
    socket.once('connect', () => {
      end('open');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(isRefused(error) ? 'refused' : 'unclear');
    });
  });
}

/** Entries are written by anybody, and Node throws at what is none. */
function isPort(port: number | null): port is number {
  return port !== null && Number.isInteger(port) && port > 0 && port < 65_536;
}

/** A name may stand for several addresses, each of which was tried. */
function isRefused(error: NodeJS.ErrnoException): boolean {
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every((one) => isRefused(one as NodeJS.ErrnoException));
  return error.code === 'ECONNREFUSED';
}

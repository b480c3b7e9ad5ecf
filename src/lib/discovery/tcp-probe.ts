import { connect } from 'node:net';
import type { Endpoint } from '../model/endpoint.js';

/**
 * What an attempt to connect tells. `refused`: the machine is there, and nothing listens on that port. `unclear`: no
 * answer, no route, no such name: from elsewhere it may look different.
 */
export type TcpAnswer = 'open' | 'refused' | 'unclear';

/**
 * Connects once and hangs up.
 *
 * @param timeoutMs longest wait, name resolution included
 */
export function probeTcp(
  { address, port }: Endpoint,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<TcpAnswer> {
  if (port === null || signal.aborted) return Promise.resolve('unclear');
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

/** A name may stand for several addresses, each of which was tried. */
function isRefused(error: NodeJS.ErrnoException): boolean {
  if (error instanceof AggregateError)
    return error.errors.length > 0 && error.errors.every((one) => isRefused(one as NodeJS.ErrnoException));
  return error.code === 'ECONNREFUSED';
}

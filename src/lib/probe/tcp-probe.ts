import { connect } from 'node:net';
import { canBeCalled, fromError, type Probe } from './probe-answer.js';

/** Connects once and hangs up. The time includes the resolution of a name. */
export const probeTcp: Probe = (endpoint, timeoutMs, signal) => {
  const { address, port } = endpoint;
  if (port === null || !canBeCalled(endpoint) || signal.aborted)
    return Promise.resolve({ outcome: 'error', detail: 'not asked' });
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end: typeof resolve = (result) => {
      signal.removeEventListener('abort', abort);
      socket.destroy();
      resolve(result);
    };
    const abort = (): void => {
      end({ outcome: 'error', detail: 'broken off' });
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.setTimeout(timeoutMs, () => {
      end({ outcome: 'timeout', detail: `no answer within ${timeoutMs} ms` });
    });
    socket.once('connect', () => {
      end({ outcome: 'ok', detail: 'connected' });
    });
    socket.once('error', (error) => {
      end(fromError(error));
    });
  });
};

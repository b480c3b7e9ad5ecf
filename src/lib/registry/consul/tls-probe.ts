import tls from 'node:tls';

const LIMIT_MS = 1_000;

/**
 * Whether TLS is spoken at an address: a TLS server of another kind than Consul hangs up on plain HTTP without a word.
 *
 * @returns false also when that cannot be found out in time
 */
export async function speaksTls(
  host: string,
  port: number,
  limits: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  return new Promise((resolve) => {
    // Nothing is sent over this connection, so that it does not matter whom it reaches.
    const socket = tls.connect({ host, port, rejectUnauthorized: false });
    const end = (answer: boolean): void => {
      clearTimeout(timer);
      limits.signal.removeEventListener('abort', giveUp);
      socket.destroy();
      resolve(answer);
    };
    const giveUp = (): void => {
      end(false);
    };
    const timer = setTimeout(giveUp, Math.min(LIMIT_MS, limits.timeoutMs));
    limits.signal.addEventListener('abort', giveUp, { once: true });
    socket.once('secureConnect', () => {
      end(true);
    });
    socket.once('error', () => {
      end(false);
    });
  });
}

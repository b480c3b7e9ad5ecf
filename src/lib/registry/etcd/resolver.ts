import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { experimental, Metadata, status, type ChannelOptions } from '@grpc/grpc-js';

/** Schemes are global in grpc, so this one carries our name. */
const SCHEME = 'sdctl-tcp';
const SIGNAL_OPTION = 'sdctl.signal';

type Listener = experimental.ResolverListener;

let registered = false;

/**
 * The target and option that make a channel connect to `host` and `port` with sockets that end when the signal aborts.
 * grpc itself never gives up a connection attempt: behind a firewall that drops packets it would hold the process for two minutes.
 * Its sockets are made by `net.connect(address)`, and Node takes a signal there.
 */
export function resolveWith(
  host: string,
  port: number,
  signal: AbortSignal,
): { readonly target: string; readonly options: ChannelOptions } {
  if (!registered) experimental.registerResolver(SCHEME, AbortableResolver);
  registered = true;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return { target: `${SCHEME}:///${shownHost}:${port}`, options: { [SIGNAL_OPTION]: signal } };
}

/**
 * Answers the addresses of one host, once: grpc asks again after every failure and would connect without a pause, but
 * a channel that failed is replaced anyway.
 */
class AbortableResolver implements experimental.Resolver {
  readonly #authority: string;
  readonly #listener: Listener;
  readonly #signal: AbortSignal;
  #answered = false;
  #destroyed = false;

  constructor(target: { readonly path: string }, listener: Listener, options: ChannelOptions) {
    this.#authority = target.path;
    this.#listener = listener;
    this.#signal = options[SIGNAL_OPTION] as AbortSignal;
  }

  static getDefaultAuthority(target: { readonly path: string }): string {
    return target.path;
  }

  updateResolution(): void {
    if (this.#answered) return;
    this.#answered = true;
    void this.#resolve();
  }

  destroy(): void {
    this.#destroyed = true;
    this.#answered = false;
  }

  async #resolve(): Promise<void> {
    const { hostname, port } = new URL(`tcp://${this.#authority}`);
    const host = hostname.replace(/^\[|\]$/g, '');
    try {
      const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
      // grpc wants no answer from within its own call.
      await Promise.resolve();
      if (this.#destroyed) return;
      const endpoints = addresses.map(({ address }) => ({
        addresses: [{ host: address, port: Number(port), signal: this.#signal }],
      }));
      this.#listener(experimental.statusOrFromValue(endpoints), {}, null, '');
    } catch (error) {
      if (this.#destroyed) return;
      const details = `Name resolution failed: ${error instanceof Error ? error.message : String(error)}`;
      const failure = { code: status.UNAVAILABLE, details, metadata: new Metadata() };
      this.#listener(experimental.statusOrFromError(failure), {}, null, '');
    }
  }
}

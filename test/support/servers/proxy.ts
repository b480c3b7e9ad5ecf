/** A TCP proxy in front of a server that can cut, refuse, stall, limit and slow down connections. */
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';
import { type Direction, type LinkRules, type ProxyConnection, ProxyLink } from './proxy-link.js';

export type { Direction, ProxyConnection } from './proxy-link.js';

export interface Proxy {
  /** As the target's, with the proxy's port. */
  readonly url: string;
  readonly port: number;
  /** Connections open now, most ever open at a time, and all there have been. */
  readonly connections: number;
  readonly peak: number;
  readonly history: readonly ProxyConnection[];
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Resets every open connection; new ones are let through. */
  cut(): void;
  /** True stops listening, so that connecting fails with ECONNREFUSED; open connections stay. */
  refuse(on: boolean): Promise<void>;
  /** Holds the bytes of a direction without closing anything; null lets them go on. New connections too. */
  stall(direction: Direction | 'both' | null): void;
  /** Passes n more bytes from the server to the client per connection, also in later ones; null lifts it. */
  passAfterBytes(n: number | null, then?: 'stall' | 'close'): void;
  /** Delays every chunk in both directions. */
  latency(ms: number): void;
  stop(): Promise<void>;
}

/** Starts a proxy to `target`, an http(s) URL of a loopback address. */
export async function startProxy(target: string): Promise<Proxy> {
  const proxy = new TcpProxy(new URL(target));
  await proxy.listen();
  return proxy;
}

class TcpProxy implements Proxy {
  readonly #target: URL;
  readonly #open = new Set<ProxyLink>();
  readonly #history: ProxyConnection[] = [];
  readonly #rules: LinkRules = { stalled: new Set(), latencyMs: 0, limit: undefined };
  #server: Server | undefined;
  #port = 0;
  #peak = 0;

  constructor(target: URL) {
    this.#target = target;
  }

  get url(): string {
    return `${this.#target.protocol}//127.0.0.1:${String(this.#port)}`;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return [...this.#open].filter((link) => link.record.closedAt === undefined).length;
  }

  get peak(): number {
    return this.#peak;
  }

  get history(): readonly ProxyConnection[] {
    return this.#history;
  }

  get bytesUp(): number {
    return this.#history.reduce((sum, connection) => sum + connection.bytesUp, 0);
  }

  get bytesDown(): number {
    return this.#history.reduce((sum, connection) => sum + connection.bytesDown, 0);
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port: this.#port, host: '127.0.0.1' }, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  cut(): void {
    for (const link of this.#open) link.reset();
  }

  async refuse(on: boolean): Promise<void> {
    if (!on && this.#server === undefined) await this.listen();
    // `close` stops listening at once; its callback would wait for the open connections.
    if (on) this.#server?.close();
    if (on) this.#server = undefined;
  }

  stall(direction: Direction | 'both' | null): void {
    this.#rules.stalled = new Set(
      direction === 'both' ? ['up', 'down'] : direction === null ? [] : [direction],
    );
    for (const link of this.#open) link.update();
  }

  passAfterBytes(n: number | null, then: 'stall' | 'close' = 'stall'): void {
    this.#rules.limit = n === null ? undefined : { bytes: n, then };
    for (const link of this.#open) link.resetLimit();
  }

  latency(ms: number): void {
    this.#rules.latencyMs = ms;
  }

  async stop(): Promise<void> {
    this.cut();
    await this.refuse(true);
  }

  #accept(client: Socket): void {
    const host = this.#target.hostname.replace(/^\[|\]$/g, '');
    const upstream = connect({ port: Number(this.#target.port), host, allowHalfOpen: true });
    const link = new ProxyLink(client, upstream, this.#rules, () => this.#open.delete(link));
    this.#open.add(link);
    this.#history.push(link.record);
    this.#peak = Math.max(this.#peak, this.connections);
  }
}

/** A real Consul agent on loopback. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServers } from '../../../scripts/fetch-servers.mjs';
import { ConsulApi } from './consul-api.js';
import { type ConsulPorts, type ConsulTls, consulConfig } from './consul-config.js';
import { makeTempDir, removeTempDir } from './lifetime.js';
import { freePorts } from './ports.js';
import { ServerProcess } from './process.js';

export interface ConsulOptions {
  /** In memory only; a restart then loses everything. */
  readonly dev?: boolean;
  /** False for a client agent, which needs `join`. */
  readonly server?: boolean;
  /** Kept at `stop()`; without it a temporary folder is used and removed. */
  readonly dataDir?: string;
  readonly acl?: 'deny';
  /** Management token when `acl` is set; made up by default. */
  readonly masterToken?: string;
  /** Serves HTTPS instead of HTTP. */
  readonly tls?: ConsulTls;
  /** Another loopback address, 127.0.0.x. */
  readonly bindAddress?: string;
  /** A free one by default. */
  readonly httpPort?: number;
  /** LAN gossip addresses (`serfAddress`) of agents to join. */
  readonly join?: readonly string[];
  readonly nodeName?: string;
  /** Servers to wait for before the first election. */
  readonly bootstrapExpect?: number;
  readonly extraConfig?: Readonly<Record<string, unknown>>;
}

export interface ConsulRestartOptions {
  readonly wipe?: boolean;
  readonly downMs?: number;
  /** Do not wait until the catalog can be read. */
  readonly noWait?: boolean;
}

/** A running agent; ports, node name and node id stay the same over restarts, also over a wipe. */
export class Consul extends ConsulApi {
  readonly httpPort: number;
  readonly dnsPort: number;
  readonly nodeName: string;
  readonly bindAddress: string;
  /** Where other agents join. */
  readonly serfAddress: string;
  /** How `/v1/status/leader` and `/v1/status/peers` name this server. */
  readonly raftAddress: string;
  readonly #process: ServerProcess;
  readonly #dataDir: string;
  readonly #ownDir: string;

  constructor(file: string, ports: ConsulPorts, options: ConsulOptions) {
    const bindAddress = options.bindAddress ?? '127.0.0.1';
    const scheme = options.tls === undefined ? 'http' : 'https';
    const masterToken = options.acl === undefined ? undefined : (options.masterToken ?? randomUUID());
    super(`${scheme}://${bindAddress}:${String(ports.http)}`, masterToken, options.tls);
    this.httpPort = ports.http;
    this.dnsPort = ports.dns;
    this.bindAddress = bindAddress;
    this.serfAddress = `${bindAddress}:${String(ports.serf)}`;
    this.raftAddress = `${bindAddress}:${String(ports.server)}`;
    this.nodeName = options.nodeName ?? `node-${randomUUID().slice(0, 8)}`;
    this.#ownDir = makeTempDir('consul');
    this.#dataDir = options.dataDir ?? path.join(this.#ownDir, 'data');
    mkdirSync(this.#dataDir, { recursive: true });
    const config = consulConfig({ ...options, bindAddress, masterToken, ports, nodeName: this.nodeName });
    const configFile = path.join(this.#ownDir, 'agent.json');
    writeFileSync(configFile, JSON.stringify(config));
    const mode = options.dev === true ? ['-dev'] : [`-data-dir=${this.#dataDir}`];
    this.#process = new ServerProcess({
      name: `consul (${this.nodeName})`,
      file,
      args: ['agent', ...mode, `-config-file=${configFile}`],
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get running(): boolean {
    return this.#process.running;
  }

  /** Stopped by `freeze` and not yet thawed. */
  get frozen(): boolean {
    return this.#process.frozen;
  }

  log(): string {
    return this.#process.log();
  }

  async start(options: { readonly noWait?: boolean } = {}): Promise<void> {
    await this.#process.start();
    if (options.noWait !== true) await this.waitReady();
  }

  /** Ready means that there is a leader and that the catalog can be read and knows this node. */
  async waitReady(timeoutMs = 30_000): Promise<void> {
    await this.#process.waitReady(async () => {
      const leader = await this.api('GET', '/v1/status/leader');
      if (leader.status !== 200 || leader.body === '') return false;
      const nodes = await this.api('GET', '/v1/catalog/nodes');
      if (nodes.status !== 200 || !Array.isArray(nodes.body)) return false;
      return (nodes.body as readonly { readonly Node: string }[]).some((node) => node.Node === this.nodeName);
    }, timeoutMs);
  }

  async restart(options: ConsulRestartOptions = {}): Promise<void> {
    await this.#process.stop();
    if (options.wipe === true) rmSync(this.#dataDir, { recursive: true, force: true });
    mkdirSync(this.#dataDir, { recursive: true });
    if (options.downMs !== undefined) await sleep(options.downMs);
    await this.start(options.noWait === undefined ? {} : { noWait: options.noWait });
  }

  async kill(signal?: NodeJS.Signals): Promise<void> {
    await this.#process.kill(signal);
  }

  freeze(): void {
    this.#process.freeze();
  }

  thaw(): void {
    this.#process.thaw();
  }

  async stop(): Promise<void> {
    // Nothing after this reads the data, so there is no reason to wait for an orderly end.
    await this.#process.kill();
    removeTempDir(this.#ownDir);
  }
}

/** Makes a handle without starting it. */
export async function prepareConsul(options: ConsulOptions = {}): Promise<Consul> {
  const { consul } = await ensureServers();
  const [http = 0, dns = 0, server = 0, serf = 0, serfWan = 0] = await freePorts(5, options.bindAddress);
  return new Consul(consul, { http: options.httpPort ?? http, dns, server, serf, serfWan }, options);
}

/** Starts one agent and waits until its catalog can be read. Ports taken meanwhile are replaced. */
export async function startConsul(options: ConsulOptions = {}): Promise<Consul> {
  for (let attempt = 1; ; attempt += 1) {
    const consul = await prepareConsul(options);
    try {
      await consul.start();
      return consul;
    } catch (error) {
      await consul.stop();
      if (attempt === 3 || !/address already in use/.test(consul.log())) throw error;
    }
  }
}

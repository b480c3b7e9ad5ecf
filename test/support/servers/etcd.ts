/** A real etcd on loopback. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServers, recentEtcd } from '../../../scripts/fetch-servers.mjs';
import { type EtcdPlace, etcdArguments } from './etcd-arguments.js';
import { EtcdCtl } from './etcd-ctl.js';
import { makeTempDir, removeTempDir } from './lifetime.js';
import { freePort } from './ports.js';
import { ServerProcess } from './process.js';

/** `recent`: the newest there is, which not every machine can get; see `recentEtcdMissing`. */
export type EtcdVersion = '3.4' | '3.5' | 'recent';

/** Files in PEM. `clientCert` and `clientKey` are for the handle's own etcdctl. */
export interface EtcdTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
}

export interface EtcdOptions {
  readonly version: EtcdVersion;
  readonly name?: string;
  /** Kept at `stop()`; without it a temporary folder is used and removed. */
  readonly dataDir?: string;
  readonly port?: number;
  readonly peerPort?: number;
  readonly tls?: EtcdTls;
  /** Demand a client certificate of the CA. */
  readonly clientCertAuth?: boolean;
  /** Kind of authentication token; authentication itself is switched on by `enableAuth`. */
  readonly auth?: 'simple' | 'jwt';
  readonly quotaBytes?: number;
  /** `name=peerUrl,...` of all members; a single member by default. */
  readonly initialCluster?: string;
  readonly extraArgs?: readonly string[];
}

export interface RestartOptions {
  /** Remove the data directory, as when a machine is replaced. */
  readonly wipe?: boolean;
  /** How long the server stays away. */
  readonly downMs?: number;
  /** Do not wait until it serves reads (a member without a quorum never does). */
  readonly noWait?: boolean;
}

/** A running etcd; ports and arguments stay the same over restarts. */
export class Etcd extends EtcdCtl {
  readonly version: EtcdVersion;
  readonly name: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly tls: EtcdTls | undefined;
  readonly #process: ServerProcess;
  readonly #dataDir: string;
  readonly #ownDir: string;

  constructor(options: EtcdOptions & { readonly name: string }, at: EtcdPlace) {
    super(at.access);
    this.version = options.version;
    this.name = options.name;
    this.clientPort = at.clientPort;
    this.peerPort = at.peerPort;
    this.tls = options.tls;
    this.#ownDir = at.ownDir;
    this.#dataDir = options.dataDir ?? path.join(at.ownDir, 'data');
    this.#process = new ServerProcess({
      name: `etcd ${options.version} (${options.name})`,
      file: at.file,
      args: etcdArguments(options, at, this.#dataDir),
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

  /** Ready means that a linearizable read succeeds, so there is a leader and a quorum. */
  async waitReady(timeoutMs?: number): Promise<void> {
    await this.#process.waitReady(async () => this.readable(), timeoutMs);
  }

  async restart(options: RestartOptions = {}): Promise<void> {
    await this.#process.stop();
    if (options.wipe === true) rmSync(this.#dataDir, { recursive: true, force: true });
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

/** Why the newest etcd cannot be had on this machine; null: it can. */
export async function recentEtcdMissing(): Promise<string | null> {
  const found = await recentEtcd();
  return 'missing' in found ? found.missing : null;
}

async function binariesOf(
  version: EtcdVersion,
): Promise<{ readonly etcd: string; readonly etcdctl: string }> {
  if (version === 'recent') {
    const found = await recentEtcd();
    if ('missing' in found) throw new Error(found.missing);
    return found;
  }
  const servers = await ensureServers();
  return version === '3.4'
    ? { etcd: servers.etcd34, etcdctl: servers.etcdctl34 }
    : { etcd: servers.etcd35, etcdctl: servers.etcdctl35 };
}

/** Makes a handle without starting it. */
export async function prepareEtcd(options: EtcdOptions): Promise<Etcd> {
  const { etcd, etcdctl } = await binariesOf(options.version);
  const clientPort = options.port ?? (await freePort());
  const peerPort = options.peerPort ?? (await freePort());
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(clientPort)}`;
  return new Etcd(
    { ...options, name: options.name ?? 'node-0' },
    {
      file: etcd,
      ownDir: makeTempDir('etcd'),
      clientPort,
      peerPort,
      access: { file: etcdctl, url, tls: options.tls },
    },
  );
}

/** Starts one etcd and waits until it serves reads. Ports that another process took meanwhile are replaced. */
export async function startEtcd(options: EtcdOptions): Promise<Etcd> {
  for (let attempt = 1; ; attempt += 1) {
    const etcd = await prepareEtcd(options);
    try {
      await etcd.start();
      return etcd;
    } catch (error) {
      await etcd.stop();
      if (attempt === 3 || !/address already in use/.test(etcd.log())) throw error;
    }
  }
}

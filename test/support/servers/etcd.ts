/** A real etcd 3.4 or 3.5 on loopback. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ensureServers } from '../../../scripts/fetch-servers.mjs';
import { type EtcdAccess, EtcdCtl } from './etcd-ctl.js';
import { makeTempDir, removeTempDir } from './lifetime.js';
import { freePort } from './ports.js';
import { ServerProcess } from './process.js';

export type EtcdVersion = '3.4' | '3.5';

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

interface EtcdPlace {
  readonly file: string;
  readonly ownDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly access: EtcdAccess;
}

/** Makes a handle without starting it. */
export async function prepareEtcd(options: EtcdOptions): Promise<Etcd> {
  const servers = await ensureServers();
  const clientPort = options.port ?? (await freePort());
  const peerPort = options.peerPort ?? (await freePort());
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${String(clientPort)}`;
  return new Etcd(
    { ...options, name: options.name ?? 'node-0' },
    {
      file: options.version === '3.4' ? servers.etcd34 : servers.etcd35,
      ownDir: makeTempDir('etcd'),
      clientPort,
      peerPort,
      access: {
        file: options.version === '3.4' ? servers.etcdctl34 : servers.etcdctl35,
        url,
        tls: options.tls,
      },
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

function etcdArguments(
  options: EtcdOptions & { readonly name: string },
  at: EtcdPlace,
  dataDir: string,
): string[] {
  const peerUrl = `http://127.0.0.1:${String(at.peerPort)}`;
  const flags: Record<string, string | undefined> = {
    name: options.name,
    'data-dir': dataDir,
    'listen-client-urls': at.access.url,
    'advertise-client-urls': at.access.url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': options.initialCluster ?? `${options.name}=${peerUrl}`,
    'initial-cluster-state': 'new',
    'cert-file': options.tls?.cert,
    'key-file': options.tls?.key,
    'trusted-ca-file': options.tls?.ca,
    'client-cert-auth': options.clientCertAuth === true ? 'true' : undefined,
    'auth-token': options.auth === 'jwt' ? jwtSpec(at.ownDir) : options.auth,
    'quota-backend-bytes': options.quotaBytes?.toString(),
    logger: 'zap',
    // 3.4 as packaged has no such flag; both survive SIGKILL, because the page cache does.
    'unsafe-no-fsync': options.version === '3.5' ? 'true' : undefined,
  };
  const set = Object.entries(flags).filter(([, value]) => value !== undefined);
  return [...set.map(([name, value]) => `--${name}=${String(value)}`), ...(options.extraArgs ?? [])];
}

function jwtSpec(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const [pub, priv] = [path.join(folder, 'jwt.pub.pem'), path.join(folder, 'jwt.key.pem')];
  writeFileSync(pub, pair.publicKey);
  writeFileSync(priv, pair.privateKey);
  return `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=10m`;
}

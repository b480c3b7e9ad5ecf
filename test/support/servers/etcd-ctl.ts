/** The etcdctl side of an etcd handle: reading, writing and asking for state as an operator would. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EtcdTls } from './etcd.js';
import { cleanEnvironment } from './process.js';

const run = promisify(execFile);

export interface EtcdAccess {
  /** The etcdctl binary. */
  readonly file: string;
  readonly url: string;
  readonly tls: EtcdTls | undefined;
}

export interface EtcdCredentials {
  readonly username: string;
  readonly password: string;
}

/** What `etcdctl endpoint status` says about one member. */
export interface EtcdStatus {
  readonly memberId: string;
  readonly leaderId: string;
  readonly revision: number;
}

export class EtcdCtl {
  readonly #access: EtcdAccess;
  #credentials: EtcdCredentials | undefined;

  constructor(access: EtcdAccess) {
    this.#access = access;
  }

  get url(): string {
    return this.#access.url;
  }

  /** Who later calls run as; `undefined` for nobody. */
  get credentials(): EtcdCredentials | undefined {
    return this.#credentials;
  }

  useCredentials(credentials: EtcdCredentials | undefined): void {
    this.#credentials = credentials;
  }

  /** Runs etcdctl against this server and returns stdout; a failure carries etcdctl's stderr. */
  async ctl(args: readonly string[], as: EtcdCredentials | undefined = this.#credentials): Promise<string> {
    const { file, url, tls } = this.#access;
    const flags = [`--endpoints=${url}`];
    if (tls !== undefined) flags.push(`--cacert=${tls.ca}`);
    if (tls?.clientCert !== undefined) flags.push(`--cert=${tls.clientCert}`);
    if (tls?.clientKey !== undefined) flags.push(`--key=${tls.clientKey}`);
    if (as !== undefined) flags.push(`--user=${as.username}:${as.password}`);
    try {
      const { stdout } = await run(file, [...flags, ...args], {
        env: { ...cleanEnvironment(), ETCDCTL_API: '3' },
        maxBuffer: 256 * 1024 * 1024,
        timeout: 30_000,
      });
      return stdout;
    } catch (error) {
      const { stderr } = error as { readonly stderr?: string };
      throw new Error(`etcdctl ${args.join(' ')}: ${stderr?.trim() || String(error)}`, { cause: error });
    }
  }

  async put(key: string, value: string): Promise<void> {
    await this.ctl(['put', '--', key, value]);
  }

  async get(key: string): Promise<string | undefined> {
    const answer = JSON.parse(await this.ctl(['get', '--write-out=json', '--', key])) as RangeAnswer;
    const pair = answer.kvs?.[0];
    return pair === undefined ? undefined : decode(pair.value);
  }

  /** All pairs below a prefix in key order. */
  async list(prefix: string): Promise<ReadonlyMap<string, string>> {
    const answer = JSON.parse(
      await this.ctl(['get', '--prefix', '--write-out=json', '--', prefix]),
    ) as RangeAnswer;
    return new Map((answer.kvs ?? []).map((pair) => [decode(pair.key), decode(pair.value)]));
  }

  /** Deletes a key, or all keys below it, and says how many there were. */
  async del(key: string, options: { readonly prefix?: boolean } = {}): Promise<number> {
    return Number(await this.ctl(['del', ...(options.prefix === true ? ['--prefix'] : []), '--', key]));
  }

  async status(): Promise<EtcdStatus> {
    const answer = quoteIds(await this.ctl(['endpoint', 'status', '--write-out=json']));
    const [status] = JSON.parse(answer) as readonly StatusAnswer[];
    if (status === undefined) throw new Error('etcdctl endpoint status answered nothing');
    const { header, leader } = status.Status;
    return { memberId: header.member_id, leaderId: leader ?? '0', revision: Number(header.revision ?? 0) };
  }

  /**
   * True once a linearizable read gets through. An answer that authentication is missing counts too: etcd
   * checks that only after it has confirmed its index with the quorum.
   */
  async readable(): Promise<boolean> {
    try {
      await this.ctl(['get', '--command-timeout=2s', '--', 'sdctl-readiness']);
      return true;
    } catch (error) {
      return /user name is empty|permission denied/.test(String(error));
    }
  }
}

interface RangeAnswer {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

interface StatusAnswer {
  readonly Status: {
    readonly header: { readonly member_id: string; readonly revision?: string };
    readonly leader?: string;
  };
}

/** Member ids are 64-bit numbers and would lose digits as JavaScript numbers. */
function quoteIds(json: string): string {
  return json.replace(/("(?:member_id|leader|revision)":)(\d+)/g, '$1"$2"');
}

function decode(base64 = ''): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}

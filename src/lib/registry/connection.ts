import type { Clock } from '../time/clock.js';
import type { Random } from '../time/backoff.js';
import type { ProcessProbe } from './claim.js';

/** The kinds of registry. */
export const backendNames = ['etcd', 'consul', 'local'] as const;
/** A kind of registry. */
export type BackendName = (typeof backendNames)[number];

/** A password or token, read when needed and again after a refusal; never printed, never logged. */
export interface Secret {
  /** Where it comes from, for messages: `SDCTL_TOKEN`, `file /etc/…`. */
  readonly origin: string;
  /** @throws {SdctlError} E_FILE when its file cannot be read */
  read(): string;
}

/** File names; read and checked by `tls-files.ts`. */
export interface TlsSettings {
  /** A file, or a folder of PEM files. */
  readonly caFile: string | null;
  readonly certFile: string | null;
  readonly keyFile: string | null;
  readonly serverName: string | null;
  readonly insecureSkipVerify: boolean;
}

/** Everything an adapter needs to know, after flags, environment and context have been merged. */
export interface Connection {
  readonly backend: BackendName;
  /** null when no context is in force. */
  readonly context: string | null;
  /** `http://host:port`, `https://host:port`, `unix:///path`; never empty for etcd and Consul. */
  readonly servers: readonly string[];
  /**
   * etcd: where services begin; each ends in `/`, or is empty: the whole store. None: the root of the layout, which is
   * `/services/` for `auto`.
   */
  readonly prefixes: readonly string[];
  /** `auto`, or the name of the only layout to read. */
  readonly layout: string;
  readonly tls: TlsSettings;
  readonly username: string | null;
  readonly password: Secret | null;
  readonly token: Secret | null;
  readonly datacenter: string | null;
  readonly namespace: string | null;
  readonly partition: string | null;
  /** local: the directory; null: in memory, seen by this process only. */
  readonly directory: string | null;
}

/** What adapters take from outside; one object, replaced whole in tests. */
export interface RegistryDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly processes: ProcessProbe;
  /** Time bounds for calls that name none, in milliseconds. */
  readonly timeouts: { readonly callMs: number; readonly listMs: number };
}

/** Time bounds where neither flag nor setting names one, in milliseconds; lists read many pages. */
export const defaultTimeouts = { callMs: 5_000, listMs: 20_000 } as const;

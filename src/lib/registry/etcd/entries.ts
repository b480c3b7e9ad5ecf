import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { decodeEntry, type Decoded } from '../../layouts/index.js';
import { decodeUtf8 } from '../../layouts/identify.js';
import type { RawEntry } from '../../layouts/types.js';
import type { Instance, Snapshot, UndecodedEntry } from '../../model/instance.js';
import { toHexLease } from './ids.js';

/** Where a registry's entries lie and how they are read. */
export interface Root {
  readonly prefix: string;
  /** `auto`, or the only layout to read. */
  readonly layout: string;
}

/** One key with its value, read with the layouts. Total. */
export function readEntry(kv: IKeyValue, root: Root): Decoded {
  const raw: RawEntry = {
    key: kv.key,
    value: kv.value,
    leaseId: toHexLease(kv.lease),
    revision: kv.mod_revision,
  };
  return decodeEntry(raw, root, root.layout);
}

/** A key as text, as the decoded entry names it: Latin-1 where it is not UTF-8, so that no two keys look the same. */
export function keyText(key: Buffer): string {
  return decodeUtf8(key) ?? key.toString('latin1');
}

/** Whether an entry found below `<prefix><service>/` belongs to that service. Deeper keys belong to a longer name. */
export function belongsTo(decoded: Decoded, service: string | null): boolean {
  if (service === null) return true;
  if (decoded.state === 'instance') return decoded.instance.service === service;
  return decoded.entry.service === null || decoded.entry.service === service;
}

/** Collects entries page by page, so that the raw bytes of a page can go before the next one comes. */
export class SnapshotBuilder {
  readonly #instances: Instance[] = [];
  readonly #undecoded: UndecodedEntry[] = [];
  readonly #root: Root;
  readonly #service: string | null;

  constructor(root: Root, service: string | null) {
    this.#root = root;
    this.#service = service;
  }

  add(kv: IKeyValue): void {
    const decoded = readEntry(kv, this.#root);
    if (!belongsTo(decoded, this.#service)) return;
    if (decoded.state === 'instance') this.#instances.push(decoded.instance);
    else this.#undecoded.push(decoded.entry);
  }

  build(revision: string, takenAtMs: number): Snapshot {
    return {
      service: this.#service,
      instances: this.#instances,
      undecoded: this.#undecoded,
      revision,
      takenAtMs,
      partial: false,
    };
  }
}

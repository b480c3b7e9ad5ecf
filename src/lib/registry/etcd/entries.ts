import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { decodeEntry, type Decoded } from '../../layouts/index.js';
import type { RawEntry } from '../../layouts/types.js';
import { decodeUtf8 } from '../../layouts/utf8.js';
import type { Instance, SkippedEntry, Snapshot, UndecodedEntry } from '../../model/instance.js';
import { toHexLease } from './ids.js';

/** Where a registry's entries lie and how they are read. */
export interface Roots {
  /** Each ends in `/`, or is empty: the whole store. At least one; none begins with another one. */
  readonly prefixes: readonly string[];
  /** `auto`, or the only layout to read. */
  readonly layout: string;
}

/** One key with its value, read with the layouts under the root that is in force for it. Total. */
export function readEntry(kv: IKeyValue, roots: Roots): Decoded {
  const raw: RawEntry = {
    key: kv.key,
    value: kv.value,
    leaseId: toHexLease(kv.lease),
    revision: kv.mod_revision,
  };
  return decodeEntry(raw, { prefix: rootOf(kv.key, roots) }, roots.layout);
}

function rootOf(key: Buffer, { prefixes }: Roots): string {
  const [first = '', ...others] = prefixes;
  if (others.length === 0) return first;
  const text = keyText(key);
  return prefixes.find((prefix) => text.startsWith(prefix)) ?? '';
}

/** A key as text, as the decoded entry names it: Latin-1 where it is not UTF-8, so that no two keys look the same. */
export function keyText(key: Buffer): string {
  return decodeUtf8(key) ?? key.toString('latin1');
}

/** Which service a reader asked for. */
export interface Wanted {
  /** null: all. */
  readonly services: ReadonlySet<string> | null;
  /** What was read lies where only these services lie, so that an entry of no service belongs to them too. */
  readonly isNarrow: boolean;
}

/** Whether an entry that was found belongs to what was asked for. Deeper keys belong to a longer name. */
export function belongsTo(decoded: Decoded, { services, isNarrow }: Wanted): boolean {
  if (services === null) return true;
  if (decoded.state === 'other') return false;
  const service = decoded.state === 'instance' ? decoded.instance.service : decoded.entry.service;
  return service === null ? isNarrow : services.has(service);
}

/** Collects entries page by page, so that the raw bytes of a page can go before the next one comes. */
export class SnapshotBuilder {
  readonly #instances: Instance[] = [];
  readonly #undecoded: UndecodedEntry[] = [];
  readonly #skipped: SkippedEntry[] = [];

  add(decoded: Decoded): void {
    if (decoded.state === 'instance') this.#instances.push(decoded.instance);
    else if (decoded.state === 'skipped') this.#skipped.push(decoded.entry);
    else if (decoded.state === 'undecoded') this.#undecoded.push(decoded.entry);
  }

  skip(entry: SkippedEntry): void {
    this.#skipped.push(entry);
  }

  /** Forgets the newest entries that nobody could read: they are counted in place of being listed. */
  forgetUndecoded(count: number): void {
    this.#undecoded.splice(this.#undecoded.length - count, count);
  }

  /** Takes over what another one has collected. */
  append(other: SnapshotBuilder): void {
    for (const instance of other.#instances) this.#instances.push(instance);
    for (const entry of other.#undecoded) this.#undecoded.push(entry);
    for (const entry of other.#skipped) this.#skipped.push(entry);
  }

  build(service: string | null, revision: string, takenAtMs: number, partial: boolean): Snapshot {
    return {
      service,
      instances: this.#instances,
      undecoded: this.#undecoded,
      skipped: this.#skipped,
      revision,
      takenAtMs,
      partial,
    };
  }
}

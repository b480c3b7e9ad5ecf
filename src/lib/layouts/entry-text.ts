import { objectOf, parseJson, type JsonObject } from './json.js';
import type { LayoutRoot, RawEntry } from './types.js';
import { decodeUtf8 } from './utf8.js';

/** Service and id as a key of the form `<root><service>/<id>` names them. */
export interface KeyName {
  readonly root: string;
  readonly service: string;
  readonly id: string;
}

/** One entry with its texts, each worked out once and only if a layout asks for it. */
export class EntryText {
  readonly raw: RawEntry;
  readonly key: string;
  /** The value; null when it is not UTF-8. */
  readonly text: string | null;
  #segments: readonly string[] | null = null;
  #json: JsonObject | null | undefined;

  private constructor(raw: RawEntry, key: string) {
    this.raw = raw;
    this.key = key;
    this.text = decodeUtf8(raw.value);
  }

  /** null when the key is not UTF-8: no framework writes such keys. */
  static of(raw: RawEntry): EntryText | null {
    const key = decodeUtf8(raw.key);
    return key === null ? null : new EntryText(raw, key);
  }

  get hasLease(): boolean {
    return this.raw.leaseId !== null;
  }

  /** The lease id as frameworks write it; null without a lease. */
  get leaseDecimal(): string | null {
    return this.raw.leaseId === null ? null : leaseDecimal(this.raw.leaseId);
  }

  get isAbsolute(): boolean {
    return this.key.startsWith('/');
  }

  /** The parts of the key between slashes, without the empty one before a leading slash. */
  get segments(): readonly string[] {
    return (this.#segments ??= (this.isAbsolute ? this.key.slice(1) : this.key).split('/'));
  }

  get lastSegment(): string {
    return this.key.slice(this.key.lastIndexOf('/') + 1);
  }

  /** The value as a JSON object; null for anything else. */
  get json(): JsonObject | null {
    if (this.#json === undefined) {
      const text = this.text;
      this.#json = text !== null && /^\s*\{/.test(text) ? objectOf(parseJson(text)) : null;
    }
    return this.#json;
  }

  /**
   * The key below the root split at its last separator: a deeper key belongs to the longer service name. null when it is
   * not below the root, or lacks one of the two parts.
   */
  nameBelow({ prefix }: LayoutRoot): KeyName | null {
    if (!this.key.startsWith(prefix)) return null;
    const rest = this.key.slice(prefix.length);
    const cut = rest.lastIndexOf('/');
    if (cut <= 0 || cut === rest.length - 1) return null;
    return { root: prefix, service: rest.slice(0, cut), id: rest.slice(cut + 1) };
  }

  /** The last two segments as service and id; null when one of them is empty or missing. */
  lastTwo(): KeyName | null {
    const end = this.key.lastIndexOf('/');
    const begin = this.key.lastIndexOf('/', end - 1) + 1;
    if (end <= 0 || begin >= end || end === this.key.length - 1) return null;
    return {
      root: this.key.slice(0, begin),
      service: this.key.slice(begin, end),
      id: this.key.slice(end + 1),
    };
  }

  /** `lastTwo` in the whole store, `nameBelow` under a root: there the user says where service names begin. */
  name(root: LayoutRoot): KeyName | null {
    return root.prefix === '' ? this.lastTwo() : this.nameBelow(root);
  }
}

/** A lease id of 16 hex digits in decimal; another form (the embedded registry) as it is. */
function leaseDecimal(leaseId: string): string {
  return /^[0-9a-f]{16}$/.test(leaseId) ? BigInt(`0x${leaseId}`).toString() : leaseId;
}

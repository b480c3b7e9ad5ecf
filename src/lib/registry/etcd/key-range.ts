/** A half-open range of keys as etcd takes it. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

const ZERO = Buffer.from([0]);

/** All keys that begin with `prefix`; every key of the store for an empty one. */
export function prefixRange(prefix: string): KeyRange {
  if (prefix === '') return { key: ZERO, range_end: ZERO };
  const key = Buffer.from(prefix);
  return { key, range_end: endOf(key) };
}

/** The keys of one service below the registry's prefix, or of all services with null. */
export function serviceRange(prefix: string, service: string | null): KeyRange {
  // The closing separator keeps "order" from matching "order-admin".
  return prefixRange(service === null ? prefix : `${prefix}${service}/`);
}

/** Where the next page begins: right after `key`. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, ZERO]);
}

function endOf(prefix: Buffer): Buffer {
  for (let at = prefix.length - 1; at >= 0; at -= 1) {
    const byte = prefix[at] ?? 0xff;
    if (byte < 0xff) return Buffer.concat([prefix.subarray(0, at), Buffer.from([byte + 1])]);
  }
  return ZERO;
}

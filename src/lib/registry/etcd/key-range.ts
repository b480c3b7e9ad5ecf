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

/** Whether a range ends at the end of the store. */
function isOpen(end: Buffer): boolean {
  return end.equals(ZERO);
}

/** Whether a key lies before the end of a range. */
function isBeforeEnd(key: Buffer, end: Buffer): boolean {
  return isOpen(end) || Buffer.compare(key, end) < 0;
}

/** What is left of a range without another one: none, one or two ranges. */
export function without(range: KeyRange, hole: KeyRange): readonly KeyRange[] {
  const isApart = !isBeforeEnd(hole.key, range.range_end) || !isBeforeEnd(range.key, hole.range_end);
  if (isApart) return [range];
  const left: KeyRange[] = [];
  if (Buffer.compare(range.key, hole.key) < 0) left.push({ key: range.key, range_end: hole.key });
  if (!isOpen(hole.range_end) && isBeforeEnd(hole.range_end, range.range_end))
    left.push({ key: hole.range_end, range_end: range.range_end });
  return left;
}

/** What is left of a range without several others, in order. */
export function withoutAll(range: KeyRange, holes: readonly KeyRange[]): readonly KeyRange[] {
  return holes.reduce<readonly KeyRange[]>(
    (left, hole) => left.flatMap((one) => without(one, hole)),
    [range],
  );
}

/** The keys that two ranges share; null for none. */
export function intersection(a: KeyRange, b: KeyRange): KeyRange | null {
  if (!isBeforeEnd(a.key, b.range_end) || !isBeforeEnd(b.key, a.range_end)) return null;
  const aEndsFirst =
    isOpen(b.range_end) || (!isOpen(a.range_end) && Buffer.compare(a.range_end, b.range_end) < 0);
  return {
    key: Buffer.compare(a.key, b.key) > 0 ? a.key : b.key,
    range_end: aEndsFirst ? a.range_end : b.range_end,
  };
}

/** Ranges in order, joined where they touch or overlap. */
export function joined(ranges: readonly KeyRange[]): readonly KeyRange[] {
  const sorted = [...ranges].sort((a, b) => Buffer.compare(a.key, b.key));
  const result: KeyRange[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    const touches =
      last !== undefined && (isOpen(last.range_end) || Buffer.compare(range.key, last.range_end) <= 0);
    if (last === undefined || !touches) result.push(range);
    else if (
      !isOpen(last.range_end) &&
      (isOpen(range.range_end) || Buffer.compare(last.range_end, range.range_end) < 0)
    )
      result[result.length - 1] = { key: last.key, range_end: range.range_end };
  }
  return result;
}

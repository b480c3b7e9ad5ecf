import type { IKeyValue, IRangeResponse, IResponseHeader } from 'etcd3/lib/rpc.js';

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;
const LONGEST_VARINT = 10;

/**
 * Reads an answer to a range. protobufjs makes an object of every 64-bit number and then a plain object of every
 * message, which takes as long as all the rest of listing a large registry.
 *
 * @param readHeader for the header, which comes once
 * @throws {RangeError} for bytes that are no such answer
 */
export function decodeRangeResponse(
  bytes: Buffer,
  readHeader: (part: Buffer) => IResponseHeader,
): IRangeResponse {
  const input = new Input(bytes);
  let header: IResponseHeader | null = null;
  const kvs: IKeyValue[] = [];
  let more = false;
  let count = '0';
  while (input.hasMore) {
    const tag = input.small();
    if (tag === field(1, BYTES)) header = readHeader(input.bytes());
    else if (tag === field(2, BYTES)) kvs.push(readKeyValue(input.bytes(), kvs.at(-1)));
    else if (tag === field(3, VARINT)) more = input.small() !== 0;
    else if (tag === field(4, VARINT)) count = input.decimal(null);
    else input.skip(tag & 7);
  }
  return { header: header ?? readHeader(Buffer.alloc(0)), kvs, more, count };
}

function readKeyValue(bytes: Buffer, previous: IKeyValue | undefined): IKeyValue {
  const input = new Input(bytes);
  const kv = { key: EMPTY, value: EMPTY, lease: '0', create_revision: '0', mod_revision: '0', version: '0' };
  while (input.hasMore) {
    const tag = input.small();
    if (tag === field(1, BYTES)) kv.key = input.bytes();
    else if (tag === field(2, VARINT)) kv.create_revision = input.decimal(previous?.create_revision ?? null);
    else if (tag === field(3, VARINT)) kv.mod_revision = input.decimal(kv.create_revision);
    else if (tag === field(4, VARINT)) kv.version = input.decimal('1');
    else if (tag === field(5, BYTES)) kv.value = input.bytes();
    else if (tag === field(6, VARINT)) kv.lease = input.decimal(previous?.lease ?? null);
    else input.skip(tag & 7);
  }
  return kv;
}

let lastExact = { form: '', text: '0' };

const EMPTY: Buffer = Buffer.alloc(0);

function field(number: number, type: number): number {
  return (number << 3) | type;
}

/** Protocol buffers, as far as an answer to a range uses them. */
class Input {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get hasMore(): boolean {
    return this.#at < this.#bytes.length;
  }

  /** A number below 2^53: a tag or a length. */
  small(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= LONGEST_VARINT; length += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new RangeError('an answer of etcd holds a number that is too long');
  }

  /**
   * A signed 64-bit number in decimal.
   *
   * @param likely what it often is: returned as it is in place of a new text
   */
  decimal(likely: string | null): string {
    const start = this.#at;
    const value = this.small();
    const text = Number.isSafeInteger(value) ? String(value) : this.#exact(start);
    return text === likely ? likely : text;
  }

  bytes(): Buffer {
    return this.#take(this.small());
  }

  /** Passes over a field that is not known here. */
  skip(type: number): void {
    if (type === VARINT) this.small();
    else if (type === FIXED64) this.#take(8);
    else if (type === FIXED32) this.#take(4);
    else if (type === BYTES) this.bytes();
    else throw new RangeError('an answer of etcd has a field of an unknown form');
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new RangeError('an answer of etcd is cut off');
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  #exact(start: number): string {
    // Lease ids are of this size, and many keys hang on one lease.
    const form = this.#bytes.toString('latin1', start, this.#at);
    if (form !== lastExact.form) lastExact = { form, text: this.#toDecimal(start) };
    return lastExact.text;
  }

  #toDecimal(start: number): string {
    let value = 0n;
    for (let at = start, shift = 0n; at < this.#at; at += 1, shift += 7n)
      value |= BigInt((this.#bytes[at] ?? 0) & 0x7f) << shift;
    return BigInt.asIntN(64, value).toString();
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new RangeError('an answer of etcd is cut off');
    this.#at += 1;
    return byte;
  }
}

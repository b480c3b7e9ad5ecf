import type { IRangeResponse, IResponseHeader } from 'etcd3/lib/rpc.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadProtocol, type MessageType } from '../../src/lib/registry/etcd/protocol.js';
import { decodeRangeResponse } from '../../src/lib/registry/etcd/range-response.js';

const EMPTY = Buffer.alloc(0);
const protocol = loadProtocol();
const responses = protocol.lookupType('etcdserverpb.RangeResponse');
const headers = protocol.lookupType('etcdserverpb.ResponseHeader');

/** What every other answer of etcd is read with. */
function read(type: MessageType, bytes: Uint8Array): object {
  return type.toObject(type.decode(bytes), { longs: String, enums: String, defaults: true, oneofs: true });
}

function decode(bytes: Buffer): IRangeResponse {
  return decodeRangeResponse(bytes, (part) => read(headers, part) as IResponseHeader);
}

/** What it throws, or null. */
function failureOf(run: () => unknown): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

/** Without what protobufjs has null for: the header, where there is none. */
function present(message: object): object {
  return Object.fromEntries(Object.entries(message).filter(([, value]) => value !== null));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return Buffer.from([...bytes, Number(rest)]);
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}

function field(number: number, type: number, ...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([varint((BigInt(number) << 3n) | BigInt(type)), ...parts]);
}

const numberField = (number: number, value: bigint): Buffer => field(number, 0, varint(value));
const bytesField = (number: number, value: Uint8Array): Buffer =>
  field(number, 2, varint(BigInt(value.length)), value);

const signed = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 2n }),
  fc.constantFrom(0n, 1n, -1n, 127n, 128n, 2n ** 31n, 2n ** 32n, 2n ** 63n - 1n, -(2n ** 63n)),
);
/** Few values, so that neighbours often have the same. */
const often = fc.oneof(signed, fc.constantFrom(5n, 2n ** 53n + 1n, -7n));
const blob = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
  fc.constant(new Uint8Array(0)),
);
/** What a later etcd may add: any form, numbers that take several bytes. */
const unknown = fc
  .tuple(
    fc.oneof(fc.integer({ min: 7, max: 20 }), fc.integer({ min: 2_000, max: 2 ** 29 - 1 })),
    signed,
    blob,
  )
  .chain(([number, value, bytes]) =>
    fc.constantFrom(
      numberField(number, value),
      bytesField(number, bytes),
      field(number, 1, Buffer.alloc(8, 0xff)),
      field(number, 5, Buffer.alloc(4, 0x80)),
    ),
  );

/** Fields in any order, some of them several times: the last one counts. */
const fieldsOf = (...known: readonly fc.Arbitrary<Buffer>[]): fc.Arbitrary<readonly Buffer[]> =>
  fc.array(fc.oneof(...known, unknown), { maxLength: 8 });
const messageOf = (...known: readonly fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> =>
  fieldsOf(...known).map((fields) => Buffer.concat(fields));
const numbers = (...fields: readonly number[]): fc.Arbitrary<Buffer> =>
  fc.tuple(fc.constantFrom(...fields), often).map(([number, value]) => numberField(number, value));
const keyValue = messageOf(
  numbers(2, 3, 4, 6),
  fc.tuple(fc.constantFrom(1, 5), blob).map(([number, value]) => bytesField(number, value)),
);
const header = messageOf(numbers(1, 2, 3, 4));
/** Its fields. There always is a header. */
const responseFields = fc
  .tuple(
    header.map((head) => bytesField(1, head)),
    fieldsOf(
      keyValue.map((kv) => bytesField(2, kv)),
      numbers(4),
      fc.boolean().map((more) => numberField(3, more ? 1n : 0n)),
    ),
    fc.boolean(),
  )
  .map(([head, rest, isFirst]) => (isFirst ? [head, ...rest] : [...rest, head]));
const response = responseFields.map((fields) => Buffer.concat(fields));

describe('an answer to a range', () => {
  it('is read as protobufjs reads it', () => {
    const text = signed.map(String);
    const kv = fc.record({
      key: blob.map((bytes) => Buffer.from(bytes)),
      value: blob.map((bytes) => Buffer.from(bytes)),
      create_revision: text,
      mod_revision: text,
      version: text,
      lease: text,
    });
    const head = fc.record({
      cluster_id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
      member_id: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
      revision: text,
      raft_term: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
    });
    const whole = fc.record({
      header: head,
      kvs: fc.array(kv, { maxLength: 5 }),
      more: fc.boolean(),
      count: text,
    });
    fc.assert(
      fc.property(whole, (answer) => {
        const bytes = Buffer.from(responses.encode(responses.fromObject(answer)).finish());
        expect(decode(bytes)).toEqual(answer);
        expect(read(responses, bytes)).toEqual(answer);
      }),
      { numRuns: 500 },
    );
  });

  it('is read alike with fields in any order, repeated, missing, and unknown ones between them', () => {
    fc.assert(
      fc.property(response, (bytes) => {
        expect(decode(bytes)).toEqual(read(responses, bytes));
      }),
      { numRuns: 3_000 },
    );
  });

  it('has all its fields when it is empty', () => {
    const empty = { cluster_id: '0', member_id: '0', revision: '0', raft_term: '0' };
    const answer = { header: empty, kvs: [], more: false, count: '0' };
    expect(decode(EMPTY)).toEqual(answer);
    const zero = { create_revision: '0', mod_revision: '0', version: '0', lease: '0' };
    const kv = { key: EMPTY, value: EMPTY, ...zero };
    expect(decode(bytesField(2, EMPTY))).toEqual({ ...answer, kvs: [kv] });
  });

  it('keeps what was read of one key from the next one', () => {
    const kvs = [
      [numberField(2, 7n), numberField(3, 2n ** 60n), numberField(6, -9n)],
      [numberField(3, 2n ** 60n)],
      [numberField(2, 7n), numberField(6, -9n), numberField(4, 1n)],
    ].map((fields) => bytesField(2, Buffer.concat(fields)));
    expect(decode(Buffer.concat(kvs)).kvs).toMatchObject([
      { create_revision: '7', mod_revision: '1152921504606846976', version: '0', lease: '-9' },
      { create_revision: '0', mod_revision: '1152921504606846976', version: '0', lease: '0' },
      { create_revision: '7', mod_revision: '0', version: '1', lease: '-9' },
    ]);
  });
});

describe('bytes that are no answer', () => {
  it('that were cut off are refused, unless the cut was between two fields', () => {
    fc.assert(
      fc.property(responseFields, fc.nat(), (fields, number) => {
        const bytes = Buffer.concat(fields);
        const cut = bytes.subarray(0, number % (bytes.length + 1));
        let end = 0;
        const ends = new Set([0, ...fields.map(({ length }) => (end += length))]);
        if (ends.has(cut.length))
          expect(decode(cut)).toEqual({ header: read(headers, EMPTY), ...present(read(responses, cut)) });
        else expect(failureOf(() => decode(cut))).toBeInstanceOf(RangeError);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['a tag', Buffer.from([0x80])],
    ['a number', Buffer.from([0x20, 0xff])],
    ['a number that never comes', Buffer.from([0x20])],
    ['a length', Buffer.from([0x12, 0x80])],
    ['a key and its value', bytesField(2, Buffer.alloc(9)).subarray(0, 6)],
    ['a length beyond any answer', Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00])],
    ['a key', bytesField(2, Buffer.from([0x0a, 0x05, 0x61]))],
    ['an unknown text', Buffer.from([0x7a, 0x05, 0x61])],
    ['an unknown fixed number of 64 bits', Buffer.from([0x79, 1, 2, 3, 4, 5, 6, 7])],
    ['an unknown fixed number of 32 bits', Buffer.from([0x7d, 1, 2, 3])],
    ['an unknown fixed number within a key', bytesField(2, Buffer.from([0x79, 1, 2, 3]))],
  ])('are refused: cut off within %s', (_where, bytes) => {
    expect(failureOf(() => decode(bytes))).toBeInstanceOf(RangeError);
  });

  // 3 and 4 are groups, which proto3 does not have; 6 and 7 are nothing.
  it.each([3, 4, 6, 7])('are refused: a field of the form %i', (type) => {
    expect(failureOf(() => decode(Buffer.from([(15 << 3) | type, 0])))).toBeInstanceOf(RangeError);
  });

  it('are read or refused, and nothing beside them is read', () => {
    const noHeader: IResponseHeader = { cluster_id: '0', member_id: '0', revision: '0', raft_term: '0' };
    const part = fc.oneof(fc.uint8Array({ maxLength: 12 }), unknown, keyValue, response);
    const junk = fc.array(part, { maxLength: 6 }).map((parts) => Buffer.concat(parts));
    fc.assert(
      fc.property(junk, fc.constantFrom(0x00, 0x12, 0x80, 0xff), (bytes, around) => {
        const alone = failureOf(() => decodeRangeResponse(bytes, () => noHeader));
        // The same bytes within a larger piece of memory, as they come from a socket.
        const edge = Buffer.alloc(64, around);
        const inside = Buffer.concat([edge, bytes, edge]).subarray(64, 64 + bytes.length);
        if (alone !== null) {
          expect(alone).toBeInstanceOf(RangeError);
          expect(failureOf(() => decodeRangeResponse(inside, () => noHeader))).toEqual(alone);
          return;
        }
        const answer = decodeRangeResponse(inside, () => noHeader);
        expect(answer).toEqual(decodeRangeResponse(bytes, () => noHeader));
        const sizes = answer.kvs.map(({ key, value }) => key.length + value.length);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['a count', 0x20],
    ['the length of a key', 0x12],
    ['an unknown number', 0x78],
  ])('are refused: %s of more than ten bytes', (_what, tag) => {
    for (const length of [11, 100, 400]) {
      const bytes = Buffer.concat([Buffer.from([tag]), Buffer.alloc(length, 0x80), Buffer.from([0])]);
      expect(failureOf(() => decode(bytes))).toBeInstanceOf(RangeError);
    }
  });
});

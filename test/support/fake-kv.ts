import type { IKeyValue, IRangeRequest, IRangeResponse } from 'etcd3/lib/rpc.js';
import type { Calls } from '../../src/lib/registry/etcd/calls.js';
import { after } from '../../src/lib/registry/etcd/key-range.js';

const OPEN_END = Buffer.from([0]);
const EMPTY = Buffer.alloc(0);

/** An etcd store in memory, as far as ranges go: keys in their order, and every request that was made. */
export class FakeKv {
  readonly #kvs: readonly IKeyValue[];
  readonly requests: IRangeRequest[] = [];
  /** Every key whose value was handed out, in that order. */
  readonly read: Buffer[] = [];

  /** @param entries in any order; text stands for its UTF-8 bytes */
  constructor(entries: Iterable<readonly [key: string | Buffer, value: string | Buffer]>) {
    const revisions = { create_revision: '1', mod_revision: '1', version: '1', lease: '0' };
    this.#kvs = [...entries]
      .map(([key, value]) => ({ key: Buffer.from(key), value: Buffer.from(value), ...revisions }))
      .sort((a, b) => Buffer.compare(a.key, b.key));
  }

  /** What code under test calls: each attempt is made once, on this store. */
  get calls(): Calls {
    const clients = { kv: { range: (request: IRangeRequest) => this.#range(request) } };
    const run = (limits: object, attempt: (...args: readonly unknown[]) => unknown): unknown =>
      attempt(clients, {}, limits);
    return { run } as unknown as Calls;
  }

  async #range(request: IRangeRequest): Promise<IRangeResponse> {
    this.requests.push(request);
    const { key = EMPTY, range_end: end = EMPTY, limit = 0 } = request;
    if (key.length === 0) throw new Error('etcdserver: key is not provided');
    const from = this.#position(key);
    const inside = this.#kvs.slice(from, Math.max(from, this.#end(key, end)));
    const taken = Number(limit) === 0 ? inside : inside.slice(0, Number(limit));
    const given = request.count_only === true ? [] : taken;
    const isBare = request.keys_only === true;
    if (!isBare) this.read.push(...given.map((kv) => kv.key));
    return {
      header: { cluster_id: '1', member_id: '1', revision: '1', raft_term: '1' },
      kvs: given.map((kv) => (isBare ? { ...kv, value: EMPTY } : kv)),
      more: request.count_only !== true && given.length < inside.length,
      count: String(inside.length),
    };
  }

  #end(key: Buffer, end: Buffer): number {
    if (end.length === 0) return this.#position(after(key));
    return end.equals(OPEN_END) ? this.#kvs.length : this.#position(end);
  }

  /** Where the first key at or behind `from` stands. */
  #position(from: Buffer): number {
    let low = 0;
    let high = this.#kvs.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const kv = this.#kvs[middle];
      if (kv !== undefined && Buffer.compare(kv.key, from) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

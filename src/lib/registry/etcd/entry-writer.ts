import type { ICompare, IKeyValue, IRequestOp, ITxnResponse } from 'etcd3/lib/rpc.js';
import type { Calls, CallLimits } from './calls.js';
import { readFailure } from './map-error.js';

/** One key, written and removed only under a condition, so that nobody else's entry is touched. */
export class EntryWriter {
  readonly #calls: Calls;
  readonly #key: Buffer;

  constructor(calls: Calls, key: string) {
    this.#calls = calls;
    this.#key = Buffer.from(key);
  }

  get key(): Buffer {
    return this.#key;
  }

  /** @returns what is there; null for nothing */
  async read(limits: CallLimits): Promise<IKeyValue | null> {
    const { kvs } = await this.#calls.run(limits, ({ kv }) => kv.range({ key: this.#key }));
    return kvs[0] ?? null;
  }

  /**
   * Writes only where the key still has `revision`; '0' means that it must not exist. Repeating it is harmless: the
   * second one finds the first.
   */
  async put(value: Buffer, lease: string, revision: string, limits: CallLimits): Promise<WriteResult> {
    const compare: ICompare = { key: this.#key, target: 'Mod', result: 'Equal', mod_revision: revision };
    const put: IRequestOp = { request_put: { key: this.#key, value, lease } };
    const answer = await this.#calls.run(limits, ({ kv }) =>
      kv.txn({ compare: [compare], success: [put], failure: [this.#get()] }),
    );
    return answer.succeeded
      ? { done: true, revision: answer.header.revision }
      : { done: false, found: foundIn(answer) };
  }

  /**
   * Removes only what meets every condition. Sent once: after an unclear outcome the key is read again, and its
   * absence then counts as removed.
   *
   * @throws {SdctlError} as `Calls.run`, also when the key is still untouched after an unclear outcome
   */
  async remove(conditions: readonly RemoveCondition[], limits: CallLimits): Promise<RemoveResult> {
    const compare = conditions.map((condition): ICompare => ({
      key: this.#key,
      result: 'Equal',
      ...condition,
    }));
    let unclear = false as boolean;
    try {
      const answer = await this.#calls.run(
        { ...limits, timeoutMs: limits.timeoutMs * 0.6 },
        async ({ kv }) => {
          try {
            return await kv.txn({
              compare,
              success: [{ request_delete_range: { key: this.#key } }],
              failure: [this.#get()],
            });
          } catch (error) {
            const failure = readFailure(error);
            unclear = failure.elsewhere && !failure.unsent;
            throw error;
          }
        },
        'once',
      );
      return answer.succeeded ? { state: 'removed' } : { state: 'refused', found: foundIn(answer) };
    } catch (error) {
      if (!unclear || limits.signal.aborted) throw error;
      const found = await this.read({ ...limits, timeoutMs: limits.timeoutMs * 0.4 });
      if (found === null) return { state: 'removed' };
      // Untouched so far: the deletion may still be on its way, so nothing can be said.
      if (conditions.every((condition) => holds(condition, found))) throw error;
      return { state: 'refused', found };
    }
  }

  #get(): IRequestOp {
    return { request_range: { key: this.#key } };
  }
}

export type WriteResult =
  | { readonly done: true; readonly revision: string }
  | { readonly done: false; readonly found: IKeyValue | null };

export type RemoveResult =
  | { readonly state: 'removed' }
  /** The conditions did not hold; what is there instead, null for nothing. */
  | { readonly state: 'refused'; readonly found: IKeyValue | null };

export type RemoveCondition =
  | { readonly target: 'Mod'; readonly mod_revision: string }
  | { readonly target: 'Lease'; readonly lease: string };

function holds(condition: RemoveCondition, found: IKeyValue): boolean {
  return condition.target === 'Mod'
    ? found.mod_revision === condition.mod_revision
    : found.lease === condition.lease;
}

function foundIn(answer: ITxnResponse): IKeyValue | null {
  return answer.responses[0]?.response_range.kvs[0] ?? null;
}

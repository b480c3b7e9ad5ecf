import { setImmediate } from 'node:timers/promises';
import type { IKeyValue, IRangeRequest, IRangeResponse, IResponseHeader } from 'etcd3/lib/rpc.js';
import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { Calls, CallLimits } from './calls.js';
import { after, type KeyRange } from './key-range.js';

/** The first page is smaller: it shows how large entries are before many of them are asked for. */
const FIRST_PAGE = 1_000;
/** Smaller pages are slow, because etcd counts the rest of the range for each. */
const PAGE = 5_000;
const PAGE_BYTES = 16 * 1024 * 1024;
const PAGE_ATTEMPT_MS = 10_000;
/** Entries that are read between two looks at what arrived. */
const BETWEEN_TURNS = 500;
const OPEN_END = Buffer.from([0]);

/** Receives the entries of a range. `begin` is called again when reading has to start over. */
export interface Sink {
  begin(): void;
  add(kv: IKeyValue): void;
  /** Whether reading may lead elsewhere behind this entry: pages are small and come one by one then. */
  mayLeave?(last: IKeyValue): boolean;
  /** Asked after each page that is not the last one: where to go on, if not right behind it. */
  next?(last: Buffer): Promise<Buffer | null>;
}

/**
 * Reads a range in pages, all at one revision.
 *
 * @param revision as of which to read; null: now
 * @returns the revision of the whole, and the cluster it came from
 * @throws {SdctlError} as `Calls.run`; E_TOO_LARGE when a single entry is larger than any answer may be; E_COMPACTED
 *   when the history asked for is gone
 */
export async function readRange(
  calls: Calls,
  clock: Clock,
  range: KeyRange,
  limits: CallLimits,
  sink: Sink,
  revision: string | null = null,
): Promise<{ readonly revision: string; readonly clusterId: string }> {
  const endMs = clock.monotonicMs() + limits.timeoutMs;
  const pageLimits = { ...limits, attemptMs: PAGE_ATTEMPT_MS };
  for (;;) {
    sink.begin();
    try {
      const header = await readOnce(calls, clock, range, pageLimits, endMs, sink, revision);
      return { revision: revision ?? header.revision, clusterId: header.cluster_id };
    } catch (error) {
      if (!(error instanceof SdctlError) || error.code !== 'E_COMPACTED') throw error;
      // Compacted between two pages: the revision of the first one is gone, so everything is read anew.
      if (revision !== null || clock.monotonicMs() >= endMs) throw error;
    }
  }
}

async function readOnce(
  calls: Calls,
  clock: Clock,
  range: KeyRange,
  limits: CallLimits,
  endMs: number,
  sink: Sink,
  revision: string | null,
): Promise<IResponseHeader> {
  const fetch = async (key: Buffer, most: number, at: string | null): Promise<IRangeResponse> => {
    for (let limit = most; ; limit = Math.max(1, Math.floor(limit / 4))) {
      const request: IRangeRequest = {
        key,
        range_end: range.range_end,
        limit,
        ...(at === null ? {} : { revision: at }),
      };
      try {
        const timeoutMs = Math.max(1, endMs - clock.monotonicMs());
        return await calls.run({ ...limits, timeoutMs }, ({ kv }) => kv.range(request));
      } catch (error) {
        if (!(error instanceof SdctlError) || error.code !== 'E_TOO_LARGE' || limit === 1) throw error;
      }
    }
  };
  let page = await fetch(range.key, FIRST_PAGE, revision);
  const { header } = page;
  const at = revision ?? header.revision;
  for (;;) {
    const last = page.kvs.at(-1);
    const isLast = !page.more || last === undefined;
    const mayLeave = !isLast && sink.mayLeave?.(last) === true;
    const limit = isLast ? 0 : limitAfter(page, mayLeave ? FIRST_PAGE : PAGE);
    // The server prepares the next page while this one is read.
    const ahead = isLast || mayLeave ? null : fetch(after(last.key), limit, at);
    ahead?.catch(() => undefined);
    for (const [index, kv] of page.kvs.entries()) {
      // Lets the request out and its answer in: the server would wait for both otherwise.
      if (ahead !== null && index % BETWEEN_TURNS === 0) await setImmediate();
      sink.add(kv);
    }
    if (isLast) return header;
    const from = (await sink.next?.(last.key)) ?? null;
    if (from !== null && isBehind(from, range)) return header;
    page = from === null && ahead !== null ? await ahead : await fetch(from ?? after(last.key), limit, at);
  }
}

function limitAfter({ kvs }: IRangeResponse, most: number): number {
  let bytes = 0;
  for (const { key, value } of kvs) bytes += key.length + value.length;
  return Math.max(1, Math.min(most, Math.floor((PAGE_BYTES * kvs.length) / Math.max(1, bytes))));
}

function isBehind(key: Buffer, { range_end }: KeyRange): boolean {
  return !range_end.equals(OPEN_END) && Buffer.compare(key, range_end) >= 0;
}

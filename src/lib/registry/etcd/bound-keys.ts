import type { IKeyValue, IRequestOp } from 'etcd3/lib/rpc.js';
import { SdctlError } from '../../errors.js';
import type { Decoded } from '../../layouts/index.js';
import { decodeUtf8 } from '../../layouts/utf8.js';
import type { Snapshot } from '../../model/instance.js';
import type { LeaseBinding } from '../../model/lease.js';
import type { Calls, CallLimits } from './calls.js';
import { keyText, readEntry, type Roots } from './entries.js';
import { eachInFlight, isDenied } from './leases.js';

/** etcd takes 128 operations in one transaction. */
const BATCH = 100;

/** What stands behind keys, by what identifies a key. */
export type Meanings = Map<string, LeaseBinding>;

/** What identifies a key, whatever its bytes are. */
export function keyMark(key: Buffer): string {
  return `${isBinary(key) ? 'b' : 't'}${keyText(key)}`;
}

/** What identifies the key of a binding, as `keyMark` does: a key in Latin-1 may read like one in UTF-8. */
export function bindingMark({ key, isBinaryKey }: Pick<LeaseBinding, 'key' | 'isBinaryKey'>): string {
  return `${isBinaryKey ? 'b' : 't'}${key ?? ''}`;
}

/** What a snapshot tells of the keys in it. */
export function meaningsOf({ instances, undecoded, skipped }: Snapshot): Meanings {
  const found: Meanings = new Map();
  for (const instance of instances) {
    const binding = toBinding({ state: 'instance', instance });
    if (binding !== null) found.set(`t${instance.key ?? ''}`, binding);
  }
  for (const entry of undecoded) {
    const binding = toBinding({ state: 'undecoded', entry });
    if (binding !== null) found.set(`${entry.isBinaryKey ? 'b' : 't'}${entry.key}`, binding);
  }
  for (const entry of skipped) {
    const binding = entry.keys === null ? toBinding({ state: 'skipped', entry }) : null;
    if (binding !== null) found.set(`t${entry.key}`, binding);
  }
  return found;
}

/**
 * Reads keys one by one, many in one transaction, and tells what each is. Keys that are gone by now are left out.
 *
 * @returns how many of them may not be read by this user
 */
export async function readMeanings(
  calls: Calls,
  keys: readonly Buffer[],
  roots: Roots,
  limits: () => CallLimits,
  into: Meanings,
): Promise<number> {
  let denied = 0;
  const batches: Buffer[][] = [];
  for (let at = 0; at < keys.length; at += BATCH) batches.push(keys.slice(at, at + BATCH));
  await eachInFlight(batches, async (batch) => {
    const found = await readBatch(calls, batch, limits);
    denied += found.denied;
    for (const kv of found.kvs) into.set(keyMark(kv.key), bindingOf(kv, roots));
  });
  return denied;
}

interface BatchResult {
  readonly kvs: readonly IKeyValue[];
  readonly denied: number;
}

async function readBatch(
  calls: Calls,
  keys: readonly Buffer[],
  limits: () => CallLimits,
): Promise<BatchResult> {
  try {
    const success = keys.map((key): IRequestOp => ({ request_range: { key } }));
    const { responses } = await calls.run(limits(), ({ kv }) =>
      kv.txn({ compare: [], success, failure: [] }),
    );
    return { kvs: responses.flatMap(({ response_range }) => response_range.kvs), denied: 0 };
  } catch (error) {
    // One key of a hundred may be denied, or large: then each is asked for by itself.
    const isTooMuch = error instanceof SdctlError && error.code === 'E_TOO_LARGE';
    if (!isDenied(error) && !isTooMuch) throw error;
    if (keys.length === 1) return { kvs: [], denied: isDenied(error) ? 1 : 0 };
    const parts: BatchResult[] = [];
    for (const key of keys) parts.push(await readBatch(calls, [key], limits));
    return {
      kvs: parts.flatMap(({ kvs }) => kvs),
      denied: parts.reduce((sum, part) => sum + part.denied, 0),
    };
  }
}

/** A key of which nothing is known but its name. */
export function unreadBinding(key: Buffer): LeaseBinding {
  return {
    kind: 'unread',
    key: keyText(key),
    isBinaryKey: isBinary(key),
    name: null,
    instance: null,
    layout: null,
  };
}

/** What one key is, read under the root in force, elsewhere as what it looks like. */
function bindingOf(kv: IKeyValue, roots: Roots): LeaseBinding {
  const anywhere: Roots = { prefixes: [''], layout: 'auto' };
  const text = keyText(kv.key);
  const isInForce = roots.prefixes.some((prefix) => text.startsWith(prefix));
  const own = isInForce ? toBinding(readEntry(kv, roots)) : null;
  return own ?? toBinding(readEntry(kv, anywhere)) ?? unreadBinding(kv.key);
}

/** @returns null where only another layout would know */
function toBinding(decoded: Decoded): LeaseBinding | null {
  const none = { isBinaryKey: false, name: null, instance: null, layout: null };
  switch (decoded.state) {
    case 'instance': {
      const { service, id, key, layout } = decoded.instance;
      const { instance } = decoded;
      return { ...none, kind: 'instance', key, name: { service, id, node: null }, instance, layout };
    }
    case 'skipped': {
      const { key, layout, service } = decoded.entry;
      return { ...none, kind: 'marker', key, layout, name: nameOf(service) };
    }
    case 'undecoded': {
      const { key, isBinaryKey, service } = decoded.entry;
      return { ...none, kind: 'undecoded', key, isBinaryKey, name: nameOf(service) };
    }
    case 'other':
      return null;
  }
}

function nameOf(service: string | null): LeaseBinding['name'] {
  return service === null ? null : { service, id: '', node: null };
}

function isBinary(key: Buffer): boolean {
  return decodeUtf8(key) === null;
}

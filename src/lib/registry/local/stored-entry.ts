import { SdctlError } from '../../errors.js';
import type { Instance } from '../../model/instance.js';
import type { EntryText } from '../types.js';
import { isExpired, type Store } from './store.js';

/**
 * The entry of an instance as it lies in the store now; null: it is not there any more.
 *
 * @throws {SdctlError} E_FAILED when something else lies in its place, E_FILE or E_FAILED when it cannot be read
 */
export function readStored(store: Store, { service, id }: Instance, nowMs: number): EntryText | null {
  const stored = store.read(store.keyOf({ service, id }));
  if (stored === null) return null;
  if (stored.state === 'unreadable')
    throw new SdctlError('E_FAILED', `cannot read entry ${stored.key}`, { why: stored.reason });
  if (isExpired(stored, nowMs)) return null;
  return { key: stored.key, isBinaryKey: false, value: Buffer.from(stored.value) };
}

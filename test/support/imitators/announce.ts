/** The one thing that all frameworks do: grant a lease, put the key under it, renew. */
import type { Imitated } from './imitated.js';

/** An entry as its framework writes it. */
export interface Entry {
  readonly key: string;
  readonly value: string;
  readonly ttlSeconds: number;
}

/** What a process does when etcd does not know its lease any more. */
export type WhenOver = 'nothing' | 'again';

/**
 * Announces an entry and renews its lease.
 *
 * @returns the lease
 */
export async function announce(process: Imitated, entry: Entry, whenOver: WhenOver): Promise<string> {
  const { key, value, ttlSeconds } = entry;
  const lease = await process.grant(ttlSeconds);
  await process.put({ key, value, lease });
  const again = async (): Promise<void> => {
    await announce(process, entry, whenOver);
  };
  process.keep(lease, ttlSeconds, whenOver === 'again' ? again : undefined);
  return lease;
}

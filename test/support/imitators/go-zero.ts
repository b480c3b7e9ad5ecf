/** go-zero: the lease is in the key. From 1.9 on a process watches its own key. */
import { Imitated, type Store } from './imitated.js';

const TTL_SECONDS = 10;
/** So long it waits before it registers anew. */
const ANEW_MS = 1_000;

/** A process of go-zero. */
export interface GoZeroOptions {
  /** From 1.9 on. */
  readonly watchesKey: boolean;
}

/** A process of go-zero that serves `service`. */
export async function goZero(etcd: Store, service: string, { watchesKey }: GoZeroOptions): Promise<Imitated> {
  const process = new Imitated(etcd);
  const register = async (): Promise<void> => {
    const lease = await process.grant(TTL_SECONDS);
    const write = { key: `${service}/${lease}`, value: '10.0.1.5:8080', lease };
    // With a lease that is gone etcd refuses it.
    const putAgain = async (): Promise<void> => process.put(write).catch(() => undefined);
    if (watchesKey) await process.onDelete(write.key, putAgain);
    await process.put(write);
    process.keep(lease, TTL_SECONDS, async () => {
      await process.revoke(lease);
      await process.pause(ANEW_MS);
      await register();
    });
  };
  await register();
  return process;
}

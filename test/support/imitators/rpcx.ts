/** rpcx: one lease for all that a process serves, and each entry is written again at every UpdateInterval. */
import { Imitated, type Store } from './imitated.js';

const TTL_SECONDS = 30;
const BASE = '/rpcx_test';
const ADDRESS = 'tcp@10.0.1.5:8972';
const METADATA = 'group=blue';

/** A process of rpcx that serves all of `services`. */
export async function rpcx(
  etcd: Store,
  services: readonly string[],
  updateEveryMs: number,
): Promise<Imitated> {
  const process = new Imitated(etcd);
  let lease = await process.grant(TTL_SECONDS);
  process.keep(lease, TTL_SECONDS);
  const write = async (key: string, value: string): Promise<void> => {
    try {
      await process.put({ key, value, lease });
    } catch {
      // etcd does not know the lease any more.
      lease = await process.grant(TTL_SECONDS);
      process.keep(lease, TTL_SECONDS);
      await process.put({ key, value, lease });
    }
  };
  await write(BASE, 'rpcx_path');
  for (const service of services) {
    await write(`${BASE}/${service}`, service);
    await write(`${BASE}/${service}/${ADDRESS}`, METADATA);
  }
  const update = async (service: string): Promise<void> => {
    const key = `${BASE}/${service}/${ADDRESS}`;
    const present = await process.get(key);
    await write(key, present === null ? METADATA : new URLSearchParams(present).toString());
  };
  process.run(async () => {
    for (;;) {
      await process.pause(updateEveryMs);
      for (const service of services) await process.untilDone(async () => update(service));
    }
  });
  return process;
}

/** kitex and hertz: a process looks every 30 s whether its key is still there. */
import { announce } from './announce.js';
import { Imitated, type Store } from './imitated.js';

/** A process of one of them. */
export interface KitexOptions {
  readonly layout?: 'kitex' | 'hertz';
  /** When it looks the next time after its key has vanished. 30 000 at the latest: it had looked right before. */
  readonly looksAfterMs: number;
}

/** A process of kitex or hertz that serves `service`. */
export async function kitex(
  etcd: Store,
  service: string,
  { layout = 'kitex', looksAfterMs }: KitexOptions,
): Promise<Imitated> {
  const process = new Imitated(etcd);
  const address = '10.0.1.5:8888';
  const entry = {
    key: `${layout}/registry-etcd/${service}/${address}`,
    value: JSON.stringify({ network: 'tcp', address, weight: 10, tags: null }),
    ttlSeconds: 60,
  };
  await process.onDelete(entry.key, async () => {
    await process.pause(looksAfterMs);
    await process.untilDone(async () => {
      process.checks += 1;
      if ((await process.get(entry.key)) === null) await announce(process, entry, 'nothing');
    });
  });
  await announce(process, entry, 'nothing');
  return process;
}

/** go-micro: every 30 s a process registers again, and skips what it believes to be unchanged. */
import { Imitated, type Store } from './imitated.js';

const TTL_SECONDS = 90;

/** A process of go-micro. */
export interface GoMicroOptions {
  /** v3 to v5 renew at their interval, v6 by a stream. */
  readonly renews: 'interval' | 'stream';
  /** When its interval is over the next time after its key has vanished; 30 000 at the latest. */
  readonly registersAfterMs: number;
}

/** A process of go-micro that serves `service`. */
export async function goMicro(
  etcd: Store,
  service: string,
  { renews, registersAfterMs }: GoMicroOptions,
): Promise<Imitated> {
  const process = new Imitated(etcd);
  const id = `${service}-2f1d9c1e-5b0e-4a57-9a3c-1c1f7b0c9d11`;
  const key = `/micro/registry/${service}/${id}`;
  const node = { metadata: { protocol: 'grpc', registry: 'etcd' }, id, address: '10.0.1.5:8080' };
  const entry = { name: service, version: 'latest', metadata: null, endpoints: [], nodes: [node] };
  let current: string | null = null;
  const register = async (): Promise<void> => {
    const lease = await process.grant(TTL_SECONDS);
    await process.put({ key, value: JSON.stringify(entry), lease });
    current = lease;
    if (renews === 'interval') return;
    process.keep(lease, TTL_SECONDS, async () => {
      current = null;
      return Promise.resolve();
    });
  };
  await process.onDelete(key, async () => {
    await process.pause(registersAfterMs);
    process.checks += 1;
    // It never looks at its key: while its lease lives, nothing has changed.
    if (current === null || !(await process.renew(current))) await register();
  });
  await register();
  return process;
}

/** A real etcd grpc-proxy, which announces itself in the layout of the naming package. */
import { ensureServers } from '../../../scripts/fetch-servers.mjs';
import { freePort } from '../servers/index.js';
import { ServerProcess } from '../servers/process.js';
import type { Store } from './imitated.js';

/** A proxy that runs, and the key under which it stands. */
export interface GrpcProxy extends AsyncDisposable {
  readonly key: string;
}

/** Starts a proxy that announces itself as an instance of `service`, with a lease of `ttlSeconds`. */
export async function startGrpcProxy(etcd: Store, service: string, ttlSeconds: number): Promise<GrpcProxy> {
  const { etcd35 } = await ensureServers();
  const address = `127.0.0.1:${await freePort()}`;
  const process = new ServerProcess({
    name: 'etcd grpc-proxy',
    file: etcd35,
    args: [
      'grpc-proxy',
      'start',
      `--endpoints=${etcd.url}`,
      `--listen-addr=${address}`,
      `--advertise-client-url=${address}`,
      `--resolver-prefix=${service}`,
      `--resolver-ttl=${ttlSeconds}`,
    ],
  });
  await process.start();
  return { key: `${service}/${address}`, [Symbol.asyncDispose]: async () => process.kill() };
}

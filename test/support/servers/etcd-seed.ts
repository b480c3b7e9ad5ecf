/** Putting many keys into etcd quickly. */
import { readFileSync } from 'node:fs';
import { Etcd3, type IOptions, type IRequestOp } from 'etcd3';
import type { Etcd } from './etcd.js';

/** etcd refuses transactions of more than 128 operations, and requests of more than 1.5 MiB. */
const TXN_OPERATIONS = 128;
const TXN_BYTES = 1_000_000;

export interface SeedEtcdOptions {
  /** Attach every key to this lease (a decimal id). */
  readonly lease?: string;
  /** Transactions under way at a time. */
  readonly concurrency?: number;
}

/** Writes all pairs (keys must be distinct) and returns how many there were. */
export async function seedEtcd(
  etcd: Etcd,
  pairs: Iterable<readonly [key: string, value: string]>,
  options: SeedEtcdOptions = {},
): Promise<number> {
  const client = new Etcd3(clientOptions(etcd));
  const batches = batched(pairs, options.lease);
  let count = 0;
  const work = async (): Promise<void> => {
    // One generator shared by all workers: each takes the next batch when it is free.
    for (let next = batches.next(); next.done !== true; next = batches.next()) {
      await client.kv.txn({ success: next.value });
      count += next.value.length;
    }
  };
  try {
    await Promise.all(Array.from({ length: options.concurrency ?? 8 }, work));
  } finally {
    client.close();
  }
  return count;
}

function* batched(
  pairs: Iterable<readonly [string, string]>,
  lease: string | undefined,
): Generator<IRequestOp[], undefined> {
  let batch: IRequestOp[] = [];
  let bytes = 0;
  for (const [key, value] of pairs) {
    const put = {
      key: Buffer.from(key),
      value: Buffer.from(value),
      ...(lease === undefined ? {} : { lease }),
    };
    const size = put.key.length + put.value.length;
    if (batch.length === TXN_OPERATIONS || (batch.length > 0 && bytes + size > TXN_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ request_put: put });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
  return undefined;
}

function clientOptions(etcd: Etcd): IOptions {
  const { tls, credentials } = etcd;
  const read = (file: string | undefined): Buffer | undefined =>
    file === undefined ? undefined : readFileSync(file);
  const [privateKey, certChain] = [read(tls?.clientKey), read(tls?.clientCert)];
  return {
    hosts: etcd.url,
    ...(tls === undefined
      ? {}
      : {
          credentials: {
            rootCertificate: readFileSync(tls.ca),
            ...(privateKey === undefined ? {} : { privateKey }),
            ...(certChain === undefined ? {} : { certChain }),
          },
        }),
    ...(credentials === undefined ? {} : { auth: credentials }),
  };
}

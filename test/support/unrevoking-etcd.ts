/** A real etcd that keeps every lease with a key although its time is over, for as long as it runs. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Etcd3 } from 'etcd3';
import type { EtcdVersion } from './servers/etcd.js';
import { makeCerts, startEtcd } from './servers/index.js';

interface UnrevokingEtcd {
  /** Of a user who may do anything. */
  readonly client: Etcd3;
  /** Names this server and lets the program in as the same user. */
  readonly flags: readonly string[];
  stop(): Promise<void>;
}

/**
 * Its revocations are refused, not late: a busy leader would get them through after a time that depends on the
 * machine. Where etcd can check tokens but not sign them, it has none for itself and may not touch keys; clients get
 * in with their certificates.
 */
export async function startUnrevokingEtcd(version: EtcdVersion): Promise<UnrevokingEtcd> {
  const certs = await makeCerts();
  const { ca, server, client: own } = certs;
  const etcd = await startEtcd({
    version,
    tls: { ca, ...server, clientCert: own.cert, clientKey: own.key },
    clientCertAuth: true,
    extraArgs: [`--auth-token=jwt,pub-key=${newPublicKey(certs.dir)},sign-method=RS256`],
  });
  // The second is who stands in the certificate.
  for (const user of ['root', 'client']) {
    await etcd.ctl(['user', 'add', `${user}:not-used`]);
    await etcd.ctl(['user', 'grant-role', user, 'root']);
  }
  await etcd.ctl(['auth', 'enable']);
  const client = new Etcd3({
    hosts: etcd.url,
    credentials: {
      rootCertificate: readFileSync(ca),
      privateKey: readFileSync(own.key),
      certChain: readFileSync(own.cert),
    },
    grpcOptions: { 'grpc.ssl_target_name_override': 'localhost' },
  });
  const files = ['--ca-file', ca, '--cert-file', own.cert, '--key-file', own.key];
  return {
    client,
    flags: ['--backend', 'etcd', '--server', etcd.url, ...files],
    stop: async () => {
      client.close();
      await etcd.stop();
      certs.remove();
    },
  };
}

/** @returns a file with a key whose other half nobody has */
function newPublicKey(folder: string): string {
  const { publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const file = path.join(folder, 'tokens.pub.pem');
  writeFileSync(file, publicKey);
  return file;
}

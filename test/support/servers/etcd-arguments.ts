/** The command line of a test etcd. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EtcdOptions } from './etcd.js';
import type { EtcdAccess } from './etcd-ctl.js';

/** Where one etcd runs. */
export interface EtcdPlace {
  readonly file: string;
  readonly ownDir: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly access: EtcdAccess;
}

export function etcdArguments(
  options: EtcdOptions & { readonly name: string },
  at: EtcdPlace,
  dataDir: string,
): string[] {
  const peerUrl = `http://127.0.0.1:${String(at.peerPort)}`;
  const flags: Record<string, string | undefined> = {
    name: options.name,
    'data-dir': dataDir,
    'listen-client-urls': at.access.url,
    'advertise-client-urls': at.access.url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': options.initialCluster ?? `${options.name}=${peerUrl}`,
    'initial-cluster-state': 'new',
    'cert-file': options.tls?.cert,
    'key-file': options.tls?.key,
    'trusted-ca-file': options.tls?.ca,
    'client-cert-auth': options.clientCertAuth === true ? 'true' : undefined,
    'auth-token': options.auth === 'jwt' ? jwtSpec(at.ownDir) : options.auth,
    'quota-backend-bytes': options.quotaBytes?.toString(),
    logger: 'zap',
    // 3.4 as packaged has no such flag; both survive SIGKILL, because the page cache does.
    'unsafe-no-fsync': options.version === '3.5' ? 'true' : undefined,
  };
  const set = Object.entries(flags).filter(([, value]) => value !== undefined);
  return [...set.map(([name, value]) => `--${name}=${String(value)}`), ...(options.extraArgs ?? [])];
}

function jwtSpec(folder: string): string {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const [pub, priv] = [path.join(folder, 'jwt.pub.pem'), path.join(folder, 'jwt.key.pem')];
  writeFileSync(pub, pair.publicKey);
  writeFileSync(priv, pair.privateKey);
  return `jwt,pub-key=${pub},priv-key=${priv},sign-method=RS256,ttl=10m`;
}

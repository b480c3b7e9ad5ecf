/** Certificates for TLS tests, made anew for each use; elliptic keys, so that this takes milliseconds. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as x509 from '@peculiar/x509';
import { makeTempDir, removeTempDir } from './lifetime.js';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const HOUR_MS = 3_600_000;

export interface CertFiles {
  readonly cert: string;
  readonly key: string;
}

/** Paths of PEM files. All leaf certificates are signed by `ca`, except `foreign`. */
export interface Certs {
  readonly dir: string;
  readonly ca: string;
  /** Signs nothing here but `foreign`. */
  readonly foreignCa: string;
  /** For localhost, 127.0.0.1 and ::1. */
  readonly server: CertFiles;
  readonly client: CertFiles;
  /** As `server`, but no longer valid. */
  readonly expired: CertFiles;
  /** Valid, but for another host. */
  readonly wrongName: CertFiles;
  /** As `server` and also for clients, but by `foreignCa`. */
  readonly foreign: CertFiles;
  remove(): void;
}

interface Authority {
  readonly cert: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Leaf {
  readonly commonName: string;
  readonly names: readonly x509.JsonGeneralName[];
  readonly notAfter?: Date;
}

const LOCAL: readonly x509.JsonGeneralName[] = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
];

export async function makeCerts(): Promise<Certs> {
  const dir = makeTempDir('certs');
  const write = (name: string, text: string): string => {
    const file = path.join(dir, name);
    writeFileSync(file, `${text.trimEnd()}\n`, { mode: 0o600 });
    return file;
  };
  const issue = async (authority: Authority, label: string, leaf: Leaf): Promise<CertFiles> => {
    const keys = await generateKeys();
    const cert = await issueLeaf(authority, keys, leaf);
    const key = x509.PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', keys.privateKey),
      'PRIVATE KEY',
    );
    return { cert: write(`${label}.pem`, cert.toString('pem')), key: write(`${label}.key`, key) };
  };
  const ca = await makeAuthority('sdctl test CA');
  const foreignCa = await makeAuthority('sdctl foreign CA');
  const elsewhere: x509.JsonGeneralName = { type: 'dns', value: 'registry.elsewhere.example' };
  return {
    dir,
    ca: write('ca.pem', ca.cert.toString('pem')),
    foreignCa: write('foreign-ca.pem', foreignCa.cert.toString('pem')),
    server: await issue(ca, 'server', { commonName: 'localhost', names: LOCAL }),
    client: await issue(ca, 'client', { commonName: 'client', names: [] }),
    expired: await issue(ca, 'expired', {
      commonName: 'localhost',
      names: LOCAL,
      notAfter: new Date(Date.now() - HOUR_MS),
    }),
    wrongName: await issue(ca, 'wrong-name', {
      commonName: 'registry.elsewhere.example',
      names: [elsewhere],
    }),
    foreign: await issue(foreignCa, 'foreign', { commonName: 'localhost', names: LOCAL }),
    remove: () => removeTempDir(dir),
  };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function makeAuthority(commonName: string): Promise<Authority> {
  const keys = await generateKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    notBefore: new Date(Date.now() - 48 * HOUR_MS),
    notAfter: new Date(Date.now() + 48 * HOUR_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert, keys };
}

/** Both usages in each: etcd's own HTTP gateway calls etcd with the server certificate. */
async function issueLeaf(
  authority: Authority,
  keys: webcrypto.CryptoKeyPair,
  leaf: Leaf,
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    subject: `CN=${leaf.commonName}`,
    issuer: authority.cert.subject,
    notBefore: new Date(Date.now() - 24 * HOUR_MS),
    notAfter: leaf.notAfter ?? new Date(Date.now() + 24 * HOUR_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']),
      ...(leaf.names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension([...leaf.names])]),
    ],
  });
}

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SdctlError } from '../errors.js';
import type { TlsSettings } from './connection.js';

/** PEM contents, ready for node:tls; null where the setting is absent. */
export interface TlsMaterial {
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

/**
 * Reads the files of a TLS setting, the CA's from a folder where it names one, and checks that they are PEM and belong together, so that a wrong file is
 * reported as such and not as a connection failure.
 *
 * @throws {SdctlError} E_FILE naming the file
 */
export function readTlsFiles(tls: TlsSettings): TlsMaterial {
  const ca = readCa(tls.caFile);
  const cert = read(tls.certFile, 'certificate');
  const key = read(tls.keyFile, 'key');
  if ((cert === null) !== (key === null)) {
    const [have, miss] = cert === null ? ['--key-file', '--cert-file'] : ['--cert-file', '--key-file'];
    throw new SdctlError('E_FILE', `a client certificate needs both files, ${miss} is missing`, {
      why: `only ${have} is set`,
      hint: `add ${miss} FILE`,
    });
  }
  if (cert !== null && key !== null) checkPair(cert, key, tls);
  return { ca, cert, key };
}

function readCa(path: string | null): Buffer | null {
  if (path === null) return null;
  if (tried(() => statSync(path), path, 'CA').isDirectory()) return readCaFolder(path);
  const pem = read(path, 'CA');
  if (pem !== null) certificateOf(pem, path, 'CA');
  return pem;
}

/** All certificates of a folder, as CONSUL_CAPATH names one. What holds none, such as a note or a key, is passed over. */
function readCaFolder(folder: string): Buffer {
  const found: string[] = [];
  for (const name of tried(() => readdirSync(folder), folder, 'CA').sort()) {
    const file = join(folder, name);
    // A link that leads nowhere is left over, not a CA.
    if (tried(() => statSync(file, { throwIfNoEntry: false }), file, 'CA')?.isFile() !== true) continue;
    const pem = read(file, 'CA');
    if (pem?.includes('-----BEGIN CERTIFICATE-----') !== true) continue;
    certificateOf(pem, file, 'CA');
    found.push(pem.toString());
  }
  if (found.length > 0) return Buffer.from(found.join('\n'));
  throw new SdctlError('E_FILE', `no CA certificate in the folder ${folder}`, {
    why: 'none of its files holds a PEM certificate',
    hint: 'name the CA file itself, or a folder of PEM files',
  });
}

function read(file: string | null, what: string): Buffer | null {
  return file === null ? null : tried(() => readFileSync(file), file, what);
}

function tried<T>(work: () => T, file: string, what: string): T {
  try {
    return work();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new SdctlError('E_FILE', `cannot read the ${what} file ${file}`, {
      why: reason === 'ENOENT' ? 'no such file' : reason,
      hint: `check the path of the ${what} file`,
      cause: error,
    });
  }
}

function certificateOf(pem: Buffer, file: string, what: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new SdctlError('E_FILE', `${file} is not a PEM ${what === 'CA' ? 'CA certificate' : what}`, {
      why: 'it holds no certificate that can be read',
      hint: 'a file that begins with -----BEGIN CERTIFICATE-----',
      cause: error,
    });
  }
}

function checkPair(cert: Buffer, key: Buffer, tls: TlsSettings): void {
  const certificate = certificateOf(cert, tls.certFile ?? '', 'certificate');
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(key));
  } catch (error) {
    throw new SdctlError('E_FILE', `${tls.keyFile ?? ''} is not a PEM private key`, {
      why: 'it holds no unencrypted private key that can be read',
      hint: 'a file that begins with -----BEGIN PRIVATE KEY-----',
      cause: error,
    });
  }
  if (!matches) {
    throw new SdctlError('E_FILE', `${tls.keyFile ?? ''} does not belong to ${tls.certFile ?? ''}`, {
      why: 'the private key is not the one of the certificate',
      hint: 'name the key that was made with this certificate',
    });
  }
}

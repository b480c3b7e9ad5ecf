import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { SdctlError } from '../errors.js';
import type { TlsSettings } from './connection.js';

/** PEM contents, ready for node:tls; null where the setting is absent. */
export interface TlsMaterial {
  readonly ca: Buffer | null;
  readonly cert: Buffer | null;
  readonly key: Buffer | null;
}

/**
 * Reads the files of a TLS setting and checks that they are PEM and belong together, so that a wrong file is
 * reported as such and not as a connection failure.
 *
 * @throws {SdctlError} E_FILE naming the file
 */
export function readTlsFiles(tls: TlsSettings): TlsMaterial {
  const ca = read(tls.caFile, 'CA');
  const cert = read(tls.certFile, 'certificate');
  const key = read(tls.keyFile, 'key');
  if (ca !== null) certificateOf(ca, tls.caFile ?? '', 'CA');
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

function read(file: string | null, what: string): Buffer | null {
  if (file === null) return null;
  try {
    return readFileSync(file);
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

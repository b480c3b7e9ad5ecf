import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { credentials, type ChannelCredentials } from '@grpc/grpc-js';
import type { TlsSettings } from '../connection.js';
import { readTlsFiles } from '../tls-files.js';
import type { TlsOptions } from './probe-socket.js';

/** What channels and the probe need to speak TLS; both use the same context, so that both meet the same obstacles. */
export interface TlsSetup {
  readonly credentials: ChannelCredentials;
  readonly options: TlsOptions;
}

/**
 * Reads the TLS files once.
 *
 * @throws {SdctlError} E_FILE
 */
export function setUpTls(settings: TlsSettings): TlsSetup {
  const { ca, cert, key } = readTlsFiles(settings);
  const context: SecureContext = createSecureContext({
    ca: ca ?? [...rootCertificates],
    ...(cert === null || key === null ? {} : { cert, key }),
  });
  const rejectUnauthorized = !settings.insecureSkipVerify;
  const verify = rejectUnauthorized ? {} : { rejectUnauthorized, checkServerIdentity: () => undefined };
  return {
    credentials: credentials.createFromSecureContext(context, verify),
    options: { secureContext: context, serverName: settings.serverName, rejectUnauthorized },
  };
}

/** For servers addressed with http://. */
export function plainSetup(): TlsSetup {
  return {
    credentials: credentials.createInsecure(),
    options: { secureContext: null, serverName: null, rejectUnauthorized: false },
  };
}

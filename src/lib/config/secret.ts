import { readFileSync } from 'node:fs';
import { SdctlError } from '../errors.js';
import type { Secret } from '../registry/connection.js';
import type { Env } from './env.js';
import type { SecretSource } from './layers.js';

/**
 * A secret that is read when asked for, and anew each time, so that a rotated file is picked up.
 * `-` as file is standard input, read once. One trailing line end is not part of a secret.
 */
export function openSecret(source: SecretSource, env: Env): Secret {
  let fromStdin: string | null = null;
  return {
    origin: source.origin,
    read() {
      if (source.type === 'value') return source.value;
      if (source.type === 'env') return requireEnv(env[source.name], source);
      if (source.file !== '-') return readSecretFile(source.file, source.origin);
      fromStdin ??= readSecretFile(0, source.origin);
      return fromStdin;
    },
  };
}

function requireEnv(value: string | undefined, source: SecretSource): string {
  if (value) return value;
  throw new SdctlError('E_FILE', 'the credentials are not set', {
    why: `the variable ${source.origin} is empty`,
    hint: 'set that variable, or name a file with --token-file or --password-file',
  });
}

/** A file without content is a mistake, or one that is being written: a request without credentials is not what was asked for. */
function readSecretFile(file: string | number, origin: string): string {
  const secret = readText(file, origin).replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  throw unusable(file, `nothing stands in it, named by ${origin}`, 'write the secret into it');
}

function readText(file: string | number, origin: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw unusable(
      file,
      `${code === 'ENOENT' ? 'no such file' : (code ?? 'unreadable')}, named by ${origin}`,
      'check the path and its permissions',
      error,
    );
  }
}

function unusable(file: string | number, why: string, hint: string, cause?: unknown): SdctlError {
  const name = file === 0 ? '(standard input)' : String(file);
  return new SdctlError('E_FILE', `cannot read the credentials file ${name}`, { why, hint, cause });
}

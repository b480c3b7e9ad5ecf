import { SdctlError } from '../errors.js';
import { isNewName } from '../discovery/new-name.js';
import { usageError } from './usage.js';

/** @throws {SdctlError} E_USAGE for a name that sdctl does not give to new services and instances */
export function requireNewName(what: string, name: string): void {
  if (isNewName(name)) return;
  throw usageError(
    `${what} "${name}" is not a valid name`,
    'allowed: 1 to 128 of A-Z a-z 0-9 . _ : - and not . or ..',
  );
}

/**
 * An empty argument is mostly a variable of a script that is not set. Taken for no argument, it would mean all services.
 *
 * @throws {SdctlError} E_USAGE
 */
export function refuseEmptyName(name: string | undefined): void {
  if (name === '')
    throw usageError('SERVICE is empty', 'the argument is there, but holds nothing', 'sdctl list');
}

/** The failure of a command that names a service without entries. */
export function noSuchService(service: string, place: string): SdctlError {
  return new SdctlError('E_NOT_FOUND', `no service named "${service}" in ${place}`, {
    hint: 'sdctl list',
    details: { service },
  });
}

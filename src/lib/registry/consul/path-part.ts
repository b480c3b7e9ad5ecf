import { SdctlError } from '../../errors.js';

/** What Consul lets pass in a path: all that Go calls printable. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]+$/u;

/**
 * Whether Consul answers for a name. It takes any name in a body, but in a path its router redirects what it could
 * shorten, encoded or not, and refuses what cannot be printed.
 */
export function canBeAsked(name: string): boolean {
  if (!PRINTABLE.test(name)) return false;
  const segments = name.split('/');
  return segments.every(
    (segment, position) =>
      segment !== '.' &&
      segment !== '..' &&
      (segment !== '' || (position > 0 && position === segments.length - 1)),
  );
}

/**
 * A name as a part of a request's path.
 *
 * @param what it is the name of, for the message
 * @throws {SdctlError} E_USAGE for a name that Consul cannot be asked for
 */
export function pathPart(name: string, what: string): string {
  if (canBeAsked(name)) return encodeURIComponent(name);
  throw new SdctlError('E_USAGE', `Consul cannot be asked for the ${what} "${name}"`, {
    why: 'it answers for no name that is empty, has an empty part, "." or ".." between slashes, or cannot be printed',
  });
}

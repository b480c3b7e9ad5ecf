import { SdctlError } from '../../errors.js';
import type { Calls, CallLimits } from './calls.js';
import { joined, type KeyRange } from './key-range.js';

/**
 * What the roles of a user allow to read, as ranges of keys in order. Every user may ask for its own roles.
 *
 * @returns empty when nothing is granted, or roles cannot be asked for
 */
export async function grantedRanges(
  calls: Calls,
  username: string,
  limits: () => CallLimits,
): Promise<readonly KeyRange[]> {
  try {
    const { roles } = await calls.run(limits(), ({ auth }) => auth.userGet({ name: username }));
    const answers = await Promise.all(
      roles.map((role) => calls.run(limits(), ({ auth }) => auth.roleGet({ role }))),
    );
    const readable = answers
      .flatMap(({ perm }) => perm)
      .filter(({ permType }) => permType.toUpperCase() !== 'WRITE')
      .map(({ key, range_end }) => ({ key, range_end: range_end.length === 0 ? nextKey(key) : range_end }));
    return joined(readable);
  } catch (error) {
    if (error instanceof SdctlError && (error.code === 'E_FORBIDDEN' || error.code === 'E_FAILED')) return [];
    throw error;
  }
}

/** A right on one key is a range that holds only it. */
function nextKey(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.from([0])]);
}

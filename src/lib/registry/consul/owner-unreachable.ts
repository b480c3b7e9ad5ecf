import { SdctlError } from '../../errors.js';
import { formatInstanceName } from '../../model/instance-name.js';
import type { OwnerTry } from './owner.js';

/** What a shell takes as it is. */
const PLAIN = /^[A-Za-z0-9._:-]+$/;

/**
 * The error of an agent that lives and cannot be asked.
 *
 * @param aim what it would have been asked to do
 */
export function ownerUnreachable(
  entry: { readonly service: string; readonly id: string; readonly node: string },
  aim: 'remove' | 'register',
  tried: readonly OwnerTry[],
): SdctlError {
  const { node, id } = entry;
  const name = formatInstanceName({ ...entry, node: null });
  return new SdctlError('E_UNREACHABLE', `the agent of node ${node} cannot be asked to ${aim} ${name}`, {
    why: tried.map(({ url, problem }) => `${url}: ${problem}`).join('; '),
    hint: aim === 'remove' ? removalHint(id) : '--owner-port PORT',
    details: { node, tried },
  });
}

function removalHint(id: string): string {
  if (!PLAIN.test(id)) return '--owner-port PORT, or --how catalog';
  return `on that node: consul services deregister -id=${id}`;
}

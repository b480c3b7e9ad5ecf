import { SdctlError } from '../errors.js';
import type { RegistryHandle, RootUse } from '../registry/types.js';
import { ownText, safeName } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';

/** So many are named. */
const SHOWN = 8;

/** Says on stderr where services stand, when nobody named a root and the one in force holds none. Never fails. */
export async function sayOtherRoots(invocation: Invocation, handle: RegistryHandle): Promise<void> {
  if (invocation.connection.prefixes.length > 0 || invocation.connection.backend !== 'etcd') return;
  let uses: readonly RootUse[];
  try {
    uses = await handle.operations.findRoots(invocation.callOptions());
  } catch (error) {
    // The whole store may be denied, which is no failure of what was asked for.
    if (error instanceof SdctlError && error.code !== 'E_ABORTED') return;
    throw error;
  }
  const [first] = uses;
  if (first === undefined) return;
  const { view, diagnostics } = invocation;
  const named = uses
    .slice(0, SHOWN)
    .map(({ root, layout }) => `${root === '' ? "''" : safeName(root, view)} (${safeName(layout, view)})`)
    .join(', ');
  const more = uses.length > SHOWN ? ` and ${uses.length - SHOWN} more` : '';
  const flag = first.root === '' ? "''" : safeName(first.root, view);
  diagnostics.say(
    ownText(`Nothing stands under the default root. Services stand under ${named}${more}: --prefix ${flag}`),
  );
}

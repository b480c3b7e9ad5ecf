import { SdctlError } from '../errors.js';
import type { RegistryHandle, RootUse } from '../registry/types.js';
import { ownText, safeName } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';

/** So many are named. */
const SHOWN = 8;
/** The one that was looked at. */
const DEFAULT_ROOT = '/services/';

/** Says on stderr where services stand, when nobody named a root and the one in force holds none. Never fails. */
export async function sayOtherRoots(invocation: Invocation, handle: RegistryHandle): Promise<void> {
  const { connection } = invocation;
  if (connection.prefixes.length > 0 || connection.backend !== 'etcd') return;
  let uses: readonly RootUse[];
  try {
    uses = await handle.operations.findRoots(invocation.callOptions());
  } catch (error) {
    // The whole store may be denied, which is no failure of what was asked for.
    if (error instanceof SdctlError && error.code !== 'E_ABORTED') return;
    throw error;
  }
  const byRoot = new Map<string, string[]>();
  for (const { root, layout } of uses) {
    if (root !== DEFAULT_ROOT) byRoot.set(root, [...(byRoot.get(root) ?? []), layout]);
  }
  if (byRoot.size === 0) return;
  const { view, diagnostics } = invocation;
  const named = [...byRoot]
    .slice(0, SHOWN)
    .map(([root, layouts]) => `${safeName(root || "''", view)} (${safeName(layouts.join(', '), view)})`)
    .join(', ');
  const more = byRoot.size > SHOWN ? ` and ${byRoot.size - SHOWN} more` : '';
  diagnostics.say(
    ownText(
      `Other roots hold services: ${named}${more}. --prefix names one, --prefix '' is the whole store.`,
    ),
  );
}

import { join } from 'node:path';
import type { Env } from './env.js';

/**
 * Where sdctl keeps what outlives a run: SDCTL_STATE_DIR > XDG_STATE_HOME > HOME.
 *
 * @returns null when none of them is set
 */
export function stateDirectory(env: Env): string | null {
  if (env['SDCTL_STATE_DIR']) return env['SDCTL_STATE_DIR'];
  if (env['XDG_STATE_HOME']) return join(env['XDG_STATE_HOME'], 'sdctl');
  if (env['HOME']) return join(env['HOME'], '.local', 'state', 'sdctl');
  return null;
}

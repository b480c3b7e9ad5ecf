import type { Connection, RegistryDeps } from '../connection.js';
import type { RegistryHandle } from '../types.js';

/** Opens the local backend. */
export function openLocal(_connection: Connection, _deps: RegistryDeps): RegistryHandle {
  throw new Error('in work');
}

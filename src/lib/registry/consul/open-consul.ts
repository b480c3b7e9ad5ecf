import type { Connection, RegistryDeps } from '../connection.js';
import type { RegistryHandle } from '../types.js';

/** Opens the consul backend. */
export function openConsul(_connection: Connection, _deps: RegistryDeps): RegistryHandle {
  throw new Error('in work');
}

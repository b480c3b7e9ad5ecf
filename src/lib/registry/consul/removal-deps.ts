import type { Clock } from '../../time/clock.js';
import type { Servers } from './servers.js';
import type { Visibility } from './visibility.js';

/** What it takes to remove entries, and to put them back. */
export interface RemovalDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
  readonly clock: Clock;
  /** null: the one of the server that is asked. */
  readonly datacenter: string | null;
}

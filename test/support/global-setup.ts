import { ensureServers } from '../../scripts/fetch-servers.mjs';

/** Runs once before all tests: a missing server fails the run here, with one message that says what to install. */
export async function setup(): Promise<void> {
  await ensureServers();
}

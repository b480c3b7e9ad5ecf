import { isLoopback } from '../model/endpoint.js';
import type { Instance } from '../model/instance.js';
import { probeTcp } from '../probe/tcp-probe.js';
import { openScope } from '../registry/scope.js';

const AT_ONCE = 32;
const PROBE_MS = 2_000;

/**
 * Connects to every endpoint of some instances.
 *
 * @param isRemote they run elsewhere, so that a loopback address of theirs cannot be called from here
 * @returns those of which each endpoint refused; none without an endpoint
 */
export async function findRefusing(
  instances: readonly Instance[],
  isRemote: boolean,
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  // Many listen to it at once.
  const scope = openScope(signal);
  const found: Instance[] = [];
  const callable = instances.filter(
    ({ endpoints }) => endpoints.length > 0 && !(isRemote && endpoints.some(isLoopback)),
  );
  // One iterator for all workers: each takes the next one when it is free.
  const queue = callable.values();
  const worker = async (): Promise<void> => {
    for (const instance of queue) {
      const { endpoints } = instance;
      const answers = await Promise.all(
        endpoints.map((endpoint) => probeTcp(endpoint, PROBE_MS, scope.signal)),
      );
      if (answers.every(({ outcome }) => outcome === 'refused')) found.push(instance);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  scope.end();
  return found;
}

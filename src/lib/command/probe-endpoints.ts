import { probeTcp } from '../probe/tcp-probe.js';
import type { Instance } from '../model/instance.js';

const AT_ONCE = 32;
const PROBE_MS = 2_000;

/**
 * Connects to every endpoint of some instances.
 *
 * @returns those of which each endpoint refused; none without an endpoint
 */
export async function findRefusing(
  instances: readonly Instance[],
  signal: AbortSignal,
): Promise<readonly Instance[]> {
  const found: Instance[] = [];
  // One iterator for all workers: each takes the next one when it is free.
  const queue = instances.filter(({ endpoints }) => endpoints.length > 0).values();
  const worker = async (): Promise<void> => {
    for (const instance of queue) {
      const { endpoints } = instance;
      const answers = await Promise.all(endpoints.map((endpoint) => probeTcp(endpoint, PROBE_MS, signal)));
      if (answers.every(({ outcome }) => outcome === 'refused')) found.push(instance);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return found;
}

import { openScope } from '../scope.js';
import type { Call } from './call.js';

/** As many requests at a time as there are connections for them. */
const PARALLEL = 6;

/** Like Promise.all over a map, a few at a time; the first failure stops the others. */
export async function mapBounded<T, R>(
  items: readonly T[],
  call: Call,
  work: (item: T, call: Call) => Promise<R>,
): Promise<R[]> {
  const scope = openScope(call.signal);
  const part: Call = { ...call, signal: scope.signal };
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item, part);
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL }, worker));
    return results;
  } finally {
    scope.end();
  }
}

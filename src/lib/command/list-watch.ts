import { isGlob } from '../discovery/selector.js';
import type { RegistryHandle } from '../registry/types.js';
import type { Invocation } from './invocation.js';
import { addTtl, printAnswer, type ListQuestion } from './list-answer.js';
import type { ListFlags } from './print-list.js';
import { followMembership, watchPlan } from './watch-stream.js';

/**
 * Prints the list, then every change as `watch` does. The list is the first set of the watch itself, so that nothing
 * falls between the two.
 */
export async function listThenWatch(
  invocation: Invocation,
  handle: RegistryHandle,
  question: ListQuestion,
  flags: ListFlags,
): Promise<'aborted' | 'reached' | 'over'> {
  const { name, selection, ttl } = question;
  const service = name === undefined || isGlob(name) ? null : name;
  const plan = watchPlan(invocation, { service: name, 'no-initial': true }, selection);
  return followMembership(invocation, handle, {
    ...plan,
    onFirst: async (first) => {
      const snapshot = ttl || service !== null ? await addTtl(invocation, handle, first, ttl) : first;
      await printAnswer(invocation, handle, { service, snapshot }, flags);
    },
  });
}

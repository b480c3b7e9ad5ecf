import { setMaxListeners } from 'node:events';

/** An abort of our own that also follows the callers'; `end` must be called, it lets go of the callers' signals. */
export interface Scope {
  readonly signal: AbortSignal;
  end(): void;
}

/** Without a reason, every abort makes an exception with a stack. */
const ENDED = new Error('the scope has ended');

/** Opens a scope. Not AbortSignal.any: that keeps memory for as long as a long-lived parent lives. */
export function openScope(...parents: readonly AbortSignal[]): Scope {
  const controller = new AbortController();
  // Many calls may share one signal, and each listens to it; Node would call that a leak.
  setMaxListeners(0, controller.signal, ...parents);
  const letGo = (): void => {
    for (const parent of parents) parent.removeEventListener('abort', follow);
  };
  const follow = (): void => {
    letGo();
    controller.abort(parents.find(({ aborted }) => aborted)?.reason);
  };
  if (parents.some(({ aborted }) => aborted)) follow();
  else for (const parent of parents) parent.addEventListener('abort', follow, { once: true });
  return {
    signal: controller.signal,
    end: () => {
      letGo();
      controller.abort(ENDED);
    },
  };
}

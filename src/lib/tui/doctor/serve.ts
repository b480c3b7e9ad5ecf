import type { Finding } from '../../model/finding.js';
import { MirrorState } from './mirror-state.js';
import type { Answer, MirrorSetup, Order } from './protocol.js';

/** Findings that are sent at once: what arrives in one piece is read in one piece, on the thread of the screen. */
const MOST_FINDINGS = 100;

/** Does what a mirror is told, one order after the other. */
export function serveMirror(
  setup: MirrorSetup,
  answer: (answer: Answer) => void,
  monotonicMs: () => number,
): (order: Order) => void {
  const state = new MirrorState(setup);
  let rest: readonly Finding[] = [];
  const answerRun = (order: Extract<Order, { readonly type: 'run' }>): void => {
    const startedMs = monotonicMs();
    const { findings, outcomes } = state.run(order);
    rest = findings;
    answer({ type: 'report', outcomes, findings: findings.length, tookMs: monotonicMs() - startedMs });
  };
  return (order) => {
    switch (order.type) {
      case 'leases':
        state.readings(order.items, order.isFirst);
        break;
      case 'run':
        try {
          answerRun(order);
        } catch (thrown) {
          answer({ type: 'failed', why: thrown instanceof Error ? thrown.message : String(thrown) });
        }
        break;
      case 'more':
        answer({ type: 'findings', items: rest.slice(0, MOST_FINDINGS) });
        rest = rest.slice(MOST_FINDINGS);
        break;
      default:
        state.edit(order);
    }
  };
}

import type { Check } from '../../model/instance.js';
import type { AgentState } from '../../model/removal.js';
import { NODE_ALIVE } from './health.js';

/** Whether an agent keeps the entries of a node, told by the checks of that node. */
export function agentStateOf(nodeChecks: readonly Pick<Check, 'id' | 'health'>[]): AgentState {
  const alive = nodeChecks.find((check) => check.id === NODE_ALIVE);
  if (alive === undefined) return 'none';
  return alive.health === 'critical' ? 'dead' : 'alive';
}

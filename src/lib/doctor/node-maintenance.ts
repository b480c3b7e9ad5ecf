import { compareText, type Instance } from '../model/instance.js';
import type { Examination } from './types.js';

const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';

/** A node of Consul that somebody took out as a whole. */
export interface NodeMaintenance {
  readonly node: string;
  /** Empty: none was given. */
  readonly reason: string;
}

/** Nodes in maintenance, as they tell it, else as their instances do. */
export function nodesInMaintenance({ facts, snapshot }: Examination): readonly NodeMaintenance[] {
  const reasons = new Map<string, string>();
  for (const { node, nodeChecks } of snapshot.instances) {
    const mark = nodeChecks.find(({ id }) => id === NODE_MAINTENANCE);
    if (node !== null && mark !== undefined) reasons.set(node, mark.notes);
  }
  for (const { name, maintenance } of facts.nodes ?? [])
    if (maintenance !== null) reasons.set(name, maintenance);
  return [...reasons].sort(([a], [b]) => compareText(a, b)).map(([node, reason]) => ({ node, reason }));
}

/** Whether an instance is in maintenance by itself, and not with its node alone. */
export function isInMaintenance({ health, checks }: Instance, { backend }: Examination): boolean {
  if (health !== 'maintenance') return false;
  return backend !== 'consul' || checks.some(({ id }) => id.startsWith(SERVICE_MAINTENANCE));
}

/** Checks of an instance that look at it; Consul keeps a maintenance as one more check. */
export function hasOwnCheck({ checks }: Instance): boolean {
  return checks.some(({ id }) => !id.startsWith(SERVICE_MAINTENANCE));
}

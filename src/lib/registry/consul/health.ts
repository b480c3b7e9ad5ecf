import type { Check, Health } from '../../model/instance.js';
import { listOf, objectOf, textOf } from './json.js';

/** A check with what decides where it belongs. */
export interface RawCheck extends Check {
  readonly node: string;
  /** Empty: a check of the node. */
  readonly serviceId: string;
}

const NODE_MAINTENANCE = '_node_maintenance';
const SERVICE_MAINTENANCE = '_service_maintenance:';

/** The check by which an agent watches its node; a node without it is external and has no agent. */
export const NODE_ALIVE = 'serfHealth';

/** Reads a list of checks; what is no check is left out. */
export function readChecks(value: unknown): RawCheck[] {
  const items = Array.isArray(value) ? listOf(value) : Object.values(objectOf(value) ?? {});
  return items.flatMap((item) => {
    const check = objectOf(item);
    return check === null ? [] : [readCheck(check)];
  });
}

function readCheck(check: Readonly<Record<string, unknown>>): RawCheck {
  const id = textOf(check['CheckID']);
  return {
    id,
    name: textOf(check['Name']),
    type: textOf(check['Type']),
    health:
      id === NODE_MAINTENANCE || id.startsWith(SERVICE_MAINTENANCE)
        ? 'maintenance'
        : healthOf(check['Status']),
    output: textOf(check['Output']),
    notes: textOf(check['Notes']),
    node: textOf(check['Node']),
    serviceId: textOf(check['ServiceID']),
  };
}

function healthOf(status: unknown): Health {
  // A status that a later Consul may bring is nothing to send traffic to.
  return status === 'passing' || status === 'warning' ? status : 'critical';
}

/** Consul's own order: who is in maintenance is out of discovery whatever else is wrong. */
const WORST_FIRST: readonly Health[] = ['maintenance', 'critical', 'warning', 'unknown', 'passing'];

/** Worst of all checks of the service and its node; without checks Consul counts an instance as passing. */
export function overall(checks: readonly Check[]): {
  readonly health: Health;
  readonly reason: string | null;
} {
  const [worst] = [...checks].sort((a, b) => WORST_FIRST.indexOf(a.health) - WORST_FIRST.indexOf(b.health));
  if (worst === undefined || worst.health === 'passing') return { health: 'passing', reason: null };
  const reason = worst.health === 'maintenance' ? worst.notes || worst.output : worst.output || worst.notes;
  return { health: worst.health, reason: reason === '' ? null : reason };
}

/** The TTL check that keeps an instance alive; older servers do not tell the type, but sdctl's own has a known id. */
export function ttlCheckOf(checks: readonly RawCheck[], serviceId: string): RawCheck | undefined {
  const own = checks.filter((check) => check.serviceId === serviceId);
  return (
    own.find((check) => check.type === 'ttl') ??
    own.find((check) => check.type === '' && check.id === checkIdOf(serviceId))
  );
}

/** The check id that sdctl gives: without one, Consul numbers them and a renewal would not find its check. */
export function checkIdOf(serviceId: string): string {
  return `service:${serviceId}`;
}

/** Whether a TTL check is critical because nobody renewed it, not because somebody said so. */
export function hasExpired(check: Pick<Check, 'health' | 'output'>): boolean {
  return check.health === 'critical' && check.output.startsWith('TTL expired');
}

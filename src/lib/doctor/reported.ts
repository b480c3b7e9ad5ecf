import type { Found } from '../model/finding.js';
import type { Instance } from '../model/instance.js';
import { formatLeaseName } from '../model/lease-name.js';
import type { Examination } from './types.js';

/**
 * A lookup of what earlier rules have found about an instance: about itself, the lease that keeps it, or the node that it
 * stands on. So one fault is one finding.
 *
 * @param rules their ids; a rule that looks at them names them in `after`
 * @returns null: they have nothing on it
 */
export function findingsOf(
  rules: readonly string[],
  { earlier, backend }: Examination,
): (instance: Instance) => Found | null {
  const found = new Map<string, Found>();
  for (const rule of rules) {
    for (const one of earlier.get(rule) ?? []) {
      for (const key of keysOf(one)) if (!found.has(key)) found.set(key, one);
    }
  }
  return (instance) => {
    const { service, id, node, lease } = instance;
    const leaseName =
      lease === null
        ? null
        : formatLeaseName({ kind: backend === 'consul' ? 'ttl-check' : 'lease', id: lease.id, node });
    return (
      found.get(instanceMark(service, id, node)) ??
      (leaseName === null ? undefined : found.get(leaseMark(leaseName))) ??
      (node === null ? undefined : found.get(nodeMark(node))) ??
      null
    );
  };
}

/** Names of the services that one rule has found something about as a whole. */
export function servicesReported(rule: string, { earlier }: Examination): ReadonlySet<string> {
  const whole = (earlier.get(rule) ?? []).filter(({ subject }) => subject.instance === null);
  return new Set(whole.flatMap(({ subject }) => subject.service ?? []));
}

function keysOf({ subject: { service, instance, node, lease } }: Found): readonly string[] {
  const keys: string[] = [];
  if (service !== null && instance !== null) keys.push(instanceMark(service, instance, node));
  if (lease !== null) keys.push(leaseMark(lease));
  if (service === null && instance === null && node !== null) keys.push(nodeMark(node));
  return keys;
}

function instanceMark(service: string, id: string, node: string | null): string {
  return JSON.stringify(['instance', service, id, node]);
}

function leaseMark(lease: string): string {
  return JSON.stringify(['lease', lease]);
}

function nodeMark(node: string): string {
  return JSON.stringify(['node', node]);
}

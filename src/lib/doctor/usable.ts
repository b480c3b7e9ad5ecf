import { instanceKey, type Health, type Instance } from '../model/instance.js';
import type { Examination } from './types.js';

const usable: ReadonlySet<Health> = new Set(['passing', 'warning', 'unknown']);

/** Whether callers are given an instance of that state: one that nobody checks counts, and so does one with a warning. */
export function isUsable({ health }: Pick<Instance, 'health'>): boolean {
  return usable.has(health);
}

/** How an instance was when it was last looked at; null: it is gone by then. */
export function latestOf(instance: Instance, { samples }: Examination): Instance | null {
  const last = samples.at(-1);
  return last === undefined ? instance : (last.instances.get(instanceKey(instance)) ?? null);
}

/** Consul's own entry for its servers: it has neither checks nor an address of its own, and nobody registers it. */
export function isRegistryItself({ service }: Pick<Instance, 'service'>, { backend }: Examination): boolean {
  return backend === 'consul' && service === 'consul';
}

/** A sidecar of the mesh: its health is that of the service beside it. */
export function isSidecar({ consul }: Pick<Instance, 'consul'>): boolean {
  return consul?.kind === 'connect-proxy';
}

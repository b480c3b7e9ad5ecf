import type { SavedEntry } from '../model/removal.js';
import type { RegistryHandle } from '../registry/types.js';
import type { Invocation } from './invocation.js';
import { savedKey } from './undo-lines.js';

/** Looks what stands where entries would be put back, as far as the roots in force show it. Writes nothing. */
export async function occupiedNow(
  invocation: Invocation,
  handle: RegistryHandle,
  entries: readonly SavedEntry[],
): Promise<(entry: SavedEntry) => boolean> {
  const services = [...new Set(entries.map(({ service }) => service))].filter((service) => service !== '');
  if (services.length === 0) return () => false;
  const { instances, undecoded } = await handle.operations.lookUp(services, invocation.callOptions());
  const keys = new Set([...instances, ...undecoded].map(({ key }) => key));
  const places = new Set(instances.map(({ service, node, id }) => placeOf(service, node, id)));
  return (entry) => {
    const key = savedKey(entry);
    if (key !== null) return keys.has(key);
    const node = entry.backend === 'consul' ? entry.node : null;
    return places.has(placeOf(entry.service, node, entry.id));
  };
}

function placeOf(service: string, node: string | null, id: string): string {
  return JSON.stringify([service, node, id]);
}

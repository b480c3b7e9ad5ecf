import { consulLayouts } from './consul/index.js';
import { etcdLayouts } from './etcd/index.js';
import type { LayoutFacts } from './facts.js';

/**
 * What is known of a layout on a kind of registry. The embedded registry keeps sdctl's own entries as etcd does.
 *
 * @returns null for a name nobody has
 */
export function factsOf(backend: string, layout: string): LayoutFacts | null {
  const layouts = backend === 'consul' ? consulLayouts : etcdLayouts;
  return layouts.find(({ name }) => name === layout)?.facts ?? null;
}

import { consulLayouts } from './consul/index.js';
import { etcdLayouts } from './etcd/index.js';

/** What `--layout` takes, by backend. */
export function layoutNames(): Readonly<Record<string, readonly string[]>> {
  const unique = (names: readonly string[]): readonly string[] => [...new Set(['auto', ...names])];
  return {
    etcd: unique(etcdLayouts.map(({ name }) => name)),
    consul: unique(consulLayouts.map(({ name }) => name)),
    local: ['auto'],
  };
}

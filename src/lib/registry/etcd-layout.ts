import { etcdLayouts } from '../layouts/etcd/index.js';
import { etcdLayout } from '../layouts/index.js';
import type { EtcdLayout } from '../layouts/types.js';
import { unknownLayout } from './unknown-layout.js';

/**
 * The layout of a name; undefined for `auto`.
 *
 * @throws {SdctlError} E_USAGE for a name nobody has
 */
export function requireEtcdLayout(name: string): EtcdLayout | undefined {
  const layout = etcdLayout(name);
  if (layout !== undefined || name === 'auto') return layout;
  throw unknownLayout(
    name,
    etcdLayouts.map((known) => known.name),
  );
}

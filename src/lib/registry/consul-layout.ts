import { consulLayoutName, consulLayouts } from '../layouts/consul/index.js';
import { unknownLayout } from './unknown-layout.js';

/**
 * The full name of a layout, or `auto`.
 *
 * @throws {SdctlError} E_USAGE for a name nobody has
 */
export function requireConsulLayout(name: string): string {
  const known = name === 'auto' ? name : consulLayoutName(name);
  if (known !== undefined) return known;
  throw unknownLayout(
    name,
    consulLayouts.map((layout) => layout.name),
  );
}

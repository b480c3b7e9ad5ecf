import {
  goframeConsulLayout,
  goZeroConsulLayout,
  kitexConsulLayout,
  registratorLayout,
  springLayout,
} from './by-id.js';
import { dubboAppLayout, dubboInterfaceLayout } from './dubbo.js';
import { externalLayout } from './external.js';
import { connectLayout, genericLayout } from './generic.js';
import { goMicroConsulLayout } from './go-micro.js';
import { kratosConsulLayout } from './kratos.js';
import { nomadLayout } from './nomad.js';
import { sdctlConsulLayout } from './sdctl.js';
import type { ConsulLayout, ConsulRecord } from './types.js';

/** In the order of detection; the last one takes everything. Two forms of one framework have one name. */
export const consulLayouts: readonly ConsulLayout[] = [
  connectLayout,
  externalLayout,
  sdctlConsulLayout,
  nomadLayout,
  dubboInterfaceLayout,
  goMicroConsulLayout,
  kratosConsulLayout,
  dubboAppLayout,
  goframeConsulLayout,
  kitexConsulLayout,
  goZeroConsulLayout,
  springLayout,
  registratorLayout,
  genericLayout,
];

const PREFIX = 'consul-';

/** The full name of a layout, which may be given without `consul-`; undefined for a name nobody has. */
export function consulLayoutName(name: string): string | undefined {
  return consulLayouts.find((layout) => layout.name === name || layout.name === PREFIX + name)?.name;
}

/**
 * The layout that reads an instance: the first that knows its own.
 *
 * @param name `auto` for all, else the only one to try
 * @returns null when it is none of that one
 */
export function consulLayoutOf(record: ConsulRecord, name: string): ConsulLayout | null {
  const tried = name === 'auto' ? consulLayouts : consulLayouts.filter((layout) => layout.name === name);
  return tried.find((layout) => layout.matches(record)) ?? null;
}

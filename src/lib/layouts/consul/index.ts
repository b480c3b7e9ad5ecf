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

/** The layout that reads an instance: the one that is asked for, else the first that knows its own. */
export function consulLayoutOf(record: ConsulRecord, name: string): ConsulLayout {
  if (name !== 'auto') {
    const asked = consulLayouts.filter((layout) => layout.name === name);
    const layout = asked.find((one) => one.matches(record)) ?? asked.at(-1);
    if (layout !== undefined) return layout;
  }
  return consulLayouts.find((layout) => layout.matches(record)) ?? genericLayout;
}

import { staysGone } from '../facts.js';
import { consulFacts } from './facts.js';
import type { ConsulLayout, ConsulReading, ConsulRecord } from './types.js';

/** What nearly every form has in the same places. */
export function plainReading({ meta }: ConsulRecord): ConsulReading {
  return {
    version: meta['version'] ?? null,
    zone: meta['zone'] ?? null,
    protocol: meta['protocol'] ?? null,
    metadata: meta,
  };
}

/** Registered by hand, or by a library that passes a registration through, such as go-kit. */
export const genericLayout: ConsulLayout = {
  name: 'consul-generic',
  facts: consulFacts({
    outcome: 'depends',
    withinSeconds: null,
    text: 'depends on the program that registered it',
  }),
  matches: () => true,
  read: plainReading,
};

/** Proxies and gateways of the service mesh: told by Kind. */
export const connectLayout: ConsulLayout = {
  name: 'consul-connect',
  facts: consulFacts(staysGone('stays gone until whoever runs the proxy registers it again')),
  matches: ({ kind }) => kind !== '',
  read: plainReading,
};

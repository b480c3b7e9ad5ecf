import { staysGone } from '../facts.js';
import { consulFacts } from './facts.js';
import { plainReading } from './generic.js';
import type { ConsulLayout } from './types.js';

/** A node without an agent, registered in the catalog; consul-esm may write its health. */
export const externalLayout: ConsulLayout = {
  name: 'consul-external',
  facts: consulFacts(staysGone('removed through the catalog, stays gone'), {
    renewal: 'none, or checks of consul-esm',
  }),
  matches: ({ nodeMeta }) => nodeMeta['external-node'] === 'true',
  read: (record) => ({
    ...plainReading(record),
    // Nobody but an operator puts labels there; what was registered stands in the raw tags.
    tags: [],
    external: true,
    monitoredBy: record.nodeMeta['external-probe'] === 'true' ? 'consul-esm' : null,
  }),
};

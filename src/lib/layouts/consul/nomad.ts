import { comesBack } from '../facts.js';
import { consulFacts } from './facts.js';
import { plainReading } from './generic.js';
import type { ConsulLayout } from './types.js';

const TASK = /^_nomad-task-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})-/i;

/** Nomad: it puts back what is removed, and removes ids that look like its own. */
export const nomadLayout: ConsulLayout = {
  name: 'consul-nomad',
  facts: consulFacts(comesBack(30, "back at Nomad's next reconciliation, 30 s"), {
    renewal: "Consul's own checks; script checks by Nomad",
  }),
  matches: ({ id, meta }) => meta['external-source'] === 'nomad' || id.startsWith('_nomad-'),
  read: (record) => ({
    ...plainReading(record),
    managedBy: 'nomad',
    alloc: TASK.exec(record.id)?.[1] ?? null,
  }),
};

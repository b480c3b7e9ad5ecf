import { instanceKey } from '../model/instance.js';
import type { Observed } from './history.js';
import { isInMaintenance, nodesInMaintenance } from './node-maintenance.js';
import { nodeHistoryKey } from './since.js';
import type { Examination } from './types.js';

/**
 * What the state file has to remember of a run, under the keys that SD303 and SD307 ask for. A node belongs to no
 * service, so that its `of` is empty.
 */
export function observedStates(examination: Examination): readonly Observed[] {
  const nodes = nodesInMaintenance(examination).map(({ node }): Observed => ({
    kind: 'maintenance',
    key: nodeHistoryKey(node),
    of: '',
  }));
  const instances = examination.snapshot.instances.flatMap((instance): readonly Observed[] => {
    const seen = { key: instanceKey(instance), of: instance.service };
    if (instance.health === 'critical') return [{ kind: 'critical', ...seen }];
    return isInMaintenance(instance, examination) ? [{ kind: 'maintenance', ...seen }] : [];
  });
  return [...nodes, ...instances];
}

import { formatEndpoint } from '../model/endpoint.js';
import { subjectOf, type Evidence, type Subject } from '../model/finding.js';
import { formatInstanceName } from '../model/instance-name.js';
import type { Instance } from '../model/instance.js';

/** `order/i-7f3a`, on Consul with its node: what commands take. */
export function instanceName(instance: Pick<Instance, 'service' | 'id' | 'node'>): string {
  return formatInstanceName(instance);
}

/** An instance as the subject of a finding. */
export function instanceSubject(instance: Instance): Subject {
  const [first] = instance.endpoints;
  return subjectOf({
    service: instance.service,
    instance: instance.id,
    node: instance.node,
    key: instance.key,
    address: first === undefined ? null : formatEndpoint(first),
  });
}

/** Where it serves, as it is registered. */
export function endpointEvidence({ endpoints }: Instance): readonly Evidence[] {
  return endpoints.map((endpoint) => ({ name: 'endpoint', value: formatEndpoint(endpoint) }));
}

import { formatEndpoint, type Endpoint } from '../../model/endpoint.js';
import type { Evidence, Found } from '../../model/finding.js';
import type { Instance } from '../../model/instance.js';
import { addressFaults, type AddressFault, type FindAddressFault } from '../address-faults.js';
import { collapsedServices, type CollapsedService } from '../collapsed-services.js';
import { instanceName, instanceSubject } from '../instance-evidence.js';
import { namesText } from '../lease-evidence.js';
import type { Examination, Rule } from '../types.js';
import { isRegistryItself } from '../usable.js';

interface FaultyEndpoint {
  readonly endpoint: Endpoint | null;
  readonly fault: AddressFault;
}

export const unroutableAddress: Rule = {
  id: 'SD203',
  slug: 'unroutable-address',
  group: 'data',
  title: 'An address that nobody can call',
  severity: 'error',
  mode: 'instant',
  backends: ['etcd', 'consul', 'local'],
  text: {
    detects:
      "An endpoint that is unspecified, loopback, link-local, multicast, reserved, malformed or without a port. A warning for the range of a container bridge, and on Consul for a missing port. On Consul also several instances that all have the address of one of Consul's servers in place of their own.",
    why: 'Callers get no connection, or reach something else on their own machine.',
    guard:
      "Loopback and container bridges are right where allowLoopback says that a single host is meant. DNS records, queues and http URLs need no port; entries that are shown only and Consul's own are left out. Names are resolved by --probe alone, see SD302.",
    fix: "Set the address to advertise where the process registers, or the node's address where Consul takes that one.",
  },
  *check(examination): Generator<Found> {
    const faultOf = addressFaults(examination.settings);
    for (const instance of examination.snapshot.instances) {
      if (instance.readOnly || isRegistryItself(instance, examination)) continue;
      const faulty = faultyEndpoints(instance, faultOf, examination);
      const worst = faulty.find(({ fault }) => fault.severity === 'error') ?? faulty[0];
      if (worst !== undefined) yield foundFor(instance, worst, faulty, examination);
    }
    for (const service of collapsedServices(examination)) yield foundForCollapsed(service);
  },
};

function faultyEndpoints(
  instance: Instance,
  faultOf: FindAddressFault,
  examination: Examination,
): readonly FaultyEndpoint[] {
  if (instance.endpoints.length === 0)
    return [{ endpoint: null, fault: { severity: 'error', text: 'no address at all' } }];
  return instance.endpoints.flatMap((endpoint) => {
    const fault = faultOf(endpoint) ?? portFault(instance, endpoint, examination);
    return fault === null ? [] : [{ endpoint, fault }];
  });
}

/** Schemes that have a port of their own. */
const WITH_DEFAULT_PORT = new Set(['http', 'https', 'ws', 'wss']);
/** What go-micro calls without a queue in between. */
const DIRECT_TRANSPORTS = new Set(['grpc', 'http', 'quic', 'tcp', 'utp', 'memory']);

function portFault(
  { layout, metadata }: Instance,
  { port, protocol }: Endpoint,
  { backend }: Examination,
): AddressFault | null {
  if (port !== null || layout === 'coredns' || WITH_DEFAULT_PORT.has(protocol ?? '')) return null;
  const transport = layout === 'go-micro' ? metadata['transport'] : undefined;
  if (transport !== undefined && !DIRECT_TRANSPORTS.has(transport)) return null;
  // Consul also serves those who know the port otherwise.
  return { severity: backend === 'consul' ? 'warning' : 'error', text: 'has no port' };
}

function foundFor(
  instance: Instance,
  { endpoint, fault }: FaultyEndpoint,
  all: readonly FaultyEndpoint[],
  examination: Examination,
): Found {
  const name = instanceName(instance);
  const address = endpoint === null ? null : formatEndpoint(endpoint);
  const fromNode = nodeEvidence(instance, endpoint, examination);
  return {
    severity: fault.severity,
    subject: { ...instanceSubject(instance), address },
    detail:
      address === null ? `${name} has ${fault.text}` : `${name} announces ${address}, which ${fault.text}`,
    evidence: [
      ...all.map((one) => ({
        name: 'address',
        value: one.endpoint === null ? 'none' : `${formatEndpoint(one.endpoint)} ${one.fault.text}`,
      })),
      ...fromNode,
      { name: 'layout', value: instance.layout },
      { name: 'revision', value: instance.revision },
    ],
    fix: {
      text:
        fromNode.length === 0
          ? 'register the address under which callers reach it'
          : 'register an address of its own, or set the advertised address of the node',
      commands: [['sdctl', 'list', instance.service, '--id', instance.id]],
    },
  };
}

/** Consul takes the address of the node where a service has none. */
function nodeEvidence(
  { node }: Instance,
  endpoint: Endpoint | null,
  { facts }: Examination,
): readonly Evidence[] {
  const address = facts.nodes?.find(({ name }) => name === node)?.address;
  return address === undefined || endpoint?.address !== address
    ? []
    : [{ name: 'address of its node', value: address }];
}

function foundForCollapsed({ service, node, address, instances }: CollapsedService): Found {
  const [first] = instances;
  return {
    severity: 'error',
    subject: { ...instanceSubject(first), instance: null, key: null, address },
    detail: `${instances.length} instances of ${service} have the address of the server ${node}, ${address}`,
    evidence: [
      { name: 'instances', value: namesText(instances.map(instanceName)) },
      { name: 'address of its node', value: address },
    ],
    fix: {
      text: 'register each at the agent of its own machine, or with an address of its own',
      commands: [['sdctl', 'list', service]],
    },
  };
}

import type { Instance } from '../../model/instance.js';
import type { LeaseRecord } from '../../model/lease.js';
import type { Call } from './call.js';
import { NODE_ALIVE } from './health.js';
import { objectOf } from './json.js';
import { decodeHealth, servicePath } from './list.js';
import { mapBounded } from './map-bounded.js';
import { notConsul } from './map-error.js';
import { canBeAsked } from './path-part.js';
import type { Served, Servers } from './servers.js';
import { checksIn, compareChecks, isTtlCheck, toTtlCheck, type NamedCheck } from './ttl-checks.js';
import type { View, Visibility } from './visibility.js';

export interface TtlCheckDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
}

/** All TTL checks that may be seen, by service, id and node. */
export interface TtlCheckListing {
  readonly records: readonly LeaseRecord[];
  readonly view: View;
  /** Index of the answer. */
  readonly revision: string;
  /** Of the server that answered. */
  readonly url: string;
}

/** All TTL checks, each with its instance; only services that have one are read. */
export async function listTtlChecks(deps: TtlCheckDeps, call: Call): Promise<TtlCheckListing> {
  const [served, services] = await Promise.all([
    deps.servers.read({ path: '/health/state/any' }, call),
    deps.servers.read({ path: '/catalog/services' }, call),
  ]);
  const all = checksIn(served);
  const checks = all.filter(isTtlCheck).sort(compareChecks);
  const instances = await readInstances(deps.servers, checks, call);
  return {
    records: checks.map((check) =>
      toTtlCheck(check, instances.get(placeOf(check.node, check.serviceId)) ?? null),
    ),
    view: viewOf(deps.visibility, { served, services, all, checks }),
    revision: served.headers['x-consul-index'] ?? '0',
    url: served.server.url,
  };
}

async function readInstances(
  servers: Servers,
  checks: readonly NamedCheck[],
  call: Call,
): Promise<ReadonlyMap<string, Instance>> {
  const names = new Set(checks.map(({ service }) => service));
  const entries = await mapBounded([...names].filter(canBeAsked), call, async (name, part) =>
    decodeHealth(await servers.read({ path: servicePath(name) }, part), name, 'auto'),
  );
  return new Map(
    entries
      .flat()
      .flatMap((entry) =>
        'instance' in entry
          ? [[placeOf(entry.instance.node, entry.instance.id), entry.instance] as const]
          : [],
      ),
  );
}

/** Consul ignores the case of node names and service ids when it joins them, and keeps each as it was written. */
function placeOf(node: string | null, id: string): string {
  return JSON.stringify([node ?? '', id]).toLowerCase();
}

interface Seen {
  readonly served: Served;
  readonly services: Served;
  readonly all: readonly NamedCheck[];
  readonly checks: readonly NamedCheck[];
}

function viewOf(visibility: Visibility, { served, services, all, checks }: Seen): View {
  const byName = objectOf(services.value);
  if (byName === null) throw notConsul(services.server, 'its answer is not a list of services');
  const view = visibility.judge(Object.keys(byName));
  // The servers have agents: without node:read their checks are hidden, and all others with them.
  const hidesNodes = 'consul' in byName && !all.some(({ id }) => id === NODE_ALIVE);
  const isBlind = view === 'nothing' || (all.length === 0 && (hidesNodes || view === 'partial'));
  if (isBlind && checks.length === 0) return 'nothing';
  return isBlind || hidesNodes || visibility.wasFiltered(served) ? 'partial' : view;
}

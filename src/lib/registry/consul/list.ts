import { compareText, type Instance, type Snapshot, type UndecodedEntry } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type { Call } from './call.js';
import { decodeEntry, unnamable, type Entry } from './decode.js';
import { readChecks, type RawCheck } from './health.js';
import { listOf, objectOf, textOf } from './json.js';
import { mapBounded } from './map-bounded.js';
import { notConsul } from './map-error.js';
import { canBeAsked, pathPart } from './path-part.js';
import type { ConsulServer } from './server.js';
import type { Served, Servers } from './servers.js';
import type { Visibility } from './visibility.js';

/** A snapshot, who answered, and the index to go on from. */
export interface Listed {
  readonly snapshot: Snapshot;
  readonly server: ConsulServer;
  readonly index: string;
}

export interface ListDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
  readonly clock: Clock;
  /** `auto`, or the layout to read with. */
  readonly layout: string;
}

/** Reads the catalog; every read is complete or fails. */
export class CatalogReader {
  readonly #deps: ListDeps;

  constructor(deps: ListDeps) {
    this.#deps = deps;
  }

  /**
   * All instances of one service.
   *
   * @param consistent ask the leader to confirm that it still leads: for an answer that is hard to believe
   * @throws {SdctlError} E_FILTERED when access rules hide everything
   */
  async listService(service: string, call: Call, consistent = false): Promise<Listed> {
    const served = await this.#deps.servers.read(
      { path: servicePath(service), ...(consistent ? { query: { consistent: true } } : {}) },
      call,
    );
    return this.toListed(service, served, call);
  }

  /** Turns the answer of `health/service/<name>` into a snapshot. */
  async toListed(service: string, served: Served, call: Call): Promise<Listed> {
    const { visibility, servers } = this.#deps;
    const entries = decodeHealth(served, service, this.#deps.layout);
    let partial = visibility.wasFiltered(served);
    if (entries.length === 0) {
      const view = await visibility.check(servers, call);
      if (view === 'nothing') throw visibility.nothingVisible(served.server.url);
      partial ||= view === 'partial';
    }
    if (partial) visibility.warnPartial(call);
    const index = served.headers['x-consul-index'] ?? '0';
    return { snapshot: this.#snapshot(service, entries, index, partial), server: served.server, index };
  }

  /**
   * All instances of several services, one of which may have none.
   *
   * @throws {SdctlError} E_FILTERED when access rules hide everything
   */
  async lookUp(services: readonly string[], call: Call): Promise<Listed> {
    // A name that Consul cannot be asked for is nobody's.
    const names = services.filter(canBeAsked);
    const [first, ...others] = await Promise.all(names.map((name) => this.listService(name, call)));
    if (first === undefined) return this.listService(services[0] ?? '', call);
    const parts = [first, ...others].map(({ snapshot }) => snapshot);
    const snapshot = {
      ...first.snapshot,
      service: others.length === 0 ? first.snapshot.service : null,
      instances: parts.flatMap(({ instances }) => instances),
      undecoded: parts.flatMap(({ undecoded }) => undecoded),
      partial: parts.some(({ partial }) => partial),
    };
    return { ...first, snapshot };
  }

  /**
   * All instances of all services, on the path with fewer requests.
   *
   * @param known answer of `catalog/services` that need not be asked for again
   * @throws {SdctlError} E_FILTERED when access rules hide everything
   */
  async listAll(call: Call, known?: Served): Promise<Listed> {
    const { servers, visibility } = this.#deps;
    const services = known ?? (await servers.read({ path: '/catalog/services' }, call));
    const names = namesIn(services);
    const view = visibility.judge(names);
    if (view === 'nothing') throw visibility.nothingVisible(services.server.url);
    const nodes = namesOfNodes(await servers.read({ path: '/catalog/nodes' }, call));
    const entries =
      nodes.length > 0 && nodes.length < names.length
        ? await this.#byNode(nodes, call)
        : await this.#byService(names, call);
    const hidesNodes = hidesConsul(names, entries);
    if (entries.length === 0 && (hidesNodes || view === 'partial'))
      throw visibility.nothingVisible(services.server.url);
    const partial = view === 'partial' || visibility.wasFiltered(services) || hidesNodes;
    if (partial) visibility.warnPartial(call);
    const index = services.headers['x-consul-index'] ?? '0';
    return { snapshot: this.#snapshot(null, entries, index, partial), server: services.server, index };
  }

  async #byService(names: readonly string[], call: Call): Promise<Entry[]> {
    const parts = await mapBounded(names.filter(canBeAsked), call, async (name, part) =>
      decodeHealth(await this.#deps.servers.read({ path: servicePath(name) }, part), name, this.#deps.layout),
    );
    return [...parts.flat(), ...hidden(names, 'service')];
  }

  async #byNode(names: readonly string[], call: Call): Promise<Entry[]> {
    const parts = await mapBounded(names.filter(canBeAsked), call, async (name, part) => {
      const { value } = await this.#deps.servers.read(
        { path: `/catalog/node/${pathPart(name, 'node')}` },
        part,
      );
      return objectOf(value);
    });
    // Read after the nodes: a check that is newer than its service is harmless, a service without its check is not.
    const checks = groupChecks(
      readChecks((await this.#deps.servers.read({ path: '/health/state/any' }, call)).value),
    );
    const entries = parts.flatMap((part) =>
      part === null ? [] : decodeNode(part, checks, this.#deps.layout),
    );
    return [...entries, ...hidden(names, 'node')];
  }

  #snapshot(service: string | null, entries: readonly Entry[], index: string, partial: boolean): Snapshot {
    const instances: Instance[] = [];
    const undecoded: UndecodedEntry[] = [];
    for (const entry of entries) {
      if ('instance' in entry) instances.push(entry.instance);
      else if ('undecoded' in entry) undecoded.push(entry.undecoded);
    }
    instances.sort(compareIdentity);
    return {
      service,
      instances,
      undecoded,
      skipped: [],
      revision: index,
      takenAtMs: this.#deps.clock.nowMs(),
      partial,
    };
  }
}

/** Consul's own order means nothing and changes. */
function compareIdentity(a: Instance, b: Instance): number {
  return (
    compareText(a.service, b.service) || compareText(a.node ?? '', b.node ?? '') || compareText(a.id, b.id)
  );
}

/** Where all instances of a service are read, with the checks of their nodes. */
export function servicePath(service: string): string {
  return `/health/service/${pathPart(service, 'service')}`;
}

/**
 * Decodes the answer of `health/service/<name>`. Consul ignores the case of names there and nowhere else, so that a
 * neighbour of another case is left out.
 *
 * @throws {SdctlError} E_NOT_A_REGISTRY when it is no list
 */
export function decodeHealth(served: Served, service: string, layout: string): Entry[] {
  if (!Array.isArray(served.value)) throw notConsul(served.server, 'its answer is not a list of instances');
  const entries = listOf(served.value).map((item, position) => {
    const record = objectOf(item) ?? {};
    const place = `${service}#${position}`;
    return decodeEntry({
      node: record['Node'],
      service: record['Service'],
      checks: readChecks(record['Checks']),
      place,
      layout,
    });
  });
  return entries.filter((entry) => !('instance' in entry) || entry.instance.service === service);
}

function namesIn(served: Served): string[] {
  const names = objectOf(served.value);
  if (names === null) throw notConsul(served.server, 'its answer is not a list of services');
  return Object.keys(names);
}

function namesOfNodes(served: Served): string[] {
  return listOf(served.value)
    .map((node) => textOf(objectOf(node)?.['Node']))
    .filter((name) => name !== '');
}

/** What is there and cannot be asked for: one such name must not cost all others. */
function hidden(names: readonly string[], what: 'service' | 'node'): Entry[] {
  return names.filter((name) => !canBeAsked(name)).map((name) => ({ undecoded: unnamable(name, what) }));
}

/** The servers' own entry is named but not found: node:read is missing, and with it everything on those nodes. */
function hidesConsul(names: readonly string[], entries: readonly Entry[]): boolean {
  if (!names.includes('consul')) return false;
  return !entries.some((entry) => 'instance' in entry && entry.instance.service === 'consul');
}

interface NodeChecks {
  readonly ofNode: RawCheck[];
  readonly ofService: Map<string, RawCheck[]>;
}

/** Consul ignores the case of node names and service ids when it joins them, and keeps each as it was written. */
function sameCase(name: string): string {
  return name.toLowerCase();
}

function groupChecks(checks: readonly RawCheck[]): ReadonlyMap<string, NodeChecks> {
  const groups = new Map<string, NodeChecks>();
  for (const check of checks) {
    const node = sameCase(check.node);
    const group = groups.get(node) ?? { ofNode: [], ofService: new Map<string, RawCheck[]>() };
    groups.set(node, group);
    const id = sameCase(check.serviceId);
    if (id === '') group.ofNode.push(check);
    else group.ofService.set(id, [...(group.ofService.get(id) ?? []), check]);
  }
  return groups;
}

function decodeNode(
  record: Readonly<Record<string, unknown>>,
  checks: ReadonlyMap<string, NodeChecks>,
  layout: string,
): Entry[] {
  const name = textOf(objectOf(record['Node'])?.['Node']);
  const group = checks.get(sameCase(name));
  return Object.entries(objectOf(record['Services']) ?? {}).map(([id, service]) =>
    decodeEntry({
      node: record['Node'],
      service,
      checks: [...(group?.ofNode ?? []), ...(group?.ofService.get(sameCase(id)) ?? [])],
      place: `${name}/${id}`,
      layout,
    }),
  );
}

import { isGlob } from '../discovery/selector.js';
import { leaseIdsOf, withLeases } from '../discovery/ttl.js';
import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import {
  compareInstances,
  groupServices,
  healthStates,
  splitServices,
  type Instance,
  type Service,
  type Snapshot,
} from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import { instanceList, serviceList } from '../render/documents.js';
import { renderNames } from '../render/fields.js';
import { instanceColumns, instanceFields } from '../render/instance-columns.js';
import { rootColumn, serviceColumns, serviceFields } from '../render/service-columns.js';
import { listSummary, partialLine, undecodedLines } from '../render/summary-lines.js';
import type { Invocation } from './invocation.js';
import { lastArgument } from './hint-argument.js';
import { lookUp } from './look-up.js';
import { sayOtherRoots } from './other-roots.js';
import { isDocumentFormat, listDocumentText } from './print-document.js';
import { arrange, printRows, type ListFlags } from './print-list.js';
import { narrow, type Selection } from './select.js';

/** Leases whose remaining time is read unasked. */
const TTL_LIMIT = 200;

export interface ListQuestion {
  /** A name, a pattern, or nothing for all services. */
  readonly name: string | undefined;
  readonly selection: Selection;
  /** The instance of that id; empty: all of the service, though its name could be split. */
  readonly id?: string | undefined;
  /** Read remaining TTLs however many there are. */
  readonly ttl: boolean;
}

export interface ListAnswer {
  /** null: an overview of services was asked for. */
  readonly service: string | null;
  readonly snapshot: Snapshot;
}

/**
 * Reads what `list` shows.
 *
 * @throws {SdctlError} E_NOT_FOUND when a service or instance is named that has no entry at all
 */
export async function readSnapshot(
  invocation: Invocation,
  handle: RegistryHandle,
  question: ListQuestion,
): Promise<ListAnswer> {
  const { name, selection } = question;
  const overview = name === undefined || isGlob(name);
  const found = overview
    ? { service: null, snapshot: await handle.operations.listAll(invocation.callOptions()) }
    : await readNamed(invocation, handle, name, question.id);
  // Before the selection: what is left of a lease may change the health that is asked for.
  const judged =
    question.ttl || !overview
      ? await addTtl(invocation, handle, found.snapshot, question.ttl)
      : found.snapshot;
  return { service: found.service, snapshot: narrow(judged, selection) };
}

/** The service of that name, or the instance behind its last `/`. */
async function readNamed(
  invocation: Invocation,
  handle: RegistryHandle,
  name: string,
  id: string | undefined,
): Promise<{ service: string; snapshot: Snapshot }> {
  const named = await lookUp(invocation, handle, name, id);
  return {
    service: named.type === 'service' ? named.service : named.name.service,
    snapshot: named.snapshot,
  };
}

/** Fills in what the registry says about leases, if it does. */
export async function addTtl(
  invocation: Invocation,
  handle: RegistryHandle,
  snapshot: Snapshot,
  asked: boolean,
): Promise<Snapshot> {
  const ids = leaseIdsOf(snapshot);
  if (!handle.capabilities.readableTtl || ids.length === 0) return snapshot;
  if (ids.length > TTL_LIMIT && !asked) {
    invocation.diagnostics.notify({
      level: 'warning',
      text: `remaining TTLs of ${ids.length} leases were not read; --ttl reads them`,
    });
    return snapshot;
  }
  return withLeases(snapshot, await handle.operations.leases(ids, invocation.callOptions()));
}

/** @throws {SdctlError} E_EMPTY for `--fail-empty` */
export function refuseEmpty(invocation: Invocation, { snapshot, service }: ListAnswer): void {
  if (snapshot.instances.length > 0) return;
  const { length } = snapshot.undecoded;
  throw new SdctlError('E_EMPTY', `nothing found in ${invocation.place}`, {
    ...(length === 0 ? {} : { why: `${length} ${length === 1 ? 'entry' : 'entries'} could not be read` }),
    hint: service === null ? 'sdctl list' : `sdctl list ${lastArgument(service)}`,
    details: { undecoded: length },
  });
}

/** Prints what was read: services, or the instances of one. */
export async function printAnswer(
  invocation: Invocation,
  handle: RegistryHandle,
  answer: ListAnswer,
  flags: ListFlags,
): Promise<void> {
  if (answer.service === null) await listServices(invocation, handle, answer, flags);
  else await listInstances(invocation, handle, answer, flags);
}

/** Prints the instances of one service. */
async function listInstances(
  invocation: Invocation,
  handle: RegistryHandle,
  answer: ListAnswer,
  flags: ListFlags,
): Promise<void> {
  const { view } = invocation;
  const sorted = [...answer.snapshot.instances].sort(compareInstances);
  const rows = arrange(sorted, instanceFields, flags);
  const snapshot = { ...answer.snapshot, instances: rows };
  if (isDocumentFormat(view.format)) {
    invocation.print(
      await listDocumentText(instanceList(snapshot, originOf(invocation)), view.format, flags),
    );
  } else if (view.format === 'name') {
    invocation.print(renderNames(namesOf(rows, handle.capabilities.nodes)));
  } else {
    const columns = instanceColumns({
      nodes: handle.capabilities.nodes,
      layouts: splitServices(rows).length > 1,
    });
    invocation.print(await printRows(rows, { columns, fields: instanceFields }, view, flags));
  }
  sayRest(invocation, answer.snapshot, null);
}

/** The name of each, with its node where another instance of the list has the same id. */
function namesOf(instances: readonly Instance[], hasNodes: boolean): string[] {
  const seen = new Map<string, number>();
  const keyOf = ({ service, id }: Instance): string => `${service}\n${id}`;
  for (const instance of instances) seen.set(keyOf(instance), (seen.get(keyOf(instance)) ?? 0) + 1);
  return instances.map((instance) => {
    const isShared = instance.node !== null && (seen.get(keyOf(instance)) ?? 0) > 1;
    return formatInstanceName({ ...instance, node: isShared ? instance.node : null }, hasNodes);
  });
}

/** Prints the overview of services. */
async function listServices(
  invocation: Invocation,
  handle: RegistryHandle,
  answer: ListAnswer,
  flags: ListFlags,
): Promise<void> {
  const { view } = invocation;
  const services = worstFirst(groupServices(answer.snapshot));
  const rows = arrange(services, serviceFields, flags);
  if (isDocumentFormat(view.format)) {
    invocation.print(
      await listDocumentText(serviceList(rows, answer.snapshot, originOf(invocation)), view.format, flags),
    );
  } else if (view.format === 'name') {
    invocation.print(renderNames(new Set(rows.map((row) => row.name))));
  } else {
    const isSpread = new Set(rows.map(({ root }) => root)).size > 1;
    const hasRoots = rows.some(({ root }) => root !== null);
    const columns =
      isSpread || (hasRoots && view.format === 'wide') ? [...serviceColumns, rootColumn] : serviceColumns;
    invocation.print(await printRows(rows, { columns, fields: serviceFields }, view, flags));
  }
  sayRest(invocation, answer.snapshot, rows.length);
  const { instances, undecoded } = answer.snapshot;
  if (instances.length === 0 && undecoded.length === 0) await sayOtherRoots(invocation, handle);
}

/** By the worst state that occurs; services of one state keep their order. */
function worstFirst(services: readonly Service[]): Service[] {
  const left = new Set(services);
  const ordered: Service[] = [];
  for (const state of healthStates) {
    if (state === 'passing') break;
    for (const service of left) {
      if (service.health[state] === 0) continue;
      ordered.push(service);
      left.delete(service);
    }
  }
  return [...ordered, ...left];
}

/** Which registry an answer is from, for documents and summaries. */
export function originOf(invocation: Invocation): {
  readonly context: string | null;
  readonly backend: string;
} {
  const { context, backend } = invocation.connection;
  return { context, backend };
}

/** What stands beside the list on stderr: the count on a terminal, what could not be read, what access rules hide. */
function sayRest(invocation: Invocation, snapshot: Snapshot, services: number | null): void {
  const { view, diagnostics, deps } = invocation;
  const origin = originOf(invocation);
  for (const line of undecodedLines(snapshot.undecoded, view)) diagnostics.say(line);
  if (snapshot.partial) diagnostics.say(partialLine(origin, view));
  if (deps.stdout.isTerminal && (view.format === 'table' || view.format === 'wide')) {
    const counts = { services, instances: snapshot.instances.length, revision: snapshot.revision };
    diagnostics.say(listSummary(counts, origin, view));
  }
}

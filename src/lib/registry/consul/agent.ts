import type { Instance } from '../../model/instance.js';
import { isGone, isHtml, notConsul } from './map-error.js';
import { decodeEntry } from './decode.js';
import { hasExpired, readChecks, ttlCheckOf } from './health.js';
import { objectOf, textOf, type JsonObject } from './json.js';
import { ownerIn } from './meta.js';
import { canBeAsked, pathPart } from './path-part.js';
import type { AskLimits, ConsulServer } from './server.js';

/** A service as its agent knows it. */
export interface AgentService {
  readonly record: JsonObject;
  readonly name: string;
  /** The run that wrote it; null when sdctl did not. */
  readonly run: string | null;
  /** Changes with every change of the definition. */
  readonly hash: string;
}

/** The service under an id on this agent; null when there is none. */
export async function readAgentService(
  server: ConsulServer,
  id: string,
  limits: AskLimits,
): Promise<AgentService | null> {
  const answer = await server.send({ path: agentServicePath(id), scoped: false }, limits);
  if (isGone(answer)) return null;
  server.expectSuccess(answer);
  return toAgentService(server, server.parse(answer));
}

/** The same for any id: one that cannot stand in a path is looked for among all that the agent has. */
export async function findAgentService(
  server: ConsulServer,
  id: string,
  limits: AskLimits,
): Promise<AgentService | null> {
  if (canBeAsked(id)) return readAgentService(server, id, limits);
  const { value } = await server.ask({ path: '/agent/services', scoped: false }, limits);
  const record = objectOf(value)?.[id];
  return record === undefined ? null : toAgentService(server, record);
}

export function agentServicePath(id: string): string {
  return `/agent/service/${pathPart(id, 'instance')}`;
}

function toAgentService(server: ConsulServer, value: unknown): AgentService {
  const record = objectOf(value);
  if (record === null) throw notConsul(server, 'its answer is not a service');
  return {
    record,
    name: textOf(record['Service']),
    run: ownerIn(record)?.run ?? null,
    hash: textOf(record['ContentHash']),
  };
}

/** The service with its checks, for judging whether somebody still keeps it. */
export interface AgentEntry {
  readonly instance: Instance;
  /** See `Occupant.leftMs`. */
  readonly leftMs: number | null;
}

/** Reads the checks of a service that the agent has, and puts both together. */
export async function readAgentEntry(
  server: ConsulServer,
  service: AgentService,
  node: string | null,
  limits: AskLimits,
): Promise<AgentEntry> {
  const { value } = await server.ask({ path: '/agent/checks', scoped: false }, limits);
  return toAgentEntry(server, service, node, value);
}

/** The same with checks that are known already, as the agent would tell them. */
export function toAgentEntry(
  server: ConsulServer,
  service: AgentService,
  node: string | null,
  known: unknown,
): AgentEntry {
  const id = textOf(service.record['ID']);
  const checks = readChecks(known).filter((check) => check.serviceId === id);
  const nodeName = node ?? checks[0]?.node ?? '';
  const entry = decodeEntry({
    node: { Node: nodeName },
    service: service.record,
    checks,
    place: id,
    layout: 'auto',
  });
  if (!('instance' in entry)) throw notConsul(server, 'its answer is not a service');
  const check = ttlCheckOf(checks, id);
  if (check === undefined) return { instance: entry.instance, leftMs: null };
  if (hasExpired(check)) return { instance: entry.instance, leftMs: 0 };
  const ttlSeconds = entry.instance.lease?.ttlSeconds ?? null;
  return { instance: entry.instance, leftMs: ttlSeconds === null ? null : ttlSeconds * 1_000 };
}

export type Renewed = { readonly state: 'renewed' } | { readonly state: 'gone'; readonly why: string };

/** Renews a TTL check. The note is constant: a changing one would be written to the catalog each time. */
export async function passCheck(server: ConsulServer, checkId: string, limits: AskLimits): Promise<Renewed> {
  const answer = await server.send(
    {
      method: 'PUT',
      path: `/agent/check/pass/${pathPart(checkId, 'check')}`,
      query: { note: 'kept by sdctl' },
      scoped: false,
      repeatable: true,
    },
    limits,
  );
  if (isGone(answer)) {
    return { state: 'gone', why: server.textOf(answer) };
  }
  server.expectSuccess(answer);
  if (isHtml(answer)) throw notConsul(server, 'it answered with a web page');
  return { state: 'renewed' };
}

/** Removes a service from its agent. @returns whether the agent knew it, as far as it says */
export async function removeFromAgent(server: ConsulServer, id: string, limits: AskLimits): Promise<boolean> {
  const answer = await server.send(
    {
      method: 'PUT',
      path: `/agent/service/deregister/${pathPart(id, 'instance')}`,
      scoped: false,
      repeatable: true,
    },
    limits,
  );
  if (isGone(answer)) return false;
  server.expectSuccess(answer);
  if (isHtml(answer)) throw notConsul(server, 'it answered with a web page');
  return true;
}

/** Name and datacenter of the agent; null when it does not let us know. */
export async function readSelf(
  server: ConsulServer,
  limits: AskLimits,
): Promise<{ readonly node: string; readonly datacenter: string; readonly version: string } | null> {
  const answer = await server.send({ path: '/agent/self', scoped: false }, limits);
  const isUnknownToken = /ACL not found/i.test(answer.body.toString('utf8'));
  if (answer.status === 403 && !isUnknownToken) return null;
  server.expectSuccess(answer);
  const config = objectOf(objectOf(server.parse(answer))?.['Config']);
  return {
    node: textOf(config?.['NodeName']),
    datacenter: textOf(config?.['Datacenter']),
    version: textOf(config?.['Version']),
  };
}

/**
 * Which node an agent is of. One that does not tell its name may still show it with a check.
 *
 * @returns null when it does not let us know; an empty datacenter: that one is not known
 */
export async function readNodeName(
  server: ConsulServer,
  limits: () => AskLimits,
): Promise<{ readonly node: string; readonly datacenter: string } | null> {
  const self = await readSelf(server, limits());
  if (self !== null) return self;
  const answer = await server.send({ path: '/agent/checks', scoped: false }, limits());
  if (answer.status === 403) return null;
  server.expectSuccess(answer);
  const named = readChecks(server.parse(answer)).find(({ node }) => node !== '');
  return named === undefined ? null : { node: named.node, datacenter: '' };
}

import { compareText } from '../../model/instance.js';
import type { LeaseRecord } from '../../model/lease.js';
import { isDenied, isRestricted } from './access-rules.js';
import type { Call } from './call.js';
import { listOf, objectOf, textOf } from './json.js';
import { notConsul } from './map-error.js';
import { pathPart } from './path-part.js';
import type { Served, Servers } from './servers.js';
import type { Visibility } from './visibility.js';

const SESSION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether an id has the form of a session's. Consul fails for any other, in place of saying that it is not there. */
export function isSessionId(id: string): boolean {
  return SESSION_ID.test(id);
}

export interface SessionDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
}

/** All sessions that may be seen, in order of id. */
export interface SessionListing {
  readonly records: readonly LeaseRecord[];
  /** As in `LeaseListing`. */
  readonly hidden: readonly string[];
}

/** All sessions. Which keys each of them holds is not asked for: that would mean to read every key. */
export async function listSessions(deps: SessionDeps, call: Call): Promise<SessionListing> {
  try {
    const served = await deps.servers.read({ path: '/session/list' }, call);
    const records = sessionsIn(served);
    return { records, hidden: await hiddenSessions(deps, { served, records }, call) };
  } catch (error) {
    if (!isDenied(error)) throw error;
    return { records: [], hidden: ['no session is listed: the token may not read sessions (session:read)'] };
  }
}

async function hiddenSessions(
  { servers, visibility }: SessionDeps,
  { served, records }: { readonly served: Served; readonly records: readonly LeaseRecord[] },
  call: Call,
): Promise<readonly string[]> {
  if (visibility.wasFiltered(served)) {
    return ['not every session is listed: access rules of Consul hide some from this token (session:read)'];
  }
  if (records.length > 0 || !(await isRestricted(servers, call))) return [];
  return [
    'whether there are sessions is not known: Consul lists none, as it also does without the right to read them (session:read)',
  ];
}

/**
 * One session, without the keys that it holds; null when Consul does not know it or hides it.
 *
 * @param isConsistent ask the leader to confirm that it still leads
 */
export async function readSession(
  servers: Servers,
  id: string,
  call: Call,
  isConsistent = false,
): Promise<LeaseRecord | null> {
  if (!isSessionId(id)) return null;
  const query = isConsistent ? { query: { consistent: true as const } } : {};
  const served = await servers.read({ path: `/session/info/${pathPart(id, 'session')}`, ...query }, call);
  return sessionsIn(served)[0] ?? null;
}

/** Says once that a session may only be hidden. For one that is not found. */
export async function warnHidden(servers: Servers, call: Call): Promise<void> {
  if (!(await isRestricted(servers, call))) return;
  call.notify({
    level: 'warning',
    text: 'Consul shows no such session, as it also does without the right to read it (session:read)',
  });
}

/** Ends a session. Success also when it was gone: Consul does not tell. */
export async function destroySession(servers: Servers, id: string, call: Call): Promise<void> {
  const path = `/session/destroy/${pathPart(id, 'session')}`;
  await servers.withFirst(call, async (server, timeoutMs) =>
    server.order({ path, method: 'PUT', repeatable: true }, { signal: call.signal, timeoutMs }),
  );
}

function sessionsIn({ value, server }: Served): readonly LeaseRecord[] {
  if (!Array.isArray(value)) throw notConsul(server, 'its answer is not a list of sessions');
  const records = listOf(value).flatMap((item) => toSession(item) ?? []);
  return records.sort((a, b) => compareText(a.id, b.id));
}

/** Builds a record of what Consul tells of a session; null when it is none. */
export function toSession(value: unknown): LeaseRecord | null {
  const session = objectOf(value);
  const id = textOf(session?.['ID']);
  if (session === null || id === '') return null;
  const behavior = textOf(session['Behavior']);
  return {
    kind: 'session',
    id,
    node: textOf(session['Node']) || null,
    name: textOf(session['Name']) || null,
    grantedSeconds: secondsOfTtl(textOf(session['TTL'])),
    leftSeconds: null,
    isOverdue: false,
    isRenewed: null,
    health: null,
    output: null,
    onEnd: behavior === 'delete' || behavior === 'release' ? behavior : null,
    bindings: [],
    knowsBindings: false,
  };
}

/** As Go writes durations; there are two characters for micro. */
const UNIT_SECONDS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  '\u00b5s': 1e-6,
  '\u03bcs': 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3_600,
};
const WHOLE = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:[nmu\u00b5\u03bc]s|[smh]))+$/;
const PARTS = /([\d.]+)([^\d.]+)/g;

/** Seconds of a TTL as whoever created the session wrote it (`15s`, `1m30s`); null: without end, or not readable. */
export function secondsOfTtl(text: string): number | null {
  if (!WHOLE.test(text)) return null;
  let seconds = 0;
  for (const [, amount, unit = ''] of text.matchAll(PARTS)) {
    seconds += Number(amount) * (UNIT_SECONDS[unit] ?? Number.NaN);
  }
  return seconds > 0 && Number.isFinite(seconds) ? Math.round(seconds * 1_000) / 1_000 : null;
}

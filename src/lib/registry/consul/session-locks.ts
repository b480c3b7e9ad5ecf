import { SdctlError } from '../../errors.js';
import { compareText } from '../../model/instance.js';
import type { LeaseBinding, LeaseRecord } from '../../model/lease.js';
import { isDenied, mayReadKeys } from './access-rules.js';
import type { Call } from './call.js';
import { listOf, objectOf, textOf } from './json.js';
import { notConsul } from './map-error.js';
import type { HttpAnswer } from './request.js';
import type { ConsulServer } from './server.js';
import type { Servers } from './servers.js';
import type { Visibility } from './visibility.js';

/** An answer beyond this is not taken apart: Node would stand still for seconds, and need several times as much memory. */
const SIZE_LIMIT = 64 * 1024 * 1024;
/** The part of the time left that reading all keys may take, so that what is known without them is still told. */
const TIME_SHARE = 0.75;

/** The keys that a session holds. */
export interface Locks {
  readonly bindings: readonly LeaseBinding[];
  /** false: access rules may hide more. */
  readonly isWhole: boolean;
}

export interface LockDeps {
  readonly servers: Servers;
  readonly visibility: Visibility;
}

/** A session with the keys that it holds, as far as they can be read. */
export async function withLocks(deps: LockDeps, session: LeaseRecord, call: Call): Promise<LeaseRecord> {
  const part: Call = { ...call, remainingMs: () => call.remainingMs() * TIME_SHARE };
  try {
    const { bindings, isWhole } = await readLocks(deps, session.id, part);
    return { ...session, bindings, knowsBindings: isWhole };
  } catch (error) {
    if (!isBeyondReach(error)) throw error;
    return { ...session, bindings: [], knowsBindings: false };
  }
}

function isBeyondReach(error: unknown): boolean {
  if (isDenied(error)) return true;
  return error instanceof SdctlError && (error.code === 'E_TIMEOUT' || error.code === 'E_TOO_LARGE');
}

/**
 * Finds the keys that a session holds. Consul has no index of them: all keys are read, with their values.
 *
 * @param session as Consul writes it
 * @throws {SdctlError} E_FORBIDDEN, E_TIMEOUT or E_TOO_LARGE when the keys cannot be read
 */
export async function readLocks(
  { servers, visibility }: LockDeps,
  session: string,
  call: Call,
): Promise<Locks> {
  const mayRead = await mayReadKeys(servers, call);
  return servers.withFirst(call, async (server, timeoutMs) => {
    const answer = await server.send(
      { path: '/kv/', query: { recurse: true } },
      { signal: call.signal, timeoutMs },
    );
    const keys = keysHeld(server, answer, session);
    const wasFiltered = visibility.wasFiltered({ value: null, headers: answer.headers });
    return { bindings: keys.map(toLock), isWhole: mayRead && !wasFiltered };
  });
}

function keysHeld(server: ConsulServer, answer: HttpAnswer, session: string): readonly string[] {
  // An empty store, or nothing in it that may be read.
  if (answer.status === 404 && answer.body.length === 0) return [];
  server.expectSuccess(answer);
  if (answer.body.length > SIZE_LIMIT) throw tooLarge(server, answer.body.length);
  const value = server.parse(answer);
  if (!Array.isArray(value)) throw notConsul(server, 'its answer is not a list of keys');
  return listOf(value)
    .flatMap((item) => {
      const entry = objectOf(item);
      return textOf(entry?.['Session']) === session ? [textOf(entry?.['Key'])] : [];
    })
    .sort(compareText);
}

function toLock(key: string): LeaseBinding {
  return { kind: 'lock', key, isBinaryKey: false, name: null, instance: null, layout: null };
}

function tooLarge(server: ConsulServer, size: number): SdctlError {
  const megabytes = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
  return new SdctlError('E_TOO_LARGE', `Consul at ${server.url} keeps too many keys to look through`, {
    why: `its answer has ${megabytes(size)}, and at most ${megabytes(SIZE_LIMIT)} are read`,
  });
}

/** Whether two readings of a session hold the same keys. */
export function holdsSame(a: Pick<LeaseRecord, 'bindings'>, b: Pick<LeaseRecord, 'bindings'>): boolean {
  const keysOf = ({ bindings }: Pick<LeaseRecord, 'bindings'>): string =>
    JSON.stringify(bindings.map(({ key }) => key ?? '').sort(compareText));
  return keysOf(a) === keysOf(b);
}

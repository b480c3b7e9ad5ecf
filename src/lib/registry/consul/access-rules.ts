import { SdctlError } from '../../errors.js';
import type { Call } from './call.js';
import { listOf, objectOf, parseJson, textOf } from './json.js';
import type { HttpAnswer } from './request.js';
import type { Servers } from './servers.js';

/** The policy of every Consul that allows everything. */
const MANAGEMENT_POLICY = '00000000-0000-0000-0000-000000000001';

/** Nobody keeps anything there, and no rule for a part of the keys is likely to cover it. */
const ANY_KEY = '~sdctl-may-read';

/** Whether Consul said that this token may not. */
export function isDenied(error: unknown): error is SdctlError {
  return error instanceof SdctlError && error.code === 'E_FORBIDDEN';
}

/**
 * Whether access rules may hide something from this token: they are in force, and it is not known to stand above
 * them. Consul leaves out of a list what may not be seen, and says nothing.
 */
export async function isRestricted(servers: Servers, call: Call): Promise<boolean> {
  const answer = await servers.withFirst(call, async (server, timeoutMs) =>
    server.send({ path: '/acl/token/self' }, { signal: call.signal, timeoutMs }),
  );
  if (answer.status === 401) return !/disabled/i.test(answer.body.toString('utf8'));
  return !isManagement(answer);
}

function isManagement({ status, body }: HttpAnswer): boolean {
  if (status !== 200) return false;
  const policies = listOf(objectOf(parseJson(body.toString('utf8')))?.['Policies']);
  return policies.some((policy) => textOf(objectOf(policy)?.['ID']) === MANAGEMENT_POLICY);
}

/**
 * Whether keys may be read wherever no rule for a part of them says otherwise. A list leaves out what may not be read;
 * a single key is refused, whether it is there or not.
 */
export async function mayReadKeys(servers: Servers, call: Call): Promise<boolean> {
  return servers.withFirst(call, async (server, timeoutMs) => {
    const answer = await server.send({ path: `/kv/${ANY_KEY}` }, { signal: call.signal, timeoutMs });
    if (answer.status === 403) return false;
    if (answer.status !== 404) server.expectSuccess(answer);
    return true;
  });
}

import { randomUUID } from 'node:crypto';
import type { DeregisterOutcome } from '../types.js';
import type { Call } from './call.js';
import { limitsOf } from './call-limits.js';
import { findRecordOn, type CatalogRecord } from './find-instance.js';
import { checkIdOf } from './health.js';
import { metaIn } from './meta.js';
import type { RemovalDeps } from './removal-deps.js';
import type { ConsulServer } from './server.js';

/** TTL, the shortest time after which Consul removes what is critical, and the pause between two looks of its reaper. */
export const REPLACED_WITHIN_MS = 120_000;

const MARK = 'sdctl-removal';
const LOOK_AGAIN_MS = 100;
const MAX_PAUSE_MS = 2_000;
/** The catalog follows the agent within this. */
const SEEN_WITHIN_MS = 5_000;

/**
 * Removes an entry that its agent cannot be asked for by its id: registers it again as one that ends by itself, and
 * waits for that. An abort ends only the waiting.
 *
 * @returns `changed` when somebody registers it once more meanwhile
 */
export async function replaceUntilGone(
  deps: RemovalDeps,
  server: ConsulServer,
  record: CatalogRecord,
  call: Call,
): Promise<DeregisterOutcome> {
  const mark = randomUUID();
  await server.order(
    {
      method: 'PUT',
      path: '/agent/service/register',
      query: { 'replace-existing-checks': 'true' },
      body: endingBody(record, mark),
      scoped: false,
      repeatable: true,
    },
    limitsOf(call),
  );
  call.notify({ level: 'progress', text: 'Consul removes it by itself, within about two minutes' });
  return waitUntilGone(deps, record, mark, call);
}

function endingBody({ instance, service }: CatalogRecord, mark: string): Readonly<Record<string, unknown>> {
  return {
    ID: instance.id,
    Name: instance.service,
    Address: service['Address'],
    Port: service['Port'],
    Meta: { [MARK]: mark },
    Check: {
      CheckID: checkIdOf(instance.id),
      Name: 'removed by sdctl',
      TTL: '1s',
      Status: 'critical',
      DeregisterCriticalServiceAfter: '1m',
    },
  };
}

async function waitUntilGone(
  { servers, clock }: RemovalDeps,
  { instance }: CatalogRecord,
  mark: string,
  call: Call,
): Promise<DeregisterOutcome> {
  const startedMs = clock.monotonicMs();
  let wasSeen = false;
  for (let pauseMs = LOOK_AGAIN_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
    const found = await findRecordOn(servers, instance, call, true);
    const isOurs = found !== null && metaIn(found.service)[MARK] === mark;
    wasSeen ||= isOurs;
    const maySettle = !wasSeen && clock.monotonicMs() - startedMs < SEEN_WITHIN_MS;
    if (!isOurs && !maySettle) return found === null ? 'removed' : 'changed';
    call.remainingMs(); // ends the call when its time is over
    await clock.sleep(pauseMs, call.signal);
  }
}

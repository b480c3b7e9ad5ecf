import type { KeptCheck, SavedCheck } from '../../model/removal.js';
import { checkIdOf } from './health.js';
import type { SavedService } from './saved-entry.js';

type Body = Readonly<Record<string, unknown>>;

const DEFAULT_TTL_SECONDS = 30;
/** Who has an entry out for repair does so by a check of this name. */
const SERVICE_MAINTENANCE = '_service_maintenance:';

/**
 * What is sent to an agent to put an entry back. Its check is critical until somebody renews it, and nothing removes it:
 * an entry nobody keeps must not get calls, and must not vanish once more. One that had no check gets none.
 */
export function agentBody(entry: SavedService): Body {
  const check = entry.checks?.[0] ?? standIn(entry.lostChecks);
  return {
    ID: entry.id,
    Name: entry.service,
    ...definition(entry),
    ...(check === undefined ? {} : { Check: ttlCheck(check, entry) }),
  };
}

/** Has the id of a check that is lost, so that the program replaces it when it registers again. */
function standIn(lost: readonly SavedCheck[]): SavedCheck | undefined {
  const check = lost.find(({ id }) => !id.startsWith(SERVICE_MAINTENANCE));
  return check ?? (lost.length === 0 ? undefined : { id: '', name: 'put back by sdctl', type: 'ttl' });
}

function ttlCheck(check: SavedCheck | KeptCheck, entry: SavedService): Body {
  return {
    ...naming(check, entry),
    TTL: `${(entry.ttlSeconds ?? DEFAULT_TTL_SECONDS) * 1_000}ms`,
    Status: 'critical',
  };
}

/**
 * What is sent to the catalog to put back an entry that no agent keeps. Its checks are critical until whoever writes
 * them does so again.
 *
 * @param datacenter null: that of the server asked
 */
export function catalogBody(entry: SavedService, datacenter: string | null): Body {
  return {
    // Consul ignores ?dc here: the datacenter counts only in the body.
    ...(datacenter === null ? {} : { Datacenter: datacenter }),
    Node: entry.node,
    Address: entry.nodeAddress,
    ...(entry.nodeMeta === undefined ? {} : { NodeMeta: entry.nodeMeta }),
    SkipNodeUpdate: true,
    Service: { ID: entry.id, Service: entry.service, ...definition(entry) },
    Checks: [...(entry.checks ?? []), ...entry.lostChecks].map((check) => ({
      Node: entry.node,
      ...naming(check, entry),
      Type: check.type,
      Status: 'critical',
      ServiceID: entry.id,
      ...('definition' in check ? { Definition: check.definition } : {}),
    })),
  };
}

function naming(check: SavedCheck | KeptCheck, entry: SavedService): Body {
  return {
    CheckID: check.id === '' ? checkIdOf(entry.id) : check.id,
    Name: check.name,
    ...('notes' in check ? { Notes: check.notes } : {}),
  };
}

function definition(entry: SavedService): Body {
  const places = Object.entries(entry.taggedAddresses ?? {}).map(
    ([name, { address, port }]) => [name, { Address: address, Port: port }] as const,
  );
  const { weights } = entry;
  return {
    Address: entry.address,
    Port: entry.port,
    Tags: entry.tags,
    Meta: entry.meta,
    EnableTagOverride: entry.enableTagOverride ?? false,
    ...(places.length === 0 ? {} : { TaggedAddresses: Object.fromEntries(places) }),
    ...(weights === null ? {} : { Weights: { Passing: weights.passing, Warning: weights.warning } }),
    ...(entry.kind === '' ? {} : { Kind: entry.kind }),
    ...(entry.proxy === undefined ? {} : { Proxy: entry.proxy }),
    ...(entry.connectNative === true ? { Connect: { Native: true } } : {}),
  };
}

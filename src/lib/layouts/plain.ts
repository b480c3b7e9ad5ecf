import { parseEndpoint } from '../model/endpoint.js';
import type { Instance } from '../model/instance.js';
import { decodeUtf8, identify } from './identify.js';
import type { DecodeResult, Layout } from './types.js';

/** `<prefix><service>/<id>` whose value is a bare `host:port`. Read only until sdctl can register in foreign forms. */
export const plainLayout: Layout = {
  name: 'plain',
  decode(entry, root): DecodeResult {
    const text = decodeUtf8(entry.value)?.trim() ?? null;
    if (text === null || text.includes('://')) return { state: 'not-mine' };
    const endpoint = parseEndpoint(text);
    const name = identify(entry, root);
    if (endpoint?.port == null || name === null) return { state: 'not-mine' };
    const instance: Instance = {
      service: name.service,
      id: name.id,
      endpoints: [endpoint],
      health: entry.leaseId === null ? 'unknown' : 'passing',
      healthReason: null,
      metadata: {},
      tags: [],
      version: null,
      weight: null,
      zone: null,
      node: null,
      lease: entry.leaseId === null ? null : { id: entry.leaseId, ttlSeconds: null, leftSeconds: null },
      owner: null,
      registeredAt: null,
      key: name.key,
      layout: 'plain',
      revision: entry.revision,
      checks: [],
    };
    return { state: 'instance', instance };
  },
};

import { looseAddress } from '../address.js';
import { toInstance } from '../build-instance.js';
import { NEVER } from '../facts.js';
import { textOf, valueText, type JsonObject } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const SESSION = /^(?:(.*)\/)?meta\/session\/([^/]+)$/;
const OWN_FIELDS = new Set(['ServerID', 'ServerName', 'Address', 'Version']);

/** Milvus' sessions, `<root>/meta/session/<role>-<server id>`. Recognised, never touched. */
export const milvusLayout: EtcdLayout = {
  name: 'milvus',
  root: '',
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'client stream',
    afterDelete: NEVER,
    afterRevoke: NEVER,
    leftBehind: null,
    markers: '`meta/session/id`',
    readOnly: true,
    leaseless: false,
  },
  // Its roots begin without a slash.
  places: (service, { prefix, forced }) =>
    forced || !prefix.startsWith('/') ? [`${prefix}meta/session/${service}`] : [],
  decode(entry) {
    if (!entry.key.includes('meta/session/')) return notMine;
    const [whole, root, name] = SESSION.exec(entry.key) ?? [];
    if (whole === undefined) return notMine;
    if (name === 'id') return { state: 'skip', reason: 'marker' };
    const { json } = entry;
    if (json === null || !('ServerID' in json) || !('ServerName' in json)) return notMine;
    const service = textOf(json['ServerName']);
    const id = valueText(json['ServerID']);
    const endpoint = looseAddress(textOf(json['Address']) ?? '');
    if (!service || !id || endpoint === null)
      return { state: 'undecodable', service, reason: 'a session without name, id or address' };
    return toInstance(entry, milvusLayout, {
      service,
      id,
      root: root === undefined ? '' : `${root}/`,
      endpoints: [endpoint],
      namespace: root?.replace(/^\//, '') ?? null,
      version: textOf(json['Version']),
      metadata: scalars(json),
    });
  },
};

/** What is told in one word; the ranges of index versions are not. */
function scalars(json: JsonObject): Readonly<Record<string, string>> {
  const pairs = Object.entries(json).filter(
    ([key, value]) => !OWN_FIELDS.has(key) && value !== null && typeof value !== 'object',
  );
  return Object.fromEntries(pairs.map(([key, value]) => [key, String(value)]));
}

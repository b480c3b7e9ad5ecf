import { hostPortAtLastColon } from '../address.js';
import { toInstance } from '../build-instance.js';
import {
  addressText,
  goQueryEscape,
  mainEndpoint,
  metadataToWrite,
  noAddress,
  sortedByKey,
  unheld,
} from '../encoding.js';
import { comesBack } from '../facts.js';
import { numberOf } from '../json.js';
import type { RegistrationSpec } from '../../registry/types.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const INSTANCE = /^([A-Za-z][A-Za-z0-9+.-]*)@(.+)$/;

/** rpcx: `<base>/<service>/<proto>@<host:port>`, a URL query as value, often empty. */
export const rpcxLayout: EtcdLayout = {
  name: 'rpcx',
  root: '',
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'one lease a process; the value is put again every UpdateInterval',
    afterDelete: comesBack(60, 'back at the next UpdateInterval'),
    afterRevoke: comesBack(60, 'all services of the process vanish, back at the next UpdateInterval'),
    leftBehind: 'marker keys, up to 30 s',
    markers: '`<base>` = `rpcx_path`, `<base>/<service>` = `<service>`',
    readOnly: false,
    leaseless: false,
  },
  decode(entry, { forced }) {
    const { text, lastSegment } = entry;
    const [, protocol = 'tcp', address = forced ? lastSegment : ''] = INSTANCE.exec(lastSegment) ?? [];
    const place = hostPortAtLastColon(address);
    if (place === null) {
      // A name of a service; what has a colon is somebody's address.
      const isMarker =
        text === 'rpcx_path' || (text !== null && /^[^:]+$/.test(text) && text === lastSegment);
      return isMarker ? { state: 'skip', reason: 'marker' } : notMine;
    }
    const name = entry.lastTwo();
    if (name === null) return notMine;
    const metadata = Object.fromEntries(new URLSearchParams(text ?? ''));
    return toInstance(entry, rpcxLayout, {
      service: name.service,
      id: name.id,
      root: name.root,
      endpoints: [{ ...place, protocol }],
      namespace: name.root.replace(/^\/|\/$/g, '') || null,
      weight: numberOf(metadata['weight']),
      metadata,
      ...(metadata['state'] === 'inactive' ? { health: 'disabled' as const } : {}),
    });
  },
  writer: {
    ttlSeconds: 30,
    needsPrefix: true,
    hasFixedId: true,
    idOf: instanceId,
    encode(spec, { prefix }) {
      const lost = unheld('rpcx', spec, ['metadata']);
      if (lost !== null) return lost;
      const id = instanceId(spec);
      if (id === null) return noAddress;
      const pairs = Object.entries(sortedByKey(metadataToWrite(spec, [])));
      const value = pairs.map(([key, item]) => `${goQueryEscape(key)}=${goQueryEscape(item)}`).join('&');
      return { ok: true, key: `${prefix}${spec.service}/${id}`, value };
    },
  },
};

function instanceId(spec: RegistrationSpec): string | null {
  const endpoint = mainEndpoint(spec);
  return endpoint === null ? null : `${endpoint.protocol ?? 'tcp'}@${addressText(endpoint)}`;
}

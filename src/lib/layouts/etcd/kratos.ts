import { formatEndpoint } from '../../model/endpoint.js';
import { toInstance } from '../build-instance.js';
import { goJson, metadataToWrite, refused, sortedByKey, unheld } from '../encoding.js';
import { comesBack, staysGone } from '../facts.js';
import { kratosEndpoint } from '../kratos-endpoint.js';
import { listOf, numberOf, textMap, textOf } from '../json.js';
import type { EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/microservices/';

/** kratos: `<namespace>/<name>/<id>`, JSON with several endpoint URLs. One bad value breaks a reader's whole lookup. */
export const kratosLayout: EtcdLayout = {
  name: 'kratos',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 15,
    renewal: 'client stream',
    afterDelete: staysGone('stays gone; an empty lease is still renewed'),
    afterRevoke: comesBack(5, 'back within about 5 s under the same key'),
    leftBehind: 'the lease, up to 15 s',
    markers: null,
    readOnly: false,
    leaseless: false,
  },
  decode(entry) {
    const { json } = entry;
    const id = textOf(json?.['id']);
    const service = textOf(json?.['name']);
    if (json === null || id === null || service === null || !Array.isArray(json['endpoints'])) return notMine;
    const endpoints = listOf(json['endpoints']).map((item) => kratosEndpoint(textOf(item) ?? ''));
    if (endpoints.length === 0 || !endpoints.every((endpoint) => endpoint !== null)) return notMine;
    if (id === '' || service === '')
      return { state: 'undecodable', service: null, reason: 'name or id is empty' };
    const metadata = textMap(json['metadata']);
    if (metadata === null) return { state: 'undecodable', service, reason: 'nested too deeply' };
    const tail = `${service}/${id}`;
    return toInstance(entry, kratosLayout, {
      service,
      id,
      root: entry.key.endsWith(tail) ? entry.key.slice(0, -tail.length) : (entry.lastTwo()?.root ?? ROOT),
      endpoints,
      version: textOf(json['version']),
      weight: numberOf(metadata['weight']),
      metadata,
    });
  },
  writer: {
    ttlSeconds: 15,
    readersBreak: true,
    encode(spec, { prefix }) {
      const lost = unheld('kratos', spec, ['metadata', 'endpoints', 'version']);
      if (lost !== null) return lost;
      if (
        spec.endpoints.length === 0 ||
        spec.endpoints.some(({ protocol, port }) => protocol === null || port === null)
      )
        return refused(
          'clients of kratos choose endpoints by their scheme',
          '--endpoint grpc://10.0.4.17:9000',
        );
      const pairs = metadataToWrite(spec, ['version']);
      return {
        ok: true,
        key: `${prefix}${spec.service}/${spec.id}`,
        value: goJson({
          id: spec.id,
          name: spec.service,
          version: spec.version ?? '',
          metadata: pairs.length === 0 ? null : sortedByKey(pairs),
          endpoints: spec.endpoints.map(formatEndpoint),
        }),
      };
    },
  },
};

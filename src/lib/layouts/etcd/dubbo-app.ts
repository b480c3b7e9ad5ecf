import type { Endpoint } from '../../model/endpoint.js';
import type { Health } from '../../model/instance.js';
import { dubboEndpoints } from '../dubbo-endpoints.js';
import { hostOf, portOf } from '../address.js';
import { toInstance } from '../build-instance.js';
import type { EntryText } from '../entry-text.js';
import { staysGone } from '../facts.js';
import { javaHash } from '../java-hash.js';
import { numberOf, textMap, textOf, type JsonObject } from '../json.js';
import type { DecodeResult, EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/services/';
/** Metadata reports of dubbo-go lie without lease under its default group. */
const REPORT = /^\/dubbo\/[^/]+\/[^/]+$/;
/** Which applications serve an interface. */
const MAPPING = /^\/dubbo\/mapping\/[^/]+$/;
const DEFAULT_WEIGHT = 100;

/** dubbo-go, application level: upper camel case names, a newline at the end. */
export const dubboGoAppLayout: EtcdLayout = {
  name: 'dubbo-go-app',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'client stream',
    afterDelete: staysGone(),
    afterRevoke: staysGone(),
    leftBehind: 'a renewed lease until the client closes',
    markers: 'metadata reports under `/dubbo/`',
    readOnly: false,
    leaseless: false,
  },
  decode(entry) {
    if (MAPPING.test(entry.key) && !entry.hasLease) return { state: 'skip', reason: 'marker' };
    const { json } = entry;
    if (json === null) return notMine;
    if ('app' in json && 'revision' in json && 'services' in json && REPORT.test(entry.key))
      return { state: 'skip', reason: 'marker', service: textOf(json['app']) };
    if (!('ServiceName' in json && 'Host' in json && 'Port' in json && 'Enable' in json)) return notMine;
    const weight = numberOf(json['Weight']);
    return decodeApp(entry, dubboGoAppLayout, {
      service: textOf(json['ServiceName']),
      id: textOf(json['ID']),
      host: hostOf(json['Host']),
      port: portOf(json['Port']),
      metadata: json['Metadata'],
      enabled: json['Enable'],
      healthy: json['Healthy'],
      weight,
      effectiveWeight: weight !== null && weight <= 0 ? DEFAULT_WEIGHT : null,
    });
  },
};

/** Dubbo Java, application level: lower camel case names. A consumer that watches writes a marker on the application. */
export const dubboJavaAppLayout: EtcdLayout = {
  name: 'dubbo-java-app',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'one lease a client',
    afterDelete: staysGone(),
    afterRevoke: staysGone('is not restored when the lease is'),
    leftBehind: null,
    markers: 'a hash code on `/services/<application>`',
    readOnly: false,
    leaseless: false,
  },
  decode(entry) {
    if (entry.text !== null && /^-?\d{1,10}$/.test(entry.text) && entry.text === String(javaHash(entry.key)))
      return { state: 'skip', reason: 'marker' };
    const { json } = entry;
    if (json === null || !isJavaInstance(json)) return notMine;
    return decodeApp(entry, dubboJavaAppLayout, {
      service: textOf(json['serviceName']),
      id: null,
      host: hostOf(json['host']),
      port: portOf(json['port']),
      metadata: json['metadata'],
      enabled: json['enabled'],
      healthy: json['healthy'],
      weight: null,
      effectiveWeight: null,
    });
  },
};

function isJavaInstance(json: JsonObject): boolean {
  return 'serviceName' in json && 'host' in json && 'port' in json && 'enabled' in json;
}

interface AppFields {
  readonly service: string | null;
  readonly id: string | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly metadata: unknown;
  readonly enabled: unknown;
  readonly healthy: unknown;
  readonly weight: number | null;
  readonly effectiveWeight: number | null;
}

function decodeApp(entry: EntryText, layout: EtcdLayout, fields: AppFields): DecodeResult {
  const { service, host, port, weight, effectiveWeight } = fields;
  const name = entry.lastTwo();
  if (!service || host === null || name === null)
    return { state: 'undecodable', service: service || null, reason: 'an instance without name or host' };
  const metadata = textMap(fields.metadata);
  if (metadata === null) return { state: 'undecodable', service, reason: 'nested too deeply' };
  const main: Endpoint = { protocol: null, address: host, port };
  return toInstance(entry, layout, {
    service,
    id: fields.id || name.id,
    root: name.root,
    endpoints: dubboEndpoints(main, metadata['dubbo.endpoints']),
    weight,
    effectiveWeight,
    metadata,
    ...healthOf(fields),
  });
}

/** Consumers leave out what is not enabled before they look at its health. */
function healthOf({ enabled, healthy }: AppFields): { readonly health: Health } {
  if (enabled === false) return { health: 'disabled' };
  return { health: healthy === false ? 'critical' : 'passing' };
}

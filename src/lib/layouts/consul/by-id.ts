import { comesBack, staysGone } from '../facts.js';
import { parseJson, textMap } from '../json.js';
import { consulFacts } from './facts.js';
import { plainReading } from './generic.js';
import { pairsOf } from './tag-pairs.js';
import type { ConsulLayout, ConsulRecord } from './types.js';

/** Whether an id is one of these forms, with or without brackets around an IPv6 address. */
function hasId(record: ConsulRecord, form: (address: string, port: number) => string): boolean {
  const { address, id, port } = record;
  if (address === null || port === null) return false;
  return id === form(address, port) || (address.includes(':') && id === form(`[${address}]`, port));
}

/** GoFrame: `<name>-<version>-<host>:<port>`, metadata as one JSON document in Meta. */
export const goframeConsulLayout: ConsulLayout = {
  name: 'consul-goframe',
  facts: consulFacts(staysGone('stays gone: the heartbeat ends at the first error'), {
    defaultTtlSeconds: 20,
    renewal: 'TTL check, every 10 s',
  }),
  matches: (record) => {
    const [version] = record.tags;
    return (
      version !== undefined &&
      hasId(record, (address, port) => `${record.service}-${version}-${address}:${port}`)
    );
  },
  read({ meta, tags }) {
    const metadata = textMap(parseJson(meta['metadata'] ?? '')) ?? {};
    const [first, ...rest] = tags;
    return {
      version: meta['version'] ?? first ?? null,
      protocol: metadata['protocol'] ?? null,
      metadata,
      tags: rest,
    };
  },
};

/** kitex and hertz: `<name>:<host>:<port>`, metadata as `key:value` tags. The two cannot be told apart. */
export const kitexConsulLayout: ConsulLayout = {
  name: 'consul-kitex',
  facts: consulFacts(staysGone(), { renewal: "Consul's own TCP check, or by option a TTL check" }),
  matches: (record) => hasId(record, (address, port) => `${record.service}:${address}:${port}`),
  read({ tags }) {
    const { pairs, rest } = pairsOf(tags, ':');
    const metadata = Object.fromEntries([...pairs, ...rest.map((tag) => [tag, ''] as const)]);
    return { metadata, tags: [] };
  },
};

/** go-zero: `<key>-<host>-<port>` with a check of the same id. */
export const goZeroConsulLayout: ConsulLayout = {
  name: 'consul-go-zero',
  facts: consulFacts(staysGone('stays gone: a failed heartbeat is only logged'), {
    defaultTtlSeconds: 20,
    renewal: 'TTL check, every 19 s',
  }),
  matches: (record) =>
    record.checkIds.includes(record.id) &&
    hasId(record, (address, port) => `${record.service}-${address}-${port}`),
  read: plainReading,
};

/** Spring Cloud Consul: Meta `secure`. Critical entries are never removed by default. */
export const springLayout: ConsulLayout = {
  name: 'consul-spring',
  facts: consulFacts(
    {
      outcome: 'depends',
      withinSeconds: 30,
      text: 'stays gone, except with TTL heartbeats and `reregister-service-on-failure`',
    },
    { renewal: "Consul's own HTTP check; by option a TTL check of 30 s, every 20 s" },
  ),
  matches: ({ meta }) => 'secure' in meta,
  read: (record) => ({
    ...plainReading(record),
    protocol: record.meta['secure'] === 'true' ? 'https' : 'http',
  }),
};

/** registrator: `<hostname>:<container>:<container port>[:udp]`. */
export const registratorLayout: ConsulLayout = {
  name: 'consul-registrator',
  facts: consulFacts(comesBack(60, 'back at its `-resync` interval, if one is set'), {
    renewal: "none, or Consul's own checks",
  }),
  matches: ({ id }) => /^[^:]+:[^:]+:\d+(:udp)?$/.test(id),
  read: (record) => ({
    ...plainReading(record),
    ...(record.id.endsWith(':udp') ? { protocol: 'udp' } : {}),
  }),
};

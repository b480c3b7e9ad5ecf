import type { Endpoint } from '../../model/endpoint.js';
import { comesBack } from '../facts.js';
import { kratosEndpoint } from '../kratos-endpoint.js';
import { consulFacts } from './facts.js';
import type { ConsulLayout, ConsulRecord } from './types.js';

const VERSION = 'version=';

/** kratos: the version is the first tag, and tagged addresses hold whole URLs, one a scheme. */
export const kratosConsulLayout: ConsulLayout = {
  name: 'consul-kratos',
  facts: consulFacts(comesBack(15, 'back within about 15 s, at the next heartbeat that fails'), {
    defaultTtlSeconds: 20,
    renewal: 'TTL check, every 10 s, beside TCP checks',
  }),
  matches: (record) => record.tags[0]?.startsWith(VERSION) === true && urlsOf(record).length > 0,
  read(record) {
    const [first = '', ...tags] = record.tags;
    const urls = urlsOf(record);
    const main = urls.find(({ address, port }) => address === record.address && port === record.port);
    const fallback: Endpoint | null =
      record.address === null ? null : { protocol: null, address: record.address, port: record.port };
    const lead = main ?? fallback;
    const isVersion = first.startsWith(VERSION);
    return {
      endpoints: lead === null ? urls : [lead, ...urls.filter((other) => other !== lead)],
      version: isVersion ? first.slice(VERSION.length) : null,
      metadata: record.meta,
      tags: isVersion ? tags : record.tags,
    };
  },
};

function urlsOf({ taggedAddresses }: ConsulRecord): readonly Endpoint[] {
  return taggedAddresses.flatMap(([, address]) => kratosEndpoint(address) ?? []);
}

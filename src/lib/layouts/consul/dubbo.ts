import { parseUnescapedUrl } from '../address.js';
import { dubboEndpoints } from '../dubbo-endpoints.js';
import { queryOf, queryPairs } from '../dubbo-url.js';
import { staysGone } from '../facts.js';
import { numberOf } from '../json.js';
import { consulFacts } from './facts.js';
import { pairsOf } from './tag-pairs.js';
import type { ConsulLayout } from './types.js';

const facts = consulFacts(staysGone(), { defaultTtlSeconds: 16, renewal: 'TTL check, every 2 s' });

/** Dubbo Java, interface level: the provider URL stands in Meta. */
export const dubboInterfaceLayout: ConsulLayout = {
  name: 'consul-dubbo-java',
  facts,
  matches: ({ meta, tags }) => 'url' in meta && tags.includes('dubbo'),
  read({ meta, tags }) {
    const url = parseUnescapedUrl(meta['url'] ?? '');
    // What cannot be taken apart is shown as it stands.
    if (url === null) return { metadata: meta, tags };
    const metadata = queryPairs(queryOf(url.rest));
    const weight = numberOf(metadata['weight']);
    return {
      protocol: url.endpoint.protocol,
      version: metadata['version'] ?? null,
      metadata,
      tags: tags.filter((tag) => tag !== 'dubbo' && !tag.includes('=')),
      ...(weight === null ? {} : { weight }),
    };
  },
};

/** Dubbo Java, application level: metadata in tags; Meta keys, if there are any, in base64. */
export const dubboAppLayout: ConsulLayout = {
  name: 'consul-dubbo-java',
  facts,
  matches: ({ tags }) => tags.some((tag) => /^dubbo\.[^=]*=/.test(tag)),
  read({ address, meta, port, tags }) {
    const { pairs, rest } = pairsOf(tags, '=');
    const fromMeta = Object.entries(meta).map(([key, value]): [string, string] => [fromBase64(key), value]);
    const metadata = Object.fromEntries([...fromMeta, ...pairs]);
    const main = address === null ? null : { protocol: null, address, port };
    const endpoints = main === null ? null : dubboEndpoints(main, metadata['dubbo.endpoints']);
    return { endpoints, metadata, tags: rest };
  },
};

function fromBase64(text: string): string {
  const decoded = Buffer.from(text, 'base64').toString('utf8');
  return Buffer.from(decoded).toString('base64') === text ? decoded : text;
}

import { parseUnescapedUrl } from '../address.js';
import { toInstance } from '../build-instance.js';
import { goQueryEscape, queryUnescape } from '../encoding.js';
import type { EntryText } from '../entry-text.js';
import { queryOf, queryPairs } from '../dubbo-url.js';
import { comesBack, staysGone } from '../facts.js';
import { javaHash } from '../java-hash.js';
import { numberOf } from '../json.js';
import type { DecodeResult, EtcdLayout } from '../types.js';
import { notMine } from '../not-mine.js';

const ROOT = '/dubbo/';
const KEY = /^\/([^/]+)\/([^/]+)\/(providers|consumers|routers|configurators)(?:\/([^/]+))?$/;
const DIRECTORY = /^\/dubbo(\/[^/]+)?$/;
const NUMBER = /^-?\d+$/;

/** dubbo-go, interface level: everything stands in the key, and the value is empty. */
export const dubboGoInterfaceLayout: EtcdLayout = {
  name: 'dubbo-go-interface',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'client stream',
    afterDelete: staysGone(),
    afterRevoke: staysGone('stays gone until the client reconnects for another reason'),
    leftBehind: 'the key itself, until the process ends and 30 s more',
    markers: 'empty values on `/dubbo`, `/dubbo/<interface>`, `/dubbo/<interface>/providers`',
    readOnly: false,
    leaseless: false,
  },
  places: (service, { prefix }) => [`${prefix}${goQueryEscape(service)}/`],
  decode(entry) {
    if (entry.text !== '') return notMine;
    if (DIRECTORY.test(entry.key)) return { state: 'skip', reason: 'marker' };
    return decodeUrlKey(entry, dubboGoInterfaceLayout);
  },
};

/** Dubbo Java, interface level: as dubbo-go, with the lease id (or, for persistent entries, a hash code) as value. */
export const dubboJavaInterfaceLayout: EtcdLayout = {
  name: 'dubbo-java-interface',
  root: ROOT,
  facts: {
    defaultTtlSeconds: 30,
    renewal: 'one lease a client',
    afterDelete: staysGone(),
    afterRevoke: comesBack(11, 'back at the next renewal, with all other entries of the process'),
    leftBehind: null,
    markers: 'hash codes on directories',
    readOnly: false,
    leaseless: false,
  },
  places: (service, { prefix }) => [`${prefix}${goQueryEscape(service)}/`],
  decode(entry) {
    if (entry.text === null || !NUMBER.test(entry.text)) return notMine;
    const result = decodeUrlKey(entry, dubboJavaInterfaceLayout);
    if (result.state !== 'not-mine') return result;
    const isDirectory = DIRECTORY.test(entry.key) && entry.text === String(javaHash(entry.key));
    return isDirectory ? { state: 'skip', reason: 'marker' } : result;
  },
};

function decodeUrlKey(entry: EntryText, layout: EtcdLayout): DecodeResult {
  const [whole, group = '', escapedName = '', category, escapedUrl] = KEY.exec(entry.key) ?? [];
  if (whole === undefined) return notMine;
  const name = queryUnescape(escapedName);
  if (escapedUrl === undefined) return { state: 'skip', reason: 'marker' };
  const url = queryUnescape(escapedUrl);
  const parts = url === null ? null : parseUnescapedUrl(url);
  if (parts === null || !name)
    return {
      state: 'undecodable',
      service: name || null,
      reason: 'the last part of the key is no escaped URL',
    };
  const { endpoint, rest } = parts;
  if (category !== 'providers')
    return {
      state: 'skip',
      reason: category === 'consumers' ? 'consumer' : 'marker',
      service: name,
      address: endpoint.address,
    };
  const metadata = queryPairs(queryOf(rest));
  return toInstance(entry, layout, {
    service: name,
    id: authorityOf(url ?? ''),
    root: `/${group}/`,
    endpoints: [endpoint],
    namespace: group,
    version: metadata['version'] ?? null,
    weight: numberOf(metadata['weight']),
    metadata,
  });
}

/** `host:port` as it stands in the URL. */
function authorityOf(url: string): string {
  const [, authority = ''] = /:\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(url) ?? [];
  return authority;
}

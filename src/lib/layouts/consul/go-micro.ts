import { inflateSync } from 'node:zlib';
import { comesBack } from '../facts.js';
import { parseJson, textMap } from '../json.js';
import { consulFacts } from './facts.js';
import type { ConsulLayout } from './types.js';

const MOST_BYTES = 64 * 1024;

/** go-micro: version, metadata and endpoints as tags, hex of zlib; older releases as plain text. */
export const goMicroConsulLayout: ConsulLayout = {
  name: 'consul-go-micro',
  facts: consulFacts(comesBack(30, 'back at the next interval of 30 s'), {
    defaultTtlSeconds: 90,
    renewal: 'TTL check, every 30 s',
  }),
  matches: ({ tags }) => tags.some((tag) => tagText(tag, 'v') !== null),
  read({ tags }) {
    const metadata: [string, string][] = [];
    const rest: string[] = [];
    let version: string | null = null;
    for (const tag of tags) {
      const pair = tagText(tag, 't');
      if (pair !== null) metadata.push(...Object.entries(textMap(parseJson(pair)) ?? {}));
      else if (tagText(tag, 'v') !== null) version ??= tagText(tag, 'v');
      else if (tagText(tag, 'e') === null) rest.push(tag);
    }
    const pairs = Object.fromEntries(metadata);
    return { version, protocol: pairs['protocol'] ?? null, metadata: pairs, tags: rest };
  },
};

/** What a tag of one kind says; null for a tag of another kind. */
function tagText(tag: string, kind: string): string | null {
  if (tag.startsWith(`${kind}=`)) return tag.slice(kind.length + 1);
  const [, hex] = new RegExp(`^${kind}-((?:[0-9a-f]{2})+)$`, 'i').exec(tag) ?? [];
  if (hex === undefined) return null;
  try {
    return inflateSync(Buffer.from(hex, 'hex'), { maxOutputLength: MOST_BYTES }).toString('utf8');
  } catch {
    return null;
  }
}

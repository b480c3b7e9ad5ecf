import { isDialable, joinHostPort } from './address.js';
import { sonic } from './go-encode.js';
import { checkInfo, readInfos } from './instance-info.js';
import type { ExpectedForm, ReaderEntry, ReaderQuery, ReaderResult } from './types.js';

/** hertz knows no other. */
const ROOT = 'hertz/registry-etcd';

/** As hertz's resolver does. */
export function readHertz(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  return readInfos(entries, `${ROOT}/${query.service}/`, isDialable);
}

/** Unlike kitex, hertz puts brackets around an IPv6 address, escapes no HTML and leaves its tags unsorted. */
export function checkHertzForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  return checkInfo(entry, expected, {
    prefix: `${ROOT}/${expected.service}/`,
    dialect: sonic,
    join: joinHostPort,
    isAddress: isDialable,
  });
}

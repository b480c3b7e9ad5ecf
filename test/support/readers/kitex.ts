import { isDialableOrBare, joinBare } from './address.js';
import { isTrue } from './form.js';
import { standard } from './go-encode.js';
import { checkInfo, readInfos } from './instance-info.js';
import type { ExpectedForm, ReaderEntry, ReaderQuery, ReaderResult } from './types.js';

const DEFAULT_ROOT = 'kitex/registry-etcd';

/** As kitex's resolver does. An empty root, as two of its constructors have it, leaves a leading slash. */
export function readKitex(entries: readonly ReaderEntry[], query: ReaderQuery): ReaderResult {
  return readInfos(entries, `${query.root ?? DEFAULT_ROOT}/${query.service}/`, isDialableOrBare);
}

/** kitex joins an IPv6 address and its port without brackets, and takes no slash in a name. */
export function checkKitexForm(entry: ReaderEntry, expected: ExpectedForm): string[] {
  const { root = DEFAULT_ROOT, service } = expected;
  return [
    ...isTrue(!service.includes('/'), `kitex refuses the name ${service}`),
    ...checkInfo(entry, expected, {
      prefix: `${root}/${service}/`,
      dialect: standard,
      join: joinBare,
      isAddress: isDialableOrBare,
    }),
  ];
}

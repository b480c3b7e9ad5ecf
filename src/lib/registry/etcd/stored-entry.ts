import { decodeUtf8 } from '../../layouts/utf8.js';
import type { Instance } from '../../model/instance.js';
import type { EntryText } from '../types.js';
import type { Calls, CallLimits } from './calls.js';
import { keyText } from './entries.js';
import { EntryWriter } from './entry-writer.js';

/** The key of an instance with its value as it is now; null: it is not there any more. */
export async function readStored(
  calls: Calls,
  { key }: Instance,
  limits: CallLimits,
): Promise<EntryText | null> {
  if (key === null) return null;
  const found = await new EntryWriter(calls, key).read(limits);
  if (found === null) return null;
  return { key: keyText(found.key), isBinaryKey: decodeUtf8(found.key) === null, value: found.value };
}

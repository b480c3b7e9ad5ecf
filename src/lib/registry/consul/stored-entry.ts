import type { Instance } from '../../model/instance.js';
import type { EntryText } from '../types.js';
import type { Call } from './call.js';
import { findRecordOn } from './find-instance.js';
import type { Servers } from './servers.js';

/** All that Consul tells of an instance, its node and its checks, as JSON; null: it is not there any more. */
export async function readStored(
  servers: Servers,
  instance: Instance,
  call: Call,
): Promise<EntryText | null> {
  const record = await findRecordOn(servers, instance, call);
  if (record === null) return null;
  const { node, service, checks } = record;
  const text = JSON.stringify({ Node: node, Service: service, Checks: checks });
  return { key: null, isBinaryKey: false, value: Buffer.from(text) };
}

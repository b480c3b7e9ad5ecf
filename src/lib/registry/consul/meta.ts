import { metaKeys, RESERVED_PREFIX } from '../../layouts/consul/sdctl.js';
import { ownerOf } from '../../layouts/etcd/sdctl.js';
import { formatEndpoint } from '../../model/endpoint.js';
import type { Owner } from '../../model/instance.js';
import { SdctlError } from '../../errors.js';
import type { RegistrationSpec } from '../types.js';
import { parseJson, textMapOf, type JsonObject } from './json.js';

type Meta = Readonly<Record<string, string>>;

/** Consul refuses such keys of others. */
const CONSUL_PREFIX = 'consul-';
/** Consul's own limits; that of a value counts bytes, whatever its documentation calls characters. */
const VALUE_LIMIT = 512;
const PAIR_LIMIT = 64;
const KEY_FORM = /^[A-Za-z0-9_-]{1,128}$/;

/**
 * The Meta of a registration.
 *
 * @throws {SdctlError} E_USAGE for what Consul would not store
 */
export function metaOf(spec: RegistrationSpec, ttlMs: number): Meta {
  const first = spec.endpoints[0];
  const meta: Record<string, string> = { ...spec.metadata };
  for (const key of Object.keys(spec.metadata)) {
    if (!KEY_FORM.test(key))
      throw unusable(`metadata key "${key}"`, 'Consul allows letters, digits, "-" and "_" in keys');
    if (key.startsWith(RESERVED_PREFIX))
      throw unusable(`metadata key "${key}"`, 'sdctl- is kept for sdctl itself');
    if (key.startsWith(CONSUL_PREFIX))
      throw unusable(`metadata key "${key}"`, 'consul- is kept for Consul itself');
  }
  add(meta, 'version', spec.version);
  add(meta, 'zone', spec.zone);
  add(meta, metaKeys.protocol, first?.protocol ?? null);
  add(
    meta,
    metaKeys.endpoints,
    spec.endpoints.length > 1 ? JSON.stringify(spec.endpoints.map(formatEndpoint)) : null,
  );
  add(meta, metaKeys.owner, JSON.stringify(spec.owner));
  add(meta, metaKeys.started, spec.registeredAt);
  add(meta, metaKeys.ttl, String(ttlMs / 1_000));
  const pairs = Object.entries(meta);
  if (pairs.length > PAIR_LIMIT)
    throw unusable('this metadata', `Consul keeps at most ${PAIR_LIMIT} pairs, some of them sdctl's`);
  for (const [key, value] of pairs) {
    const length = Buffer.byteLength(value);
    if (length > VALUE_LIMIT) throw tooLong(key, length);
  }
  return meta;
}

function add(meta: Record<string, string>, key: string, value: string | null): void {
  if (value === null || value === '') return;
  const given = meta[key];
  if (given !== undefined && given !== value) {
    throw unusable(`metadata key "${key}"`, `it is also set to "${value}" by an option of its own`);
  }
  meta[key] = value;
}

function tooLong(key: string, length: number): SdctlError {
  const why = `Consul keeps at most ${VALUE_LIMIT} bytes, and it has ${length}`;
  if (key !== metaKeys.endpoints) return unusable(`the value of ${key}`, why);
  return new SdctlError('E_USAGE', 'cannot register that many endpoints on Consul', {
    why,
    hint: 'name fewer endpoints, or register some of them under an id of their own',
  });
}

function unusable(what: string, why: string): SdctlError {
  return new SdctlError('E_USAGE', `cannot register ${what} on Consul`, {
    why,
    hint: 'change or leave out that metadata',
  });
}

/** Who wrote a service, by its Meta; null when sdctl did not. */
export function ownerIn(service: JsonObject): Owner | null {
  return ownerOf(parseJson(metaIn(service)[metaKeys.owner] ?? ''));
}

/** The Meta of a service as the agent or catalog shows it. */
export function metaIn(service: JsonObject): Meta {
  return textMapOf(service['Meta']);
}

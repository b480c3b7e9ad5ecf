import type { LeaseName } from '../model/lease.js';
import { readLeaseName } from '../model/lease-name.js';

/** Which leases an id may mean, most likely first, or why it means none. */
export type LeaseIdResult =
  | { readonly ok: true; readonly names: readonly LeaseName[] }
  | { readonly ok: false; readonly reason: string };

const HEX = /^(?:0x)?([0-9a-f]{1,16})$/i;
const DECIMAL = /^(?:dec:(\d+)|(\d{17,19}))$/i;
const NEGATIVE = /^(?:dec:)?-\d+$/i;
/** etcd counts ids from 2^63 on as negative; they are printed without a sign. */
const LARGEST = 2n ** 64n - 1n;

/**
 * Reads the id of a lease as it was typed.
 *
 * etcd: 1 to 16 hex digits, with or without `0x`; `dec:` and a decimal number; 17 to 19 digits, which can only be
 * decimal. The answer has 16 hex digits. Consul: the id of a session, `CHECK@NODE` or `CHECK`. The embedded registry:
 * the id of a run, as it is.
 */
export function parseLeaseId(text: string, backend: string): LeaseIdResult {
  if (text === '') return { ok: false, reason: 'it is empty' };
  if (backend === 'consul') return { ok: true, names: readLeaseName(text) };
  if (backend !== 'etcd') return { ok: true, names: [{ id: text, node: null }] };
  const decimal = DECIMAL.exec(text);
  if (decimal !== null) return fromDecimal(decimal[1] ?? decimal[2] ?? '');
  const hex = HEX.exec(text)?.[1];
  if (hex !== undefined)
    return { ok: true, names: [{ id: hex.toLowerCase().padStart(16, '0'), node: null }] };
  return { ok: false, reason: NEGATIVE.test(text) ? 'it is negative' : 'it is no number of 64 bits' };
}

function fromDecimal(digits: string): LeaseIdResult {
  const value = BigInt(digits);
  if (value > LARGEST) return { ok: false, reason: `it is larger than ${LARGEST.toString()}` };
  return { ok: true, names: [{ id: value.toString(16).padStart(16, '0'), node: null }] };
}

/** Whether what was typed means this lease, in any of the forms that an id has. */
export function isLeaseId(text: string, backend: string, { id, node }: LeaseName): boolean {
  const parsed = parseLeaseId(text, backend);
  return (
    parsed.ok && parsed.names.some((name) => name.id === id && (name.node === null || name.node === node))
  );
}

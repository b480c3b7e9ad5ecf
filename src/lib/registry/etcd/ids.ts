import { randomBytes } from 'node:crypto';

/** A lease id as the model shows it: 16 hex digits, from etcd's decimal string. null for "no lease". */
export function toHexLease(decimal: string): string | null {
  if (decimal === '0' || decimal === '') return null;
  // Frameworks put many keys under one lease, and ranges bring them one after the other.
  if (decimal !== last.decimal)
    last = { decimal, hex: BigInt.asUintN(64, BigInt(decimal)).toString(16).padStart(16, '0') };
  return last.hex;
}

let last = { decimal: '', hex: '' };

/** Id of a member or a cluster as etcdctl shows it: hex without leading zeros, from etcd's decimal string. */
export function toHexMember(decimal: string): string {
  return BigInt.asUintN(64, BigInt(decimal)).toString(16);
}

/** The decimal string that etcd3 sends, from 16 hex digits. Ids above 2^63 are negative on the wire. */
export function toWireLease(hex: string): string {
  return BigInt.asIntN(64, BigInt(`0x${hex}`)).toString();
}

/** A new lease id: 63 random bits, not zero; decimal. Chosen by us, so that a repeated grant is recognised. */
export function newLeaseId(): string {
  const id = BigInt.asUintN(63, randomBytes(8).readBigUInt64BE());
  return (id === 0n ? 1n : id).toString();
}

/** The revision after this one. */
export function nextRevision(revision: string): string {
  return (BigInt(revision) + 1n).toString();
}

/** Whether `a` is an older revision than `b`; exact for any size, without making numbers of them. */
export function isBefore(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}

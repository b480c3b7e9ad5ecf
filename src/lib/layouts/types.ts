import type { Instance } from '../model/instance.js';
import type { RegistrationSpec } from '../registry/types.js';

/** One key of an etcd registry as bytes, with what etcd knows of it. */
export interface RawEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** 16 hex digits; null without a lease. */
  readonly leaseId: string | null;
  /** Revision of the last change. */
  readonly revision: string;
}

/** Where the registry's services begin. Ends in the separator. */
export interface LayoutRoot {
  readonly prefix: string;
}

/** `not-mine`: another layout may read it. */
export type DecodeResult =
  | { readonly state: 'instance'; readonly instance: Instance }
  | { readonly state: 'undecodable'; readonly service: string | null; readonly reason: string }
  | { readonly state: 'not-mine' };

/** The key and value scheme of one framework: pure and total. */
export interface Layout {
  readonly name: string;
  decode(entry: RawEntry, root: LayoutRoot): DecodeResult;
  /** Absent where sdctl must not write this layout. */
  encode?(spec: RegistrationSpec, root: LayoutRoot): { readonly key: string; readonly value: string };
}

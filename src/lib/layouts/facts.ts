/** What becomes of an entry whose process lives: `stays-gone`, or it is announced again. */
export interface Comeback {
  /** `back`: the process announces it again. `new-key`: under another key. `depends`: on version or program. */
  readonly outcome: 'stays-gone' | 'back' | 'new-key' | 'depends';
  /** Longest time until it is back, in seconds; null where it does not come back or nobody can tell. */
  readonly withinSeconds: number | null;
  /** What to say to an operator, one clause. */
  readonly text: string;
}

/** What an operator has to know of a layout before touching one of its entries. */
export interface LayoutFacts {
  /** TTL that the framework asks for by default, in seconds; 0: no lease; null: chosen by the application. */
  readonly defaultTtlSeconds: number | null;
  /** How the process keeps its entry alive. */
  readonly renewal: string;
  /** A forced removal of the key alone (Consul: at the agent). */
  readonly afterDelete: Comeback;
  /** A revoke of its lease (Consul: none, the same as `afterDelete`). */
  readonly afterRevoke: Comeback;
  /** What an orderly stop of the process leaves behind; null: nothing. */
  readonly leftBehind: string | null;
  /** Keys beside the instances that are none; null: there are none. */
  readonly markers: string | null;
  /** Shown, never written, never removed. */
  readonly readOnly: boolean;
  /** Entries without a lease are ordinary there. */
  readonly leaseless: boolean;
}

/** A removal that lasts. */
export function staysGone(text = 'stays gone'): Comeback {
  return { outcome: 'stays-gone', withinSeconds: null, text };
}

/** A removal that the process undoes. */
export function comesBack(withinSeconds: number, text: string): Comeback {
  return { outcome: 'back', withinSeconds, text };
}

/** State of a system that breaks when it is touched, so nobody has tried. */
export const NEVER: Comeback = { outcome: 'depends', withinSeconds: null, text: 'never touch' };

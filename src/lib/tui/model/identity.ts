/** Whose registry it is. Untrusted only in so far as the user's own config is. */
export interface Identity {
  /** null: no context; then `backend` and `servers` name it. */
  readonly context: string | null;
  readonly isProtected: boolean;
  /** A palette colour for the badge; null: none. */
  readonly color: string | null;
  readonly backend: string;
  readonly servers: string;
  /** Consul: ids are unique per node only; there are checks in place of TTLs. */
  readonly hasNodes: boolean;
  /** Flags by which a command of sdctl finds the same registry. */
  readonly flags: readonly string[];
}

/** A command is pasted into a shell that may look at another registry: one of sdctl's gets the flags that lead here. */
export function hereOnly({
  flags,
}: Pick<Identity, 'flags'>): (words: readonly string[]) => readonly string[] {
  return (words) => (words[0] === 'sdctl' ? [...words, ...flags] : words);
}

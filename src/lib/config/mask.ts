/**
 * A server address or argument without its user and password: `http://ops:secret@h` becomes `http://***@h`. Up to the
 * last `@`, because a password that was not escaped may hold any character.
 */
export function maskUserInfo(text: string): string {
  return text.replace(/^(--[a-z-]+=)?([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1$2***@');
}

/** The same for every text in a value of the config file. */
export function maskDeep(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('://') ? maskUserInfo(value) : value;
  if (Array.isArray(value)) return value.map(maskDeep);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskDeep(inner)]));
}

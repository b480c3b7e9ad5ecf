/** The parameters of a Dubbo URL, whose values hold no escapes of their own. */
export function queryPairs(query: string): Readonly<Record<string, string>> {
  const pairs = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair): [string, string] => {
      const cut = pair.indexOf('=');
      return cut < 0 ? [pair, ''] : [pair.slice(0, cut), pair.slice(cut + 1)];
    });
  return Object.fromEntries(pairs);
}

/** Everything behind the `?` of what follows an address; empty without one. */
export function queryOf(rest: string): string {
  const cut = rest.indexOf('?');
  return cut < 0 ? '' : rest.slice(cut + 1);
}

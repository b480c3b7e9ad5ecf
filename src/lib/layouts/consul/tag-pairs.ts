/**
 * Tags of the form `key<separator>value`, split at the first separator.
 *
 * @returns the pairs, and the tags that are none
 */
export function pairsOf(
  tags: readonly string[],
  separator: string,
): { readonly pairs: readonly (readonly [string, string])[]; readonly rest: readonly string[] } {
  const pairs: [string, string][] = [];
  const rest: string[] = [];
  for (const tag of tags) {
    const cut = tag.indexOf(separator);
    if (cut < 0) rest.push(tag);
    else pairs.push([tag.slice(0, cut), tag.slice(cut + separator.length)]);
  }
  return { pairs, rest };
}

/** Which tokens may stand before a command. */
export interface FlagTokens {
  readonly withValue: ReadonlySet<string>;
  readonly alone: ReadonlySet<string>;
}

/**
 * Moves global flags that stand before the command behind it, because the parser only takes them there:
 * `-c prod list order` becomes `list -c prod order`. A value follows its flag. Nothing behind `--` is touched.
 *
 * @param topics first words that take a second one (`context`, `config`)
 */
export function normaliseArguments(
  argv: readonly string[],
  tokens: FlagTokens,
  topics: ReadonlySet<string>,
): string[] {
  const leading: string[] = [];
  let index = 0;
  while (index < argv.length) {
    const token = argv[index] ?? '';
    if (!token.startsWith('-') || token === '-' || token === '--') break;
    const name = token.split('=')[0] ?? '';
    leading.push(token);
    index += 1;
    const next = argv[index];
    if (tokens.withValue.has(name) && !token.includes('=') && next !== undefined) {
      leading.push(next);
      index += 1;
    }
  }
  const rest = argv.slice(index);
  const words = topics.has(rest[0] ?? '') && rest[1]?.startsWith('-') === false ? 2 : 1;
  return [...rest.slice(0, words), ...leading, ...rest.slice(words)];
}

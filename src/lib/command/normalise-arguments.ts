/** Which tokens may stand before a command. */
export interface FlagTokens {
  readonly withValue: ReadonlySet<string>;
  readonly alone: ReadonlySet<string>;
}

export interface Normalised {
  readonly argv: readonly string[];
  /** A flag before the command that no command has; what stands behind it cannot be told apart from its value. */
  readonly unknownFlag: string | null;
  /** Arguments, but no command among them. */
  readonly isCommandMissing: boolean;
}

/**
 * Moves global flags that stand before the command, or between its two words, behind it, because the parser only
 * takes them there: `-c prod list order` becomes `list -c prod order`. A value follows its flag. Nothing behind `--`
 * is touched.
 *
 * @param topics first words that take a second one (`context`, `config`)
 */
export function normaliseArguments(
  argv: readonly string[],
  tokens: FlagTokens,
  topics: ReadonlySet<string>,
): Normalised {
  const first = takeFlags(argv, tokens);
  const [word, ...rest] = first.rest;
  // A lone "--" and what follows are no command either.
  const isCommandMissing =
    argv.length > 0 && (word === undefined || word === '--') && !first.flags.some(isHelp);
  if (word === undefined || !topics.has(word)) {
    const own = word === undefined ? [] : [word];
    return { argv: [...own, ...first.flags, ...rest], unknownFlag: first.unknown, isCommandMissing };
  }
  const second = takeFlags(rest, tokens);
  const flags = [...first.flags, ...second.flags];
  const [verb, ...others] = second.rest;
  const own = verb === undefined || verb === '--' ? [word] : [word, verb];
  const behind = own.length === 2 ? others : second.rest;
  return { argv: [...own, ...flags, ...behind], unknownFlag: first.unknown, isCommandMissing };
}

function isHelp(token: string): boolean {
  return token === '-h' || token === '--help';
}

/** Splits off the flags at the front, with their values. */
function takeFlags(argv: readonly string[], tokens: FlagTokens) {
  const flags: string[] = [];
  let unknown: string | null = null;
  let index = 0;
  for (;;) {
    const token = argv[index];
    if (token === undefined || !token.startsWith('-') || token === '-' || token === '--') break;
    flags.push(token);
    index += 1;
    const kind = kindOf(token, tokens);
    if (kind === 'unknown') unknown ??= token.split('=')[0] ?? token;
    const value = argv[index];
    if (kind === 'value follows' && value !== undefined) {
      flags.push(value);
      index += 1;
    }
  }
  return { flags, unknown, rest: argv.slice(index) };
}

function kindOf(token: string, { withValue, alone }: FlagTokens): 'value follows' | 'whole' | 'unknown' {
  if (isHelp(token)) return 'whole';
  const name = token.startsWith('--') ? (token.split('=')[0] ?? token) : token.slice(0, 2);
  const isWhole = token !== name;
  if (withValue.has(name)) return isWhole ? 'whole' : 'value follows';
  if (!alone.has(name)) return 'unknown';
  if (token.startsWith('--')) return isWhole ? 'unknown' : 'whole';
  return token
    .slice(1)
    .split('')
    .every((letter) => alone.has(`-${letter}`))
    ? 'whole'
    : 'unknown';
}

/** Letters that take no value, so that they may stand together: `-qv`. */
const ALONE = 'hiqvwy';

/** Whether a flag is among the arguments, found without a parser: the failure may be that they do not parse. */
export function hasFlag(argv: readonly string[], long: string, short?: string): boolean {
  const cluster = short === undefined ? null : new RegExp(`^-[${ALONE}]*${short}`);
  return ownArguments(argv).some((argument) => argument === long || cluster?.test(argument) === true);
}

/** The last value of a flag, found without a parser. */
export function flagValue(argv: readonly string[], long: string, short?: string): string | undefined {
  let value: string | undefined;
  const own = ownArguments(argv);
  for (const [index, argument] of own.entries()) {
    if (argument === long || (short !== undefined && argument === `-${short}`)) value = own[index + 1];
    else if (argument.startsWith(`${long}=`)) value = argument.slice(long.length + 1);
    else if (short !== undefined && argument.startsWith(`-${short}`))
      value = argument.slice(2).replace(/^=/, '');
  }
  return value;
}

/** Nothing behind `--` is ours. */
function ownArguments(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end < 0 ? argv : argv.slice(0, end);
}

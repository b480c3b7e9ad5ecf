import { SdctlError } from '../errors.js';
import { nearest } from '../config/nearest.js';
import { usageError } from './usage.js';

interface FlagDefinition {
  readonly type: string;
  readonly char?: string | undefined;
}

/**
 * Turns oclif's parse failures into ours, with a suggestion for a mistyped flag.
 *
 * @param flags all flags of the command
 * @returns the error as it came when it is not about parsing
 */
export function fromParseError(
  error: unknown,
  command: string,
  flags: Readonly<Record<string, FlagDefinition>>,
): unknown {
  if (!(error instanceof Error) || error instanceof SdctlError) return error;
  const help = `sdctl ${command} --help`;
  switch (error.constructor.name) {
    case 'NonExistentFlagsError': {
      const unknown = (error as Error & { flags: readonly string[] }).flags;
      const first = unknown[0] ?? '';
      const close = nearest(first.replace(/^-+/, ''), Object.keys(flags));
      return usageError(
        `sdctl ${command} has no flag ${unknown.join(', ')}`,
        close === null ? undefined : `closest: --${close}`,
        help,
      );
    }
    case 'RequiredArgsError': {
      const missing = (error as Error & { args: readonly { name: string }[] }).args.map((arg) =>
        arg.name.toUpperCase(),
      );
      return usageError(`sdctl ${command} needs ${missing.join(' and ')}`, undefined, help);
    }
    case 'UnexpectedArgsError': {
      const extra = (error as Error & { args: readonly unknown[] }).args.map(String);
      return usageError(
        `sdctl ${command} takes no argument "${extra.join(' ')}"`,
        'too many arguments',
        help,
      );
    }
    default: {
      if (!('parse' in error) && !('oclif' in error)) return error;
      const text = error.message
        .replace(/\s*See more help with --help\s*/g, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      const value = /^Flag (--[\w-]+) expects a value$/.exec(text)?.[1];
      if (value !== undefined) return usageError(`${value} needs a value`, undefined, help);
      const missing = [...text.matchAll(/Missing required flag ([\w-]+)/g)].map(
        (match) => `--${match[1] ?? ''}`,
      );
      if (missing.length > 0)
        return usageError(`sdctl ${command} needs ${missing.join(' and ')}`, undefined, help);
      return usageError(text.charAt(0).toLowerCase() + text.slice(1), undefined, help);
    }
  }
}

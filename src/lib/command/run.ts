import { existsSync, readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Interfaces } from '@oclif/core';

/** What a command reads of oclif's configuration when no help is asked for. */
interface Facts {
  readonly root: string;
  readonly bin: string;
  readonly version: string;
  readonly arch: string;
  /** oclif looks into all commands for the one typed where this is a blank; ours is known. */
  readonly topicSeparator: ':';
  readonly runHook: () => Promise<{ readonly successes: readonly []; readonly failures: readonly [] }>;
  readonly scopedEnvVarKeys: () => readonly string[];
}

/** A command as oclif makes and runs it. */
interface CommandClass {
  id: string;
  readonly args: Interfaces.ArgInput;
  new (argv: readonly string[], facts: Facts): { _run(): Promise<unknown> };
}

/**
 * Runs a command line. A command that is a file in `dist/commands` is run at once: oclif would first read the package,
 * its manifest of all commands and look for plugins, which takes longer than most commands. Help, aliases and mistakes
 * go to oclif.
 *
 * @param argv normalised: the command comes first
 * @param root the package's folder
 */
export async function run(argv: readonly string[], root: string): Promise<void> {
  const found = wantsHelp(argv) ? null : findCommand(argv, root);
  if (found === null) {
    const { settings } = await import('@oclif/core/settings');
    settings.enableAutoTranspile = false;
    const { run: runOclif } = await import('@oclif/core/run');
    await runOclif([...argv], { root });
    return;
  }
  const { default: Found } = (await import(pathToFileURL(found.file).href)) as { default: CommandClass };
  Found.id = found.words.join(':');
  // An argument left out must not be taken from a pipe that belongs to the caller's loop.
  for (const arg of Object.values(Found.args)) arg.ignoreStdin = true;
  await new Found(argv.slice(found.words.length), factsOf(root))._run();
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  return own.length === 0 || own[0] === 'help' || own.includes('--help') || own.includes('-h');
}

/** The file of the command that the first words name; null where they name none. */
function findCommand(
  argv: readonly string[],
  root: string,
): { readonly file: string; readonly words: readonly string[] } | null {
  for (const count of [1, 2]) {
    const words = argv.slice(0, count);
    if (words.length < count || !words.every((word) => /^[a-z][a-z-]*$/.test(word))) return null;
    const file = `${join(root, 'dist', 'commands', ...words)}.js`;
    if (existsSync(file)) return { file, words };
  }
  return null;
}

function factsOf(root: string): Facts {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    root,
    bin: 'sdctl',
    version,
    arch: arch(),
    topicSeparator: ':',
    runHook: async () => ({ successes: [], failures: [] }),
    scopedEnvVarKeys: () => [],
  };
}

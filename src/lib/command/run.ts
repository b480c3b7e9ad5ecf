import { readFileSync } from 'node:fs';
import { arch } from 'node:os';
import { join } from 'node:path';
import { loadCommand, type Facts } from './load-command.js';

/**
 * Runs a command line. A command named in full is run at once: oclif would first read the package,
 * its manifest of all commands and look for plugins, which takes longer than most commands. Help, aliases and mistakes
 * go to oclif.
 *
 * @param argv normalised: the command comes first
 * @param root the package's folder
 * @returns false when oclif ran it, which prints by itself
 */
export async function run(argv: readonly string[], root: string): Promise<boolean> {
  const found = wantsHelp(argv) ? null : await findCommand(argv, root);
  if (found === null) {
    const { settings } = await import('@oclif/core/settings');
    settings.enableAutoTranspile = false;
    const { run: runOclif } = await import('@oclif/core/run');
    await runOclif([...argv], { root });
    return false;
  }
  const { words, Command } = found;
  Command.id = words.join(':');
  // An argument left out must not be taken from a pipe that belongs to the caller's loop.
  for (const arg of Object.values(Command.args)) arg.ignoreStdin = true;
  await new Command(argv.slice(words.length), factsOf(root))._run();
  return true;
}

function wantsHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const own = end < 0 ? argv : argv.slice(0, end);
  return own.length === 0 || own[0] === 'help' || own.includes('--help') || own.includes('-h');
}

/** The command that the first words name; null where they name none. */
async function findCommand(argv: readonly string[], root: string) {
  for (const count of [1, 2]) {
    const words = argv.slice(0, count);
    if (words.length < count || !words.every((word) => /^[a-z][a-z-]*$/.test(word))) return null;
    const Command = await loadCommand(words, root);
    if (Command !== null) return { words, Command };
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

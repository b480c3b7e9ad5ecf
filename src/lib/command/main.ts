import { fileURLToPath } from 'node:url';
import { decideColor } from './color.js';
import { systemDeps, type Deps } from './deps.js';
import { normaliseArguments } from './normalise-arguments.js';
import { flagValue } from './raw-flags.js';
import { reportFailure } from './report.js';
import { unknownCommand, unknownLeadingFlag } from './unknown-command.js';
import { usageError } from './usage.js';

/** First words that take a second one. */
const topics = new Set(['context', 'ctx', 'config', 'lease']);

/**
 * Runs the command line once and ends the process with the right code.
 *
 * @param entry `import.meta.url` of the file in `bin/`
 * @param overrides what a script of its own, in a folder beside `bin/`, puts in the place of the real process
 */
export async function main(entry: string, overrides: Partial<Deps> = {}): Promise<void> {
  const deps = systemDeps(overrides);
  // What no command catches, because nothing awaits it.
  deps.onCrash((thrown) => {
    if (!deps.stdout.takes(thrown)) void fail(thrown, deps);
  });
  decideForOclif(deps);
  try {
    const isComplete = await runCommand(deps, fileURLToPath(new URL('..', entry)));
    // What oclif prints goes past our count of what is under way; a stream tells a failure a turn later.
    if (!isComplete) await deps.clock.sleep(0);
    await Promise.all([deps.stdout.flush(), deps.stderr.flush()]);
    if (deps.stdout.failure !== null) throw deps.stdout.failure;
    // Everything is written and released; closing sockets one by one would take longer than the rest of the end.
    if (isComplete) deps.exit(0);
  } catch (thrown) {
    await fail(thrown, deps);
  }
}

/** oclif decides its own colours from these two; ours win, and Node warns when both are set. */
function decideForOclif(deps: Deps): void {
  const flag = flagValue(deps.argv, '--color');
  const color = decideColor({ flag, env: deps.env, isTerminal: deps.stdout.isTerminal });
  deps.setEnv('NO_COLOR', color ? undefined : '1');
  deps.setEnv('FORCE_COLOR', color ? '1' : undefined);
}

/** @returns whether everything it prints goes through `deps` */
async function runCommand(deps: Deps, root: string): Promise<boolean> {
  // Only now, because oclif decides its colours when it is loaded.
  const argv = await normalise(deps.argv);
  const { run } = await import('./run.js');
  try {
    return await run(argv, root);
  } catch (thrown) {
    const typed = thrown instanceof Error ? /^command (.*) not found$/s.exec(thrown.message)?.[1] : undefined;
    if (typed === undefined) throw thrown;
    const { Config } = await import('@oclif/core/config');
    const config = await Config.load({ root });
    throw unknownCommand(
      typed.replaceAll(':', ' '),
      config.commandIDs.map((id) => id.replaceAll(':', ' ')),
    );
  }
}

/** Flags behind the command, `--version` as the command of that name. @throws {SdctlError} E_USAGE */
async function normalise(typed: readonly string[]): Promise<readonly string[]> {
  if (typed[0] === '--version') return ['version', ...typed.slice(1)];
  const { globalFlagTokens } = await import('./global-flags.js');
  const tokens = globalFlagTokens();
  const { argv, unknownFlag, isCommandMissing } = normaliseArguments(typed, tokens, topics);
  if (unknownFlag !== null) throw unknownLeadingFlag(unknownFlag, [...tokens.withValue, ...tokens.alone]);
  if (isCommandMissing) throw usageError('no command is named', undefined, 'sdctl --help');
  return argv;
}

async function fail(thrown: unknown, deps: Deps): Promise<void> {
  const code = reportFailure(thrown, { deps, argv: deps.argv, command: null, format: null });
  await Promise.all([deps.stdout.flush(), deps.stderr.flush()]);
  deps.exit(code);
}

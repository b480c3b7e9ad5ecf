import { fileURLToPath } from 'node:url';
import { nearest } from '../config/nearest.js';
import { SdctlError } from '../errors.js';
import { decideColor } from './color.js';
import { systemDeps } from './deps.js';
import { normaliseArguments } from './normalise-arguments.js';
import { reportFailure } from './report.js';

/** First words that take a second one. */
const topics = new Set(['context', 'ctx', 'config', 'lease']);

/**
 * Runs the command line once and ends the process with the right code.
 *
 * @param entry `import.meta.url` of the file in `bin/`
 */
export async function main(entry: string): Promise<void> {
  const deps = systemDeps();
  // oclif decides its own colours from these two; ours win, and Node warns when both are set.
  const color = decideColor({ flag: undefined, env: deps.env, isTerminal: deps.stdout.isTerminal });
  deps.setEnv('NO_COLOR', color ? undefined : '1');
  deps.setEnv('FORCE_COLOR', color ? '1' : undefined);
  const { settings } = await import('@oclif/core/settings');
  settings.enableAutoTranspile = false;
  const { globalFlagTokens } = await import('./global-flags.js');
  const argv = rewrite(normaliseArguments(deps.argv, globalFlagTokens(), topics));
  try {
    const { run } = await import('@oclif/core/run');
    await run([...argv], { root: fileURLToPath(new URL('..', entry)) });
    await deps.stdout.flush();
    await deps.stderr.flush();
  } catch (thrown) {
    const error = await unknownCommand(thrown, fileURLToPath(new URL('..', entry)));
    const code = reportFailure(error, { deps, argv, command: null, format: null });
    await Promise.all([deps.stdout.flush(), deps.stderr.flush()]);
    deps.exit(code);
  }
}

/** `--version` anywhere before a command, and no command at all. */
function rewrite(argv: readonly string[]): readonly string[] {
  const first = argv[0];
  if (first === '--version') return ['version', ...argv.slice(1)];
  return argv;
}

/** oclif's "command x not found" as ours, with the nearest names; never run automatically. */
async function unknownCommand(thrown: unknown, root: string): Promise<unknown> {
  const typed = thrown instanceof Error ? /^command (.+) not found$/.exec(thrown.message)?.[1] : undefined;
  if (typed === undefined) return thrown;
  const { Config } = await import('@oclif/core/config');
  const config = await Config.load({ root });
  const name = typed.replaceAll(':', ' ');
  const known = config.commandIDs.map((id) => id.replaceAll(':', ' '));
  const close = nearest(name, known) ?? nearest(name.split(' ')[0] ?? name, known);
  return new SdctlError('E_USAGE', `sdctl has no command "${name}"`, {
    ...(close === null ? {} : { why: `closest: ${close}` }),
    hint: close === null ? 'sdctl --help' : `sdctl ${close} --help`,
  });
}

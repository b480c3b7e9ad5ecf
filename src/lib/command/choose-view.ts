import type { ConfigFile } from '../config/schema.js';
import { outputFormats, type OutputFormat, type View } from '../render/view.js';
import { decideAscii, decideColor } from './color.js';
import type { Deps } from './deps.js';
import { requireInteger, usageError } from './usage.js';

/** The global flags that dress the output. */
export interface ViewFlags {
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly color?: string | undefined;
  readonly ascii?: boolean | undefined;
  readonly width?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly headers?: boolean | undefined;
  readonly 'no-headers'?: boolean | undefined;
}

/** What a command makes of its formats: which it can print, and which it prints unasked. */
export interface FormatChoice {
  readonly allowed: readonly OutputFormat[];
  readonly terminal: OutputFormat;
  readonly pipe: OutputFormat;
  /** `may-create`: `--config` may name a file that does not exist yet. `ignored`: the answer does not depend on it. */
  readonly config?: 'may-create' | 'ignored';
}

/** The formats of commands that print one answer. */
export const listFormats: FormatChoice = { allowed: outputFormats, terminal: 'table', pipe: 'tsv' };

/** For commands that may create the config file that `--config` names. */
export const configWriting: FormatChoice = {
  allowed: ['table', 'tsv', 'json', 'jsonl', 'yaml'],
  terminal: 'table',
  pipe: 'tsv',
  config: 'may-create',
};

/** How stdout is dressed. @throws {SdctlError} E_USAGE for a flag or variable that says it wrongly */
export function toView(
  deps: Deps,
  flags: ViewFlags,
  config: ConfigFile,
  formats: FormatChoice,
  plain: boolean,
): View {
  const { env, stdout } = deps;
  const width =
    flags.width !== undefined
      ? requireInteger('--width', flags.width, 20, 10_000)
      : terminalWidth(env['COLUMNS'], stdout.columns);
  return {
    format: chooseFormat(deps, flags, config, formats),
    width,
    color: colorOf(deps, flags, config, stdout.isTerminal),
    ascii: decideAscii(flags.ascii, env, config.defaults?.ascii),
    plain,
    headers: flags['no-headers'] === true ? false : flags.headers === true ? true : null,
    nowMs: deps.clock.nowMs(),
  };
}

/** Whether one stream gets colour. */
export function colorOf({ env }: Deps, flags: ViewFlags, config: ConfigFile, isTerminal: boolean): boolean {
  return decideColor({ flag: checkedColor(flags.color), env, setting: config.defaults?.color, isTerminal });
}

function checkedColor(flag: string | undefined): string | undefined {
  if (flag === undefined || flag === 'auto' || flag === 'always' || flag === 'never') return flag;
  throw usageError(`--color ${flag} is not valid`, 'valid: auto, always, never', '--color auto');
}

function terminalWidth(columns: string | undefined, terminal: number | undefined): number {
  const fromEnv = Number(columns);
  if (columns !== undefined && Number.isInteger(fromEnv) && fromEnv >= 20) return fromEnv;
  return terminal === undefined || terminal < 20 ? 80 : terminal;
}

/** `--json` and `-o` > SDCTL_OUTPUT > config (where the command can print it) > what the command prints unasked. */
function chooseFormat(deps: Deps, flags: ViewFlags, config: ConfigFile, formats: FormatChoice): OutputFormat {
  const typed = flags.output ?? (flags.json === true ? 'json' : undefined);
  if (flags.output !== undefined && flags.json === true && flags.output !== 'json') {
    throw usageError(`--json and -o ${flags.output} contradict each other`, undefined, '-o json');
  }
  if (typed !== undefined) {
    const known = outputFormats.find((format) => format === typed);
    if (known !== undefined && formats.allowed.includes(known)) return known;
    const instead =
      typed === 'json' && formats.allowed.includes('jsonl') ? 'jsonl' : (formats.allowed[0] ?? 'table');
    const why =
      known === undefined
        ? `valid: ${formats.allowed.join(', ')}`
        : `this command can print ${formats.allowed.join(', ')}`;
    throw usageError(
      known === undefined ? `-o ${typed} is not a format` : `-o ${typed} is not possible here`,
      why,
      `-o ${instead}`,
    );
  }
  const env = deps.env['SDCTL_OUTPUT'];
  if (env && !outputFormats.some((format) => format === env)) {
    throw usageError(
      `SDCTL_OUTPUT=${env} is not a format`,
      `valid: ${outputFormats.join(', ')}`,
      'SDCTL_OUTPUT=table',
    );
  }
  const wish = formats.allowed.find((format) => format === (env || config.defaults?.output));
  return wish ?? (deps.stdout.isTerminal ? formats.terminal : formats.pipe);
}

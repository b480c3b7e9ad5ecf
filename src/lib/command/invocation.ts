import type { ConfigFile, ContextConfig } from '../config/schema.js';
import { loadConfig, locateConfig, type ConfigLocation } from '../config/file.js';
import type { ConnectionFlags } from '../config/layers.js';
import { isOn } from '../config/layers.js';
import { requireConnection, resolveSettings, type Settings } from '../config/settings.js';
import { SdctlError } from '../errors.js';
import { defaultPorts } from '../config/settings.js';
import type { Connection } from '../registry/connection.js';
import { parseServer } from '../registry/server-url.js';
import type { CallOptions, RegistryHandle } from '../registry/types.js';
import { outputFormats, type OutputFormat, type View } from '../render/view.js';
import { decideAscii, decideColor } from './color.js';
import type { Deps } from './deps.js';
import { Diagnostics } from './diagnostics.js';
import { requireDuration, requireInteger, usageError } from './usage.js';

/** The global flags as oclif parses them. */
export interface InvocationFlags extends ConnectionFlags {
  readonly context?: string | undefined;
  readonly config?: string | undefined;
  readonly timeout?: string | undefined;
  readonly output?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly debug?: boolean | undefined;
  readonly color?: string | undefined;
  readonly ascii?: boolean | undefined;
  readonly width?: string | undefined;
  readonly plain?: boolean | undefined;
  readonly headers?: boolean | undefined;
  readonly 'no-headers'?: boolean | undefined;
  readonly 'log-file'?: string | undefined;
}

/** What a command makes of its formats: which it can print, and which it prints unasked. */
export interface FormatChoice {
  readonly allowed: readonly OutputFormat[];
  readonly terminal: OutputFormat;
  readonly pipe: OutputFormat;
}

/** One run of one command: its flags, the config file and where it prints, worked out once. */
export class Invocation {
  readonly deps: Deps;
  readonly flags: InvocationFlags;
  readonly location: ConfigLocation | null;
  readonly config: ConfigFile;
  readonly diagnostics: Diagnostics;
  readonly view: View;
  readonly signal: AbortSignal;
  #settings: Settings | null = null;

  private constructor(
    deps: Deps,
    flags: InvocationFlags,
    location: ConfigLocation | null,
    config: ConfigFile,
    formats: FormatChoice,
    signal: AbortSignal,
  ) {
    this.deps = deps;
    this.flags = flags;
    this.location = location;
    this.config = config;
    this.signal = signal;
    const { env } = deps;
    const plain =
      flags.plain === true ||
      (env['ACCESSIBLE'] !== undefined && !['', '0', 'false'].includes(env['ACCESSIBLE']));
    this.diagnostics = new Diagnostics(deps.stderr, deps.clock, {
      quiet: flags.quiet === true,
      verbose: flags.verbose === true || flags.debug === true || isOn(env['SDCTL_DEBUG']),
      progress: !plain && !isOn(env['CI']),
      logFile: flags['log-file'] ?? env['SDCTL_LOG_FILE'] ?? null,
    });
    this.view = toView(deps, flags, config, formats, plain);
  }

  static async open(
    deps: Deps,
    flags: InvocationFlags,
    formats: FormatChoice,
    signal: AbortSignal,
  ): Promise<Invocation> {
    const location = locateConfig(flags.config, deps.env, deps.platform);
    const writesConfig = formats === configWriting;
    const config =
      writesConfig && flags.config !== undefined
        ? await loadConfig({ path: flags.config, from: 'SDCTL_CONFIG' })
        : await loadConfig(location);
    return new Invocation(deps, flags, location, config, formats, signal);
  }

  get isVerbose(): boolean {
    return this.flags.verbose === true || this.flags.debug === true;
  }

  /** Where the command goes; says once what is set but not in force. */
  get settings(): Settings {
    if (this.#settings === null) {
      this.#settings = resolveSettings({ flags: this.flags, env: this.deps.env, config: this.config });
      for (const { name, why, quiet } of this.#settings.ignored) {
        this.diagnostics.notify({
          level: quiet ? 'detail' : 'warning',
          text: `${name} is set but ignored: ${why}`,
        });
      }
    }
    return this.#settings;
  }

  /** The registry named. @throws {SdctlError} E_NO_REGISTRY */
  get connection(): Connection {
    return requireConnection(this.settings);
  }

  get contextConfig(): ContextConfig | null {
    return this.settings.context?.config ?? null;
  }

  /** For messages: `prod-eu (etcd)`, or the backend and server where no context is in force. */
  get place(): string {
    const { backend, context } = this.connection;
    return context === null ? `${backend} at ${this.serverNames}` : `${context} (${backend})`;
  }

  /** Servers without any credentials in them; the directory of the embedded registry. */
  get serverNames(): string {
    const { backend, servers, directory } = this.connection;
    if (backend === 'local') return directory ?? 'memory';
    return servers.map((server) => parseServer(server, defaultPorts[backend]).url).join(', ');
  }

  /** `--timeout` as typed, in milliseconds; null when absent. */
  get timeoutFlagMs(): number | null {
    return this.flags.timeout === undefined
      ? null
      : requireDuration('--timeout', this.flags.timeout, { minMs: 1 });
  }

  /** Limit of one call from SDCTL_TIMEOUT or the config file; null: the registry's own. */
  get timeoutSettingMs(): number | null {
    const env = this.deps.env['SDCTL_TIMEOUT'];
    if (env) return requireDuration('SDCTL_TIMEOUT', env, { minMs: 1 });
    const setting = this.config.defaults?.timeout;
    return setting === undefined ? null : requireDuration('timeout', setting, { minMs: 1 });
  }

  /** Options for one call to the registry. */
  callOptions(signal: AbortSignal = this.signal): CallOptions {
    const timeoutMs = this.timeoutFlagMs ?? this.timeoutSettingMs;
    return { signal, notify: this.diagnostics.notify, ...(timeoutMs === null ? {} : { timeoutMs }) };
  }

  /** Opens the registry named; warns when certificates are not checked. */
  async openRegistry(): Promise<RegistryHandle> {
    const { connection } = this;
    if (connection.tls.insecureSkipVerify) {
      this.diagnostics.notify({
        level: 'warning',
        text: 'server certificates are not checked (insecure-skip-verify)',
      });
    }
    const asking = connection.backend === 'local' ? 'Reading' : 'Asking';
    this.diagnostics.notify({ level: 'progress', text: `${asking} ${this.serverNames} …` });
    return this.deps.openRegistry(connection);
  }

  /** @throws {SdctlError} E_READ_ONLY in a context that is marked so */
  refuseReadOnly(action: string): void {
    if (this.contextConfig?.readOnly !== true) return;
    throw new SdctlError('E_READ_ONLY', `context ${this.settings.context?.name ?? ''} is read-only`, {
      why: `${action} would change the registry`,
      hint: 'use another context',
    });
  }

  /** Writes the answer. @param text whole lines, already safe */
  print(text: string): void {
    this.diagnostics.clear();
    this.deps.stdout.write(text);
  }
}

/** For commands that may create the config file that `--config` names. */
export const configWriting: FormatChoice = {
  allowed: ['table', 'tsv', 'json', 'yaml'],
  terminal: 'table',
  pipe: 'tsv',
};

function toView(
  deps: Deps,
  flags: InvocationFlags,
  config: ConfigFile,
  formats: FormatChoice,
  plain: boolean,
): View {
  const { env, stdout } = deps;
  const width =
    flags.width !== undefined
      ? requireInteger('--width', flags.width, 20, 10_000)
      : terminalWidth(env['COLUMNS'], stdout.columns);
  const color = decideColor({
    flag: checkedColor(flags.color),
    env,
    setting: config.defaults?.color,
    isTerminal: stdout.isTerminal,
  });
  return {
    format: chooseFormat(deps, flags, config, formats),
    width,
    color,
    ascii: decideAscii(flags.ascii, env, config.defaults?.ascii),
    plain,
    headers: flags['no-headers'] === true ? false : flags.headers === true ? true : null,
    nowMs: deps.clock.nowMs(),
  };
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
function chooseFormat(
  deps: Deps,
  flags: InvocationFlags,
  config: ConfigFile,
  formats: FormatChoice,
): OutputFormat {
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

/** The formats of commands that print one answer. */
export const listFormats: FormatChoice = { allowed: outputFormats, terminal: 'table', pipe: 'tsv' };

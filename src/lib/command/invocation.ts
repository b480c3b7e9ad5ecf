import type { ConfigFile, ContextConfig } from '../config/schema.js';
import { loadConfig, locateConfig, type ConfigLocation } from '../config/file.js';
import type { ConnectionFlags } from '../config/layers.js';
import { isSet } from '../config/env.js';
import { requireConnection, resolveSettings, type Settings } from '../config/settings.js';
import { SdctlError } from '../errors.js';
import { defaultPorts } from '../config/merge.js';
import type { Connection } from '../registry/connection.js';
import { parseServer } from '../registry/server-url.js';
import type { CallOptions, RegistryHandle } from '../registry/types.js';
import { shellQuote } from '../render/safe-text.js';
import type { View } from '../render/view.js';
import { toAscii } from './ascii.js';
import { colorOf, toView, type FormatChoice, type ViewFlags } from './choose-view.js';
import type { Deps } from './deps.js';
import { Diagnostics } from './diagnostics.js';
import { requireDuration } from './usage.js';

/** The global flags as oclif parses them. */
export interface InvocationFlags extends ConnectionFlags, ViewFlags {
  readonly context?: string | undefined;
  readonly config?: string | undefined;
  readonly timeout?: string | undefined;
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
  readonly debug?: boolean | undefined;
  readonly 'log-file'?: string | undefined;
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
  #answered = false;

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
    const plain = flags.plain === true || isSet(env['ACCESSIBLE']);
    this.view = toView(deps, flags, config, formats, plain);
    this.diagnostics = new Diagnostics(deps.stderr, deps.clock, {
      quiet: flags.quiet === true,
      verbose: flags.verbose === true || flags.debug === true || isSet(env['SDCTL_DEBUG']),
      progress: !plain && !isSet(env['CI']),
      ascii: this.view.ascii,
      logFile: flags['log-file'] ?? (env['SDCTL_LOG_FILE'] || null),
    });
  }

  static async open(
    deps: Deps,
    flags: InvocationFlags,
    formats: FormatChoice,
    signal: AbortSignal,
  ): Promise<Invocation> {
    const location = locateConfig(flags.config, deps.env, deps.platform);
    return new Invocation(deps, flags, location, await configFor(location, formats), formats, signal);
  }

  /** The view for lines on stderr, whose colour is decided by itself. */
  get stderrView(): View {
    return { ...this.view, color: colorOf(this.deps, this.flags, this.config, this.deps.stderr.isTerminal) };
  }

  /** Something of the answer has been printed. */
  get answered(): boolean {
    return this.#answered;
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

  /** The flags that lead to the same entries, for commands that are advised: ` --layout kratos`; empty by default. */
  get rootFlags(): string {
    const { flags } = this;
    const quoted = (prefix: string): string => (prefix === '' ? "''" : shellQuote(prefix));
    const layout = flags.layout === undefined ? '' : ` --layout ${shellQuote(flags.layout)}`;
    return layout + (flags.prefix ?? []).map((prefix) => ` --prefix ${quoted(prefix)}`).join('');
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

  /**
   * Writes the answer.
   *
   * @param text whole lines, already safe
   * @param isExact it is for programs, whatever the format is
   */
  print(text: string, isExact = false): void {
    this.diagnostics.clear();
    this.#answered = true;
    const { format, ascii } = this.view;
    // Other formats hold exact values and belong to programs.
    const isForPeople = !isExact && (format === 'table' || format === 'wide');
    this.deps.stdout.write(ascii && isForPeople ? toAscii(text) : text);
  }
}

async function configFor(location: ConfigLocation | null, formats: FormatChoice): Promise<ConfigFile> {
  if (formats.config === 'ignored') return {};
  const mayBeMissing = formats.config === 'may-create' && location !== null;
  return loadConfig(mayBeMissing ? { ...location, from: 'SDCTL_CONFIG' } : location);
}

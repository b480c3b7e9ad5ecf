import { Command } from '@oclif/core/command';
import { SdctlError } from '../errors.js';
import { systemDeps, type Deps } from './deps.js';
import { globalFlags } from './global-flags.js';
import { Invocation, type FormatChoice, type InvocationFlags } from './invocation.js';
import { fromParseError } from './parse-error.js';
import { reportFailure } from './report.js';
import { signalNumbers } from './signals.js';

/** Every command: parse, call the library once, render. Signals, errors and the exit code are handled here. */
export abstract class BaseCommand extends Command {
  static override readonly baseFlags = globalFlags;
  /** Replaced in tests. */
  static makeDeps: () => Deps = systemDeps;

  readonly #abort = new AbortController();
  #deps: Deps | null = null;
  #invocation: Invocation | null = null;
  #stopListening: () => void = () => undefined;
  #signalled: NodeJS.Signals | null = null;

  protected get deps(): Deps {
    this.#deps ??= (this.constructor as typeof BaseCommand).makeDeps();
    return this.#deps;
  }

  /** Aborted by the first SIGINT, SIGTERM or SIGHUP, and when nobody reads stdout any more. */
  protected get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** The signal that ended the command, if one did. */
  protected get signalled(): NodeJS.Signals | null {
    return this.#signalled;
  }

  /** What the first signal leads to, said before a second one may skip it; null for commands that just end. */
  protected cleanupText(): string | null {
    return null;
  }

  protected async open(flags: InvocationFlags, formats: FormatChoice): Promise<Invocation> {
    this.#invocation = await Invocation.open(this.deps, flags, formats, this.signal);
    return this.#invocation;
  }

  protected override async init(): Promise<void> {
    await super.init();
    this.#stopListening = this.deps.onSignal((signal) => {
      this.#onSignal(signal);
    });
    this.deps.stdout.closed.addEventListener('abort', () => {
      this.#abort.abort();
    });
  }

  protected override async catch(thrown: Error): Promise<void> {
    const { deps } = this;
    if (deps.stdout.closed.aborted) return this.#leave(0);
    if (this.#signalled !== null && (!(thrown instanceof SdctlError) || thrown.code === 'E_ABORTED')) {
      return this.#leave(128 + signalNumbers[this.#signalled]);
    }
    const own = this.constructor as typeof BaseCommand;
    const error = fromParseError(thrown, this.id?.replaceAll(':', ' ') ?? '', {
      ...own.flags,
      ...own.baseFlags,
    });
    this.#invocation?.diagnostics.clear();
    const code = reportFailure(error, {
      deps,
      argv: this.argv,
      command: this.id ?? null,
      format: this.#invocation?.view.format ?? null,
    });
    return this.#leave(code);
  }

  protected override async finally(): Promise<void> {
    this.#invocation?.diagnostics.clear();
    this.#stopListening();
  }

  /** Ends the command with this code after everything written has left. */
  protected async leave(code: number): Promise<never> {
    this.#invocation?.diagnostics.clear();
    return this.#leave(code);
  }

  /** The code of a command that a signal ended: 128 + n. */
  protected async leaveBySignal(): Promise<never> {
    return this.#leave(this.#signalled === null ? 0 : 128 + signalNumbers[this.#signalled]);
  }

  async #leave(code: number): Promise<never> {
    await Promise.all([this.deps.stdout.flush(), this.deps.stderr.flush()]);
    return this.deps.exit(code);
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (this.#signalled !== null) this.deps.exit(128 + signalNumbers[signal]);
    this.#signalled = signal;
    const text = this.cleanupText();
    if (text !== null) this.#invocation?.diagnostics.say(text);
    this.#abort.abort();
  }
}

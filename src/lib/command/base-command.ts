import { Command } from '@oclif/core/command';
import { SdctlError, abortedError } from '../errors.js';
import type { FormatChoice } from './choose-view.js';
import { systemDeps, type Deps } from './deps.js';
import { globalFlags } from './global-flags.js';
import { Invocation, type InvocationFlags } from './invocation.js';
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
    const { stdout } = this.deps;
    if (stdout.failure !== null) return this.#fail(stdout.failure);
    if (stdout.closed.aborted) return this.#leave(0);
    const isAbort = !(thrown instanceof SdctlError) || thrown.code === 'E_ABORTED';
    if (this.#signalled !== null && isAbort) return this.leaveBySignal();
    const own = this.constructor as typeof BaseCommand;
    return this.#fail(fromParseError(thrown, this.#name, { ...own.flags, ...own.baseFlags }));
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

  /** The end of a command by a signal: 128 + n. Programs that wait for one document get one. */
  protected async leaveBySignal(): Promise<never> {
    if (this.#signalled === null) return this.#leave(0);
    return this.#fail(abortedError(), 128 + signalNumbers[this.#signalled]);
  }

  get #name(): string {
    return this.id?.replaceAll(':', ' ') ?? '';
  }

  async #fail(error: unknown, exitCode?: number): Promise<never> {
    const invocation = this.#invocation;
    invocation?.diagnostics.clear();
    const code = reportFailure(error, {
      deps: this.deps,
      argv: this.deps.argv,
      command: this.#name,
      format: invocation?.view.format ?? null,
      answered: invocation?.answered === true,
      ...(exitCode === undefined ? {} : { exitCode }),
    });
    return this.#leave(code);
  }

  async #leave(code: number): Promise<never> {
    const { stdout, stderr } = this.deps;
    await Promise.all([stdout.flush(), stderr.flush()]);
    if (code === 0 && stdout.failure !== null) return this.#fail(stdout.failure);
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

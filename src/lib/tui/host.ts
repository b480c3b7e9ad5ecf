import type { Clock } from '../time/clock.js';
import type { ReadOnlyRegistry } from '../registry/read-only.js';
import type { DoctorMirror } from './doctor/mirror.js';
import type { SdctlError } from '../errors.js';
import type { Health } from '../model/instance.js';
import type { Identity } from './model/paint-model.js';

/** Which registry to look at. null: as the command line says. */
export interface Target {
  readonly context: string | null;
  readonly layout: string | null;
}

/** A registry that is open. */
export interface Opened {
  readonly identity: Identity;
  readonly registry: ReadOnlyRegistry;
  /** Where services are looked for, for an empty screen; null: no roots there. */
  readonly roots: string | null;
  /** Why rules matter, by their ids. */
  readonly ruleGuides?: () => Promise<ReadonlyMap<string, { readonly why: string }>>;
  /** Wall clock milliseconds since when an instance has been so at least, from earlier runs; null: nobody knows. */
  sinceOf(key: string, health: Health): number | null;
  /** Opens the doctor's thread; not before it is asked for. */
  openDoctor(onError: (error: SdctlError) => void): Promise<DoctorMirror>;
}

/** What the view takes from the command that runs it. */
export interface ViewHost {
  readonly clock: Clock;
  /** Names in the config file, for `:ctx`. */
  readonly contexts: readonly string[];
  /** null: all services. */
  readonly service: string | null;
  /** Limit of one call in milliseconds; null: the registry's own. */
  readonly timeoutMs: number | null;
  /** Who it is going to be, before anything is opened. @throws {SdctlError} for a context that cannot be used */
  identityOf(target: Target): Identity;
  /** @throws {SdctlError} what the settings say no to */
  open(target: Target): Promise<Opened>;
  layoutsOf(identity: Identity): readonly string[];
  /** Writes a file for nobody but the user. @returns its path */
  save(name: string, text: string): string;
  /** Puts text into the terminal's clipboard, false: it takes nothing now; null: that was not allowed. */
  readonly copy: ((text: string) => boolean) | null;
  /** For the log file. */
  log(entry: Readonly<Record<string, unknown>>): void;
}

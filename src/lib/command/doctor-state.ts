import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isSet, type Env } from '../config/env.js';
import { stateDirectory } from '../config/state-directory.js';
import {
  formatHistory,
  historyOf,
  nextHistory,
  noHistory,
  parseHistory,
  type HistoryKind,
  type HistoryState,
  type Observed,
} from '../doctor/history.js';
import type { History } from '../doctor/types.js';
import { replaceFile } from './replace-file.js';
import { makePrivateFolder } from '../files/private-folder.js';

/** What a state is opened with. */
export interface DoctorStateOptions {
  readonly env: Env;
  /** As for `examine`: each registry has a file of its own. */
  readonly identity: string;
  /** `--no-state`: nothing is read, nothing is written. */
  readonly isOff: boolean;
  readonly nowMs: number;
  /** Says what does not stop a run. */
  readonly warn: (text: string) => void;
}

/** More than any registry needs; a file of that size is no state. */
const MOST_BYTES = 64 * 1024 ** 2;

/**
 * What earlier runs on the same registry have seen: a file in the state directory that only its owner may read. Of two
 * runs at once the later one to end is remembered. Nothing about it stops a run.
 */
export class DoctorState {
  readonly #options: DoctorStateOptions;
  /** null: nothing is remembered. */
  readonly #file: string | null;
  readonly #state: HistoryState;

  /** In CI no file is created: the next job has another disk. One that is there counts. */
  constructor(options: DoctorStateOptions) {
    this.#options = options;
    const file = options.isOff ? null : placeOf(options);
    const text = file === null ? null : this.#read(file);
    this.#file = text === null && isSet(options.env['CI']) ? null : file;
    this.#state = text === null || file === null ? noHistory : this.#parse(text, file);
  }

  /** For the rules; null: nothing is remembered. */
  get history(): History | null {
    return this.#file === null ? null : historyOf(this.#state);
  }

  /** Remembers what is so now; see `nextHistory`. */
  save(observed: Iterable<Observed>, judges: (kind: HistoryKind, of: string) => boolean): void {
    if (this.#file === null) return;
    const { nowMs, identity } = this.#options;
    const next = nextHistory(this.#state, observed, { nowMs, judges });
    try {
      makePrivateFolder(dirname(this.#file));
      replaceFile(this.#file, formatHistory(next, identity), 0o600);
    } catch (error) {
      this.#options.warn(`this run will not be remembered (${this.#file}: ${codeOf(error)})`);
    }
  }

  #read(file: string): string | null {
    try {
      const found = statSync(file, { throwIfNoEntry: false });
      if (found === undefined) return null;
      if (!found.isFile()) throw new Error('it is not a regular file');
      if (found.size > MOST_BYTES) throw new Error('it is too large');
      return readFileSync(file, 'utf8');
    } catch (error) {
      this.#forget(file, codeOf(error));
      return null;
    }
  }

  #parse(text: string, file: string): HistoryState {
    const { identity, nowMs } = this.#options;
    const parsed = parseHistory(text, identity, nowMs);
    if (parsed.ok) return parsed.state;
    this.#forget(file, parsed.why);
    return noHistory;
  }

  #forget(file: string, why: string): void {
    this.#options.warn(
      `what earlier runs have seen cannot be read (${file}: ${why}): this run is the first one`,
    );
  }
}

function placeOf({ env, identity }: DoctorStateOptions): string | null {
  const state = stateDirectory(env);
  const name = createHash('sha256').update(identity).digest('hex').slice(0, 16);
  return state === null ? null : join(state, 'doctor', `${name}.json`);
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}

import { accessSync, closeSync, constants, existsSync, openSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateDirectory } from '../config/state-directory.js';
import { toJson } from '../render/safe-text.js';
import { toRfc3339 } from '../time/clock.js';
import type { Invocation } from './invocation.js';
import { makePrivateFolder } from '../files/private-folder.js';

/** One line of the log: what was done to one thing, and what became of it. */
export interface AuditEntry {
  /** `deregister`, `lease revoke`, `deregister --undo`. */
  readonly command: string;
  /** SERVICE/INSTANCE, with the node on Consul, or the lease. */
  readonly target: string;
  /** The key, where it has one. */
  readonly key: string | null;
  readonly how: string;
  /** Address of the agent that was asked; null: the registry itself. */
  readonly agent: string | null;
  readonly outcome: string;
  /** What went wrong; null: nothing. */
  readonly error: string | null;
}

const FILE = 'audit.jsonl';

/** What was removed and put back, by whom: JSON lines in the state directory that only their owner may read. */
export class AuditLog {
  readonly #invocation: Invocation;
  readonly #file: string | null;
  #isLost = false;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    const state = stateDirectory(invocation.deps.env);
    this.#file = state === null ? null : join(state, FILE);
  }

  /** Says on stderr that nothing will be recorded, if that is known beforehand. Creates the file unless `isTrial`. */
  warnIfUnwritable(isTrial: boolean): void {
    if (this.#file === null) {
      this.#warn('none of SDCTL_STATE_DIR, XDG_STATE_HOME and HOME is set');
      return;
    }
    try {
      if (isTrial) requireWritable(this.#file);
      else append(this.#file, '');
    } catch (error) {
      this.#warn(`${this.#file}: ${codeOf(error)}`);
    }
  }

  /** Appends one line. A log that cannot be written never stops a removal that is under way. */
  record(entry: AuditEntry): void {
    if (this.#file === null || this.#isLost) return;
    const { deps, connection, settings, serverNames } = this.#invocation;
    const line = {
      at: toRfc3339(deps.clock.nowMs()),
      who: { user: deps.userName(), host: deps.processes.host, pid: deps.processes.pid },
      context: settings.context?.name ?? null,
      backend: connection.backend,
      servers: serverNames,
      ...entry,
    };
    try {
      append(this.#file, `${toJson(line)}\n`);
    } catch (error) {
      this.#warn(`${this.#file}: ${codeOf(error)}`);
    }
  }

  #warn(why: string): void {
    this.#isLost = true;
    this.#invocation.diagnostics.notify({
      level: 'warning',
      text: `the audit log cannot be written (${why}): what is removed now is not recorded`,
    });
  }
}

function append(file: string, text: string): void {
  makePrivateFolder(dirname(file));
  const handle = openSync(file, 'a', 0o600);
  try {
    // One write for one line, so that two processes never mix theirs.
    if (text !== '') writeSync(handle, text);
  } finally {
    closeSync(handle);
  }
}

/** Whether the file could be appended to, or its folder made. */
function requireWritable(file: string): void {
  let place = file;
  while (!existsSync(place) && place !== dirname(place)) place = dirname(place);
  accessSync(place, constants.W_OK);
  // A folder where the file should be, or a file where a folder should be.
  const isFolder = statSync(place).isDirectory();
  if (isFolder === (place === file))
    throw Object.assign(new Error(), { code: isFolder ? 'EISDIR' : 'ENOTDIR' });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}

import { appendFileSync } from 'node:fs';
import { SdctlError } from '../errors.js';
import type { Notice } from '../registry/types.js';
import { safeText } from '../render/safe-text.js';
import { toRfc3339, type Clock } from '../time/clock.js';
import { toAscii } from './ascii.js';
import type { Output } from './output.js';
import { StatusLine } from './status-line.js';

export interface DiagnosticsOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly progress: boolean;
  /** Only ASCII may be written. */
  readonly ascii: boolean;
  readonly logFile: string | null;
}

/** Everything sdctl says beside the answer: stderr and the log file. Text is escaped here, once. */
export class Diagnostics {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #options: DiagnosticsOptions;
  readonly #status: StatusLine;

  constructor(output: Output, clock: Clock, options: DiagnosticsOptions) {
    this.#output = output;
    this.#clock = clock;
    this.#options = options;
    this.#status = new StatusLine(output, options.progress && !options.quiet);
    if (options.logFile !== null) this.#log({ level: 'detail', text: 'started' }, true);
  }

  /** Only into the log file: nothing may be printed while the whole screen is in use. */
  readonly logOnly = (notice: Notice): void => {
    this.#log(notice);
  };

  /** For `CallOptions.notify`. */
  readonly notify = (notice: Notice): void => {
    this.#log(notice);
    if (notice.level === 'progress') {
      this.#status.show(this.#shown(safeText(notice.text)));
      return;
    }
    if (this.#options.quiet || (notice.level === 'detail' && !this.#options.verbose)) return;
    this.line(safeText(notice.text, { max: 4_000 }));
  };

  /** A line for people; dropped with `--quiet`. @param text already safe */
  say(text: string): void {
    this.#log({ level: 'warning', text });
    if (!this.#options.quiet) this.line(text);
  }

  /** A line that is always written. @param text already safe */
  line(text: string): void {
    this.#status.clear();
    this.#output.write(`${this.#shown(text)}\n`);
  }

  /** A record for the log file alone, such as a figure. @param record facts, nothing untrusted */
  record(record: Readonly<Record<string, unknown>>): void {
    const { logFile } = this.#options;
    if (logFile !== null && this.#options.verbose) this.#append(record, false);
  }

  /** The answer or the end comes: nothing temporary may stay on the screen. */
  clear(): void {
    this.#status.clear();
  }

  #shown(text: string): string {
    return this.#options.ascii ? toAscii(text) : text;
  }

  #log(notice: Notice, first = false): void {
    if (this.#options.logFile === null) return;
    this.#append({ level: notice.level, text: safeText(notice.text, { max: 4_000 }) }, first);
  }

  #append(record: Readonly<Record<string, unknown>>, first: boolean): void {
    const { logFile } = this.#options;
    if (logFile === null) return;
    const line = JSON.stringify({ at: toRfc3339(this.#clock.nowMs()), ...record });
    try {
      appendFileSync(logFile, `${line}\n`, { mode: 0o600 });
    } catch (error) {
      if (!first) return;
      throw new SdctlError('E_FILE', `cannot write the log file ${logFile}`, {
        why: (error as NodeJS.ErrnoException).code ?? String(error),
        hint: '--log-file with another path',
        cause: error,
      });
    }
  }
}

import type { Size } from '../model/paint-model.js';
import { usableSize, type Stop, type TerminalDevice } from './device.js';
import { PatientWriter } from './patient-writer.js';

/** What one picture cost. */
export interface Written {
  readonly bytes: number;
  /** What `draw` was told; of several pictures that became one, the first. */
  readonly startedMs: number | null;
}

export interface ScreenEvents {
  /** The terminal takes nothing any more, and never will; told once. */
  onLost(error: unknown): void;
  /** Everything has to be laid out anew; until the next `draw` nothing is written. */
  onResize(size: Size): void;
  /** The terminal has taken the last byte of a picture. */
  onWritten?(written: Written): void;
}

/** The terminal's second screen, as lines. */
export interface Screen {
  /** The terminal has not taken all of the last picture yet; of the pictures drawn meanwhile, the last will follow. */
  readonly isBusy: boolean;
  size(): Size;
  enter(): void;
  /** Gives the terminal back as it was. Synchronous, and safe to call again and from every handler. */
  leave(): void;
  /** Leaves, and stops the job; everything comes back when it goes on. */
  suspend(): void;
  /** Shows these lines, one for each row, by writing those that are not shown yet. */
  draw(lines: readonly string[], startedMs?: number): void;
  /** Clears, and writes all lines again. */
  repaint(): void;
  /** Sends something that is seen nowhere. @returns false: the terminal does not take it now */
  tell(bytes: Uint8Array): boolean;
}

/** Alternate screen, no cursor, no wrapping, pastes in brackets, clear. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[0m\x1b[2J';
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l';
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';
const CLEAR = '\x1b[0m\x1b[2J';
/** Ends a sequence of which the terminal took only the beginning. */
const CANCEL = '\x18';

const LEAVE_PATIENCE_MS = 400;
/** A terminal that took nothing for so long was stopped, detached or asleep: what it shows now, nobody knows. */
const DOUBTFUL_MS = 500;
/** Nothing stops a job that no shell could wake again; then the screen comes back by itself. */
const NOT_STOPPED_MS = 250;

export function openScreen(device: TerminalDevice, events: ScreenEvents): Screen {
  return new TerminalScreen(device, events);
}

class TerminalScreen implements Screen {
  readonly #device: TerminalDevice;
  readonly #events: ScreenEvents;
  readonly #writer: PatientWriter;
  #state: 'closed' | 'open' | 'suspended' = 'closed';
  #size: Size;
  /** The last picture asked for; null: none of this size. */
  #wanted: readonly string[] | null = null;
  #startedMs: number | null = null;
  #shown: readonly string[] = [];
  #mustClear = true;
  /** What the terminal is taking, if that is a picture. */
  #picture: Written | null = null;
  #stops: Stop[] = [];
  #stopWaiting: Stop = () => undefined;

  constructor(device: TerminalDevice, events: ScreenEvents) {
    this.#device = device;
    this.#events = events;
    this.#size = usableSize(device);
    this.#writer = new PatientWriter(device, {
      onCaughtUp: (quietMs) => {
        this.#caughtUp(quietMs);
      },
      onLost: (error) => {
        events.onLost(error);
      },
    });
  }

  get isBusy(): boolean {
    return this.#writer.isBusy;
  }

  size(): Size {
    return usableSize(this.#device);
  }

  enter(): void {
    if (this.#state !== 'closed') return;
    this.#stops = [
      this.#device.onResize(() => {
        this.#resized();
      }),
      this.#device.onSignal(['SIGTSTP'], () => {
        this.suspend();
      }),
      this.#device.onSignal(['SIGCONT'], () => {
        this.#resume();
      }),
    ];
    this.#size = this.size();
    this.#take();
  }

  leave(): void {
    if (this.#state === 'closed') return;
    const wasOpen = this.#state === 'open';
    this.#state = 'closed';
    this.#stopWaiting();
    for (const stop of this.#stops.splice(0)) stop();
    if (wasOpen) this.#giveBack();
  }

  suspend(): void {
    if (this.#state !== 'open') return;
    this.#state = 'suspended';
    this.#giveBack();
    this.#device.stopSelf();
    this.#stopWaiting = this.#device.later(NOT_STOPPED_MS, () => {
      this.#resume();
    });
  }

  draw(lines: readonly string[], startedMs?: number): void {
    this.#wanted = lines;
    this.#startedMs ??= startedMs ?? null;
    this.#show();
  }

  repaint(): void {
    this.#forget();
    this.#show();
  }

  tell(bytes: Uint8Array): boolean {
    if (this.#state !== 'open' || this.#writer.isBusy || this.#writer.isLost) return false;
    this.#writer.send(bytes);
    return !this.#writer.isLost;
  }

  #take(): void {
    this.#state = 'open';
    this.#startedMs = null;
    this.#forget();
    // Before anything is written: in the background this stops the job, and nothing of it is seen.
    this.#device.setRaw(true);
    this.#writer.send(Buffer.from(this.#cancelled() + ENTER));
  }

  /** Nothing is under way any more. @returns what ends the sequence that the terminal may have got half of */
  #cancelled(): string {
    this.#picture = null;
    return this.#writer.abandon() ? CANCEL : '';
  }

  #giveBack(): void {
    this.#device.setRaw(false);
    this.#writer.sendAtLast(Buffer.from(this.#cancelled() + LEAVE), LEAVE_PATIENCE_MS);
  }

  /** The job goes on. If the stop came from outside, the screen was not left, and the shell has its own settings now. */
  #resume(): void {
    if (this.#state === 'closed') return;
    this.#stopWaiting();
    if (this.#state === 'open') this.#device.setRaw(false);
    this.#take();
    const { columns, rows } = this.size();
    if (columns !== this.#size.columns || rows !== this.#size.rows) this.#resized();
    else this.#show();
  }

  #resized(): void {
    if (this.#state !== 'open') return;
    this.#size = this.size();
    // Made for another size.
    this.#wanted = null;
    this.#forget();
    this.#events.onResize(this.#size);
  }

  #forget(): void {
    this.#shown = [];
    this.#mustClear = true;
  }

  /** Writes what differs; while the terminal is not ready for it, the wish is remembered. */
  #show(): void {
    const lines = this.#wanted;
    if (lines === null || this.#state !== 'open' || this.#writer.isBusy || this.#writer.isLost) return;
    const text = this.#changes(lines);
    const startedMs = this.#startedMs;
    this.#startedMs = null;
    if (text === '') return;
    const bytes = Buffer.from(BEGIN_UPDATE + text + END_UPDATE);
    this.#shown = lines.slice(0, this.#size.rows);
    this.#mustClear = false;
    const picture: Written = { bytes: bytes.length, startedMs };
    this.#picture = picture;
    if (this.#writer.send(bytes)) this.#written();
  }

  #changes(lines: readonly string[]): string {
    let text = this.#mustClear ? CLEAR : '';
    for (let row = 0; row < this.#size.rows; row += 1) {
      const line = lines[row] ?? '';
      if (line === (this.#shown[row] ?? '')) continue;
      // Erased first: behind a line that fills the row, the cursor still stands on its last cell.
      text += `\x1b[${row + 1};1H\x1b[K${line}\x1b[0m`;
    }
    return text;
  }

  #written(): void {
    const picture = this.#picture;
    this.#picture = null;
    if (picture !== null) this.#events.onWritten?.(picture);
  }

  #caughtUp(quietMs: number): void {
    this.#written();
    if (quietMs >= DOUBTFUL_MS) this.#forget();
    this.#show();
  }
}

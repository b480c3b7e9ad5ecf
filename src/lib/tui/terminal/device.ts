import type { Size } from '../model/paint-model.js';

/** Stops listening, or takes back what was asked for; harmless when called again. */
export type Stop = () => void;

/** Signals that the view has to do with. */
export type TerminalSignal = 'SIGTERM' | 'SIGHUP' | 'SIGINT' | 'SIGQUIT' | 'SIGTSTP' | 'SIGCONT';

/** What the view needs of the process and its terminal. Nothing here ever waits for the terminal. */
export interface TerminalDevice {
  /** As the system tells it, which may be nothing at all: see `usableSize`. */
  size(): Size;
  /** Keys as they are pressed, without echo; or the settings from before. Never throws: the terminal may be gone. */
  setRaw(on: boolean): void;
  onInput(listener: (text: string) => void): Stop;
  /** No key will ever come again: end of file, or an error. */
  onInputEnd(listener: () => void): Stop;
  onResize(listener: () => void): Stop;
  onSignal(names: readonly TerminalSignal[], listener: (name: TerminalSignal) => void): Stop;
  /** Stops the job as Ctrl-Z does in a terminal that is not raw; returns when it goes on. */
  stopSelf(): void;
  /** Synchronous, the last chance. */
  onExit(listener: () => void): Stop;
  /** Real time: what is waited for is outside of the process. */
  later(ms: number, run: () => void): Stop;
  /** Blocks the process: for the few milliseconds after which there is no process any more. */
  pause(ms: number): void;
  /**
   * @returns how many of the bytes the terminal took; 0 when it takes none now
   * @throws when it never will: EIO, EPIPE, ...
   */
  write(bytes: Uint8Array): number;
  close(): void;
}

/** Where nothing better is known. */
const USUAL_SIZE: Size = { columns: 80, rows: 24 };

/** Some terminals say 0, and a closed one says nothing. */
export function usableSize(device: Pick<TerminalDevice, 'size'>): Size {
  const { columns, rows } = device.size();
  return isCount(columns) && isCount(rows) ? { columns, rows } : USUAL_SIZE;
}

function isCount(value: number | undefined): boolean {
  return value !== undefined && Number.isInteger(value) && value > 0;
}

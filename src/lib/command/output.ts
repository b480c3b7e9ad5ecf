import { SdctlError } from '../errors.js';

/** The part of a writable stream that commands need. */
export interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string, done: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

/**
 * stdout or stderr. A closed pipe is not a failure: what is written after it is dropped, and `closed` tells,
 * so that a stream command can end quietly.
 */
export class Output {
  readonly #sink: Sink;
  readonly #closing = new AbortController();
  #failure: SdctlError | null = null;
  #pending = 0;
  #idle: (() => void)[] = [];

  constructor(sink: Sink) {
    this.#sink = sink;
    sink.on('error', (error) => {
      this.#fail(error);
    });
  }

  /** Why not everything was written, when the reason is not that the reader went away: a full disk. */
  get failure(): SdctlError | null {
    return this.#failure;
  }

  /** Takes an error of the stream that Node throws late, from a turn of its own. @returns whether it was one */
  takes(thrown: unknown): boolean {
    const isWrite = thrown instanceof Error && (thrown as NodeJS.ErrnoException).syscall === 'write';
    if (isWrite) this.#fail(thrown);
    return isWrite;
  }

  #fail(error: NodeJS.ErrnoException): void {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') {
      this.#failure ??= new SdctlError('E_FAILED', 'the output could not be written', {
        why: error.code === 'ENOSPC' ? 'no space left on the device' : (error.code ?? error.message),
      });
    }
    this.#closing.abort();
  }

  get isTerminal(): boolean {
    return this.#sink.isTTY === true;
  }

  /** Columns of the terminal; undefined in a pipe. */
  get columns(): number | undefined {
    return this.#sink.columns;
  }

  /** Aborted once the reader has gone away. */
  get closed(): AbortSignal {
    return this.#closing.signal;
  }

  /** Writes text as it is. */
  write(text: string): void {
    if (text === '' || this.closed.aborted) return;
    this.#pending += 1;
    const written = (error?: Error | null): void => {
      this.#pending -= 1;
      if (error) this.#fail(error);
      if (this.#pending === 0) for (const done of this.#idle.splice(0)) done();
    };
    try {
      this.#sink.write(text, written);
    } catch (error) {
      // A file is written at once, and fails at once.
      written(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Resolves when everything written so far has left the process, or nobody reads it any more. */
  async flush(): Promise<void> {
    if (this.#pending === 0 || this.closed.aborted) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
      this.closed.addEventListener('abort', () => {
        resolve();
      });
    });
  }
}

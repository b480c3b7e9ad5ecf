import { status } from '@grpc/grpc-js';
import type { IDuplexStream } from 'etcd3/lib/rpc.js';
import type { Clock } from '../../time/clock.js';

/** What the stream of grpc can do beyond etcd3's type. */
interface Pausable {
  pause(): unknown;
  resume(): unknown;
}

const PAUSE_ABOVE = 100;

/** A grpc stream in both directions, read one message at a time. Holds the sender back while nobody reads. */
export class MessageStream<Request, Response> {
  readonly #stream: IDuplexStream<Request, Response> & Partial<Pausable>;
  readonly #queue: Response[] = [];
  readonly #onEnd: (error: Error) => void;
  readonly #clock: Clock;
  #waiting: { resolve: (message: Response) => void; reject: (error: Error) => void } | null = null;
  #error: Error | null = null;
  #paused = false;
  #receivedMs: number;

  /** @param onEnd called once when the stream ends by itself, not after `cancel` */
  constructor(
    stream: IDuplexStream<Request, Response>,
    clock: Clock,
    onEnd: (error: Error) => void = () => undefined,
  ) {
    this.#stream = stream;
    this.#onEnd = onEnd;
    this.#clock = clock;
    this.#receivedMs = clock.monotonicMs();
    stream.on('data', (message) => this.#receive(message));
    // The listener stays for good: an error after `cancel` would end the process otherwise.
    stream.on('error', (error) => this.#end(error));
    stream.on('end', () => this.#end(endedError()));
  }

  get isOpen(): boolean {
    return this.#error === null;
  }

  /** Held back because the reader is slow: silence says nothing about the server then. */
  get isPaused(): boolean {
    return this.#paused;
  }

  /** Monotonic time of the last message, or of the beginning. */
  get receivedMs(): number {
    return this.#receivedMs;
  }

  write(message: Request): void {
    if (this.#error === null) this.#stream.write(message);
  }

  /**
   * The next message.
   *
   * @throws what grpc reported when the stream ended
   */
  next(): Promise<Response> {
    const message = this.#queue.shift();
    if (message !== undefined) {
      if (this.#paused && this.#queue.length === 0) {
        this.#paused = false;
        this.#stream.resume?.();
      }
      return Promise.resolve(message);
    }
    if (this.#error !== null) return Promise.reject(this.#error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Ends the stream; a reader gets `reason`. */
  cancel(reason: Error = cancelledError()): void {
    if (this.#error !== null) return;
    this.#settle(reason);
    this.#stream.cancel();
  }

  #receive(message: Response): void {
    if (this.#error !== null) return;
    this.#receivedMs = this.#clock.monotonicMs();
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      waiting.resolve(message);
      return;
    }
    this.#queue.push(message);
    if (this.#queue.length > PAUSE_ABOVE && !this.#paused) {
      this.#paused = true;
      this.#stream.pause?.();
    }
  }

  #end(error: Error): void {
    if (this.#error !== null) return;
    this.#settle(error);
    this.#onEnd(error);
  }

  #settle(error: Error): void {
    this.#error = error;
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}

/** An error in grpc's form, for the one place that reads those. */
export function grpcError(code: status, details: string): Error {
  return Object.assign(new Error(details), { code, details });
}

/** No answer in time. */
export function overdueError(afterMs: number): Error {
  return grpcError(status.DEADLINE_EXCEEDED, `no answer within ${afterMs / 1_000}s`);
}

function endedError(): Error {
  return grpcError(status.UNAVAILABLE, 'the server ended the stream');
}

function cancelledError(): Error {
  return grpcError(status.CANCELLED, 'cancelled');
}

import { status } from '@grpc/grpc-js';
import type { IWatchCreateRequest, IWatchRequest, IWatchResponse } from 'etcd3/lib/rpc.js';
import { abortedError, isAborted } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import { openScope } from '../scope.js';
import type { Calls, CallLimits } from './calls.js';
import { toSdctlError } from './explain.js';
import { readFailure } from './map-error.js';
import { grpcError, MessageStream, overdueError } from './message-stream.js';
import type { AttemptLimits, RawClients, Server } from './server.js';

type Stream = MessageStream<IWatchRequest, IWatchResponse>;

export interface WatchStreamOptions {
  /** Ask for a sign of life when nothing came for a while. Off where something else shows that the server lives. */
  readonly heartbeat: boolean;
  /** Called once when the stream ends by itself. */
  readonly onEnd?: (error: Error) => void;
}

const QUIET_MS = 5_000;
const ANSWER_MS = 3_000;

/** One watch on a stream of its own, so that a refused one touches no other. */
export class WatchStream {
  readonly #calls: Calls;
  readonly #stream: Stream;
  readonly #stop = new AbortController();

  private constructor(
    calls: Calls,
    readonly server: Server,
    stream: Stream,
    /** The server's confirmation. Its revision is the current one of the store, not one up to which we have read. */
    readonly created: IWatchResponse,
  ) {
    this.#calls = calls;
    this.#stream = stream;
  }

  /**
   * Opens a watch on the first server that confirms it.
   *
   * @throws {SdctlError} E_FORBIDDEN or E_AUTH when it is refused, else as `Calls.run`
   */
  static async open(
    calls: Calls,
    clock: Clock,
    request: IWatchCreateRequest,
    limits: CallLimits,
    options: WatchStreamOptions,
  ): Promise<WatchStream> {
    return calls.run(limits, async (clients, server, attempt) => {
      const { stream, created } = await create(clients, clock, request, attempt, options.onEnd);
      const watch = new WatchStream(calls, server, stream, created);
      if (options.heartbeat) void watch.#guard(clock);
      return watch;
    });
  }

  /**
   * The next answer of the server.
   *
   * @throws {SdctlError} when the stream broke or the server ended the watch; E_COMPACTED and E_TOO_LARGE mean that
   *   everything has to be read anew
   */
  async next(): Promise<IWatchResponse> {
    try {
      const answer = await this.#stream.next();
      const reason = endOf(answer);
      if (reason !== null) throw reason;
      return answer;
    } catch (error) {
      // Closed by us: nothing is wrong with the connection, on which others may be at work.
      if (this.#stop.signal.aborted) throw abortedError();
      this.close();
      const failure = readFailure(error);
      if (failure.elsewhere) this.#calls.avoid(this.server);
      throw toSdctlError([{ server: this.server, failure }]);
    }
  }

  close(): void {
    this.#stop.abort();
    this.#stream.cancel();
  }

  /** W7: after a quiet while asks for progress; without an answer the stream counts as broken. */
  async #guard(clock: Clock): Promise<void> {
    const { signal } = this.#stop;
    while (this.#stream.isOpen && !signal.aborted) {
      const quietMs = clock.monotonicMs() - this.#stream.receivedMs;
      if (quietMs < QUIET_MS || this.#stream.isPaused) {
        await clock.sleep(Math.max(100, QUIET_MS - quietMs), signal);
        continue;
      }
      const before = this.#stream.receivedMs;
      const isQuiet = (): boolean => this.#stream.receivedMs === before && !this.#stream.isPaused;
      this.#stream.write({ progress_request: {} });
      await clock.sleep(ANSWER_MS, signal);
      if (isAborted(signal) || !isQuiet()) continue;
      this.#stream.cancel(overdueError(QUIET_MS + ANSWER_MS));
    }
  }
}

async function create(
  clients: RawClients,
  clock: Clock,
  request: IWatchCreateRequest,
  limits: AttemptLimits,
  onEnd: ((error: Error) => void) | undefined,
): Promise<{ readonly stream: Stream; readonly created: IWatchResponse }> {
  let confirmed = false;
  const stream: Stream = new MessageStream(await clients.watch.watch(), clock, (error) => {
    if (confirmed) onEnd?.(error);
  });
  const waiting = openScope(limits.signal);
  void clock.sleep(limits.timeoutMs, waiting.signal).then(() => {
    if (limits.signal.aborted || !waiting.signal.aborted) stream.cancel(overdueError(limits.timeoutMs));
  });
  try {
    stream.write({ create_request: request });
    const created = await stream.next();
    const refused = created.canceled ? endOf(created) : null;
    if (refused !== null) throw refused;
    confirmed = true;
    return { stream, created };
  } catch (error) {
    stream.cancel();
    throw error;
  } finally {
    waiting.end();
  }
}

/** Why the server ended the watch; null when it did not. */
function endOf(answer: IWatchResponse): Error | null {
  if (!answer.canceled) return null;
  if (answer.compact_revision !== '0')
    return grpcError(status.OUT_OF_RANGE, 'required revision has been compacted');
  return grpcError(
    status.UNAVAILABLE,
    answer.cancel_reason === '' ? 'the server ended the watch' : answer.cancel_reason,
  );
}

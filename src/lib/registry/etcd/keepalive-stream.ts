import { status } from '@grpc/grpc-js';
import type { ILeaseKeepAliveRequest, ILeaseKeepAliveResponse } from 'etcd3/lib/rpc.js';
import type { Clock } from '../../time/clock.js';
import { openScope } from '../scope.js';
import { grpcError, MessageStream, overdueError } from './message-stream.js';
import type { RawClients, Server } from './server.js';

/** The stream on which one lease is renewed. */
export class KeepaliveStream {
  readonly #stream: MessageStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>;
  readonly #clock: Clock;

  private constructor(
    readonly server: Server,
    stream: MessageStream<ILeaseKeepAliveRequest, ILeaseKeepAliveResponse>,
    clock: Clock,
  ) {
    this.#stream = stream;
    this.#clock = clock;
  }

  /** @param onEnd called once when the stream ends by itself */
  static async open(
    clients: RawClients,
    server: Server,
    clock: Clock,
    onEnd: (error: Error) => void,
  ): Promise<KeepaliveStream> {
    return new KeepaliveStream(
      server,
      new MessageStream(await clients.lease.leaseKeepAlive(), clock, onEnd),
      clock,
    );
  }

  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  /**
   * Renews once. After a failure the stream is closed: a late answer would be taken for the next one.
   *
   * @returns seconds granted; 0 when etcd does not know the lease
   * @throws what grpc reports
   */
  async renew(
    leaseId: string,
    limits: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<number> {
    const waiting = openScope(limits.signal);
    void this.#clock.sleep(limits.timeoutMs, waiting.signal).then(() => {
      if (limits.signal.aborted) this.#stream.cancel(grpcError(status.CANCELLED, 'aborted'));
      else if (!waiting.signal.aborted) this.#stream.cancel(overdueError(limits.timeoutMs));
    });
    try {
      this.#stream.write({ ID: leaseId });
      for (;;) {
        const answer = await this.#stream.next();
        if (answer.ID === leaseId) return Math.max(0, Number(answer.TTL));
      }
    } catch (error) {
      this.#stream.cancel();
      throw error;
    } finally {
      waiting.end();
    }
  }

  close(): void {
    this.#stream.cancel();
  }
}

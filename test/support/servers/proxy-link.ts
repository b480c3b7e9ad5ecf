/** One proxied connection: two sockets and what is held between them. */
import type { Socket } from 'node:net';

/** Up is from the client to the server. */
export type Direction = 'up' | 'down';

export interface ProxyConnection {
  readonly openedAt: number;
  /** When the client closed its side, or the connection was cut. */
  readonly closedAt: number | undefined;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** Shared by all connections of a proxy and changed while they run. */
export interface LinkRules {
  stalled: ReadonlySet<Direction>;
  latencyMs: number;
  limit: { readonly bytes: number; readonly then: 'stall' | 'close' } | undefined;
}

type Item =
  { readonly bytes: Buffer; readonly dueAt: number } | { readonly end: true; readonly dueAt: number };

export class ProxyLink {
  readonly record: { openedAt: number; closedAt: number | undefined; bytesUp: number; bytesDown: number };
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #rules: LinkRules;
  readonly #onClose: () => void;
  readonly #queues: Record<Direction, Item[]> = { up: [], down: [] };
  readonly #timers = new Set<NodeJS.Timeout>();
  /** Bytes passed down since the limit was set. */
  #passed = 0;

  constructor(client: Socket, upstream: Socket, rules: LinkRules, onClose: () => void) {
    this.record = { openedAt: Date.now(), closedAt: undefined, bytesUp: 0, bytesDown: 0 };
    this.#client = client;
    this.#upstream = upstream;
    this.#rules = rules;
    this.#onClose = onClose;
    this.#read(client, 'up');
    this.#read(upstream, 'down');
  }

  /** Lets go what the changed rules no longer hold. */
  update(): void {
    this.#flush('up');
    this.#flush('down');
  }

  resetLimit(): void {
    this.#passed = 0;
    this.update();
  }

  /** Ends both sides with RST. */
  reset(): void {
    this.#client.resetAndDestroy();
    // A socket that is still connecting cannot be reset.
    if (this.#upstream.connecting) this.#upstream.destroy();
    else this.#upstream.resetAndDestroy();
    this.#closed();
  }

  #read(source: Socket, direction: Direction): void {
    source.setNoDelay(true);
    source.on('data', (bytes: Buffer) => this.#add(direction, { bytes, dueAt: this.#dueAt() }));
    source.on('end', () => {
      // What the client has closed is closed for the one who counts, even if a stall holds back the news.
      if (source === this.#client) this.record.closedAt ??= Date.now();
      this.#add(direction, { end: true, dueAt: this.#dueAt() });
    });
    source.on('drain', () => this.#otherEnd(source).resume());
    source.on('error', () => this.reset());
    source.on('close', () => {
      if (this.#client.destroyed && this.#upstream.destroyed) this.#closed();
    });
  }

  #dueAt(): number {
    return Date.now() + this.#rules.latencyMs;
  }

  #otherEnd(socket: Socket): Socket {
    return socket === this.#client ? this.#upstream : this.#client;
  }

  #add(direction: Direction, item: Item): void {
    this.#queues[direction].push(item);
    this.#flush(direction);
  }

  #flush(direction: Direction): void {
    const queue = this.#queues[direction];
    for (let item = queue[0]; item !== undefined; item = queue[0]) {
      if (this.#rules.stalled.has(direction)) return;
      const wait = item.dueAt - Date.now();
      if (wait > 0) {
        this.#later(direction, wait);
        return;
      }
      if ('end' in item) this.#sink(direction).end();
      else if (!this.#pass(direction, item.bytes)) return;
      queue.shift();
    }
  }

  #later(direction: Direction, wait: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#flush(direction);
    }, wait);
    this.#timers.add(timer);
  }

  /** Writes what the limit allows; false if that was not all. */
  #pass(direction: Direction, bytes: Buffer): boolean {
    const limit = direction === 'down' ? this.#rules.limit : undefined;
    const allowed = limit === undefined ? bytes.length : Math.max(0, limit.bytes - this.#passed);
    const part = bytes.subarray(0, allowed);
    const sink = this.#sink(direction);
    if (part.length > 0 && !sink.write(part)) this.#otherEnd(sink).pause();
    this.record[direction === 'up' ? 'bytesUp' : 'bytesDown'] += part.length;
    if (direction === 'down') this.#passed += part.length;
    if (part.length === bytes.length) return true;
    this.#queues[direction][0] = { bytes: bytes.subarray(part.length), dueAt: 0 };
    if (limit?.then === 'close') this.#close();
    return false;
  }

  /** An orderly end for the client, as of a server that closes in the middle of its answer. */
  #close(): void {
    this.#queues.down.length = 0;
    this.#client.end(() => this.#client.destroy());
    this.#upstream.destroy();
  }

  #sink(direction: Direction): Socket {
    return direction === 'up' ? this.#upstream : this.#client;
  }

  #closed(): void {
    this.record.closedAt ??= Date.now();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#onClose();
  }
}

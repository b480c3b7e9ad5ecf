import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { Registry, WatchOptions } from '../../src/lib/registry/types.js';

/** Events in order, and a way to wait for one: tests wait for events, never for time. */
export class EventLog<E extends { readonly type: string }> {
  readonly all: E[] = [];
  #waiting: (() => void)[] = [];

  readonly push = (event: E): void => {
    this.all.push(event);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  };

  get types(): string[] {
    return this.all.map(({ type }) => type);
  }

  /**
   * The first event of that type (and for which `matches` holds), already there or yet to come.
   *
   * @param from index to start at; default: the beginning
   */
  async until<T extends E['type']>(
    type: T,
    withinMs: number,
    matches: (event: Extract<E, { type: T }>) => boolean = () => true,
    from = 0,
  ): Promise<Extract<E, { type: T }>> {
    const deadlineMs = Date.now() + withinMs;
    for (let index = from; ; index += 1) {
      while (index >= this.all.length) await this.#more(deadlineMs, `${type} within ${withinMs} ms`);
      const event = this.all[index];
      if (event?.type === type && matches(event as Extract<E, { type: T }>))
        return event as Extract<E, { type: T }>;
    }
  }

  #more(deadlineMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`no ${what}; seen: ${this.types.join(', ') || 'nothing'}`));
      }, deadlineMs - Date.now());
      this.#waiting.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

/** A watch that runs beside the test and is stopped with it. */
export class Watching extends EventLog<MembershipEvent> implements AsyncDisposable {
  readonly #stop = new AbortController();
  /** Settles when the stream has ended; rejects with what ended it. */
  readonly done: Promise<void>;

  constructor(registry: Registry, service: string | null, options: Omit<WatchOptions, 'signal'> = {}) {
    super();
    this.done = this.#collect(registry, service, options);
    // The failure is seen by whoever awaits `done`; nobody else has to.
    this.done.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.done.catch(() => undefined);
  }

  async #collect(
    registry: Registry,
    service: string | null,
    options: Omit<WatchOptions, 'signal'>,
  ): Promise<void> {
    for await (const event of registry.watch(service, { ...options, signal: this.#stop.signal }))
      this.push(event);
  }
}

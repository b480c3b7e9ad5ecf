import { SdctlError } from '../../errors.js';
import type { Clock } from '../../time/clock.js';
import type { Calls, CallLimits } from './calls.js';
import { nextRevision } from './ids.js';
import { readFailure } from './map-error.js';
import { WatchStream } from './watch-stream.js';

export interface OwnWatchEvents {
  readonly onChange: () => void;
  readonly onBroken: (why: string) => void;
}

/**
 * Watches the key of one registration, so that a removal or takeover is noticed before the next renewal. Only a help:
 * where it is refused or cannot be opened, renewals notice the same a little later.
 */
export class OwnWatch {
  readonly #calls: Calls;
  readonly #clock: Clock;
  readonly #key: Buffer;
  readonly #events: OwnWatchEvents;
  #stream: WatchStream | null = null;
  #opening = false;
  #closed = false;

  constructor(calls: Calls, clock: Clock, key: Buffer, events: OwnWatchEvents) {
    this.#calls = calls;
    this.#clock = clock;
    this.#key = key;
    this.#events = events;
  }

  /** Begins after `revision`, at which the key was known to be ours. Does nothing while a watch is open. */
  begin(revision: string, limits: CallLimits): void {
    if (this.#stream !== null || this.#opening || this.#closed) return;
    this.#opening = true;
    void this.#run(revision, limits).finally(() => {
      this.#opening = false;
    });
  }

  /** Stops watching until the next `begin`. */
  end(): void {
    this.#stream?.close();
    this.#stream = null;
  }

  close(): void {
    this.#closed = true;
    this.end();
  }

  async #run(revision: string, limits: CallLimits): Promise<void> {
    const request = { key: this.#key, start_revision: nextRevision(revision) };
    const onEnd = (error: Error): void => {
      this.#stream = null;
      this.#events.onBroken(readFailure(error).why);
    };
    try {
      const stream = await WatchStream.open(this.#calls, this.#clock, request, limits, {
        heartbeat: false,
        onEnd,
      });
      if (this.#closed) {
        stream.close();
        return;
      }
      this.#stream = stream;
      void this.#read(stream);
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
    }
  }

  async #read(stream: WatchStream): Promise<void> {
    try {
      for (;;) {
        const { events } = await stream.next();
        if (events.length > 0) this.#events.onChange();
      }
    } catch (error) {
      if (this.#stream === stream) this.#stream = null;
      if (!(error instanceof SdctlError)) throw error;
    }
  }
}

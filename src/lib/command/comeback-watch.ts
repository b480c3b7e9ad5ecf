import { isAborted, SdctlError } from '../errors.js';
import type { Instance } from '../model/instance.js';
import type { MembershipEvent } from '../model/membership.js';
import type { RegistryHandle } from '../registry/types.js';
import { openScope, type Scope } from '../registry/scope.js';
import { ComebackLedger, type Verdict } from './comeback-ledger.js';
import type { Invocation } from './invocation.js';

export type { Verdict } from './comeback-ledger.js';

/** What of a run is needed here. */
export type LookInvocation = Pick<Invocation, 'signal' | 'callOptions'> & {
  readonly deps: Pick<Invocation['deps'], 'clock'>;
};

/** What of a registry is needed here. */
export interface LookHandle {
  readonly registry: Pick<RegistryHandle['registry'], 'watch'>;
  readonly operations: Pick<RegistryHandle['operations'], 'lookUp'>;
}

/** The first answer of a watch is waited for this long; without it, reading alone decides. */
const START_MS = 5_000;
/** From the first read to the second; each later pause is twice as long. */
const FIRST_PAUSE_MS = 1_000;
const BROKEN_OFF = 'the look was broken off';

/**
 * Looks whether what is removed comes back. It follows the services from before the first removal on, so that a return
 * within milliseconds is seen. It also reads them, at the end and at growing pauses before: where a watch only compares
 * sets (Consul, the embedded registry), an entry that goes and comes between two of them looks as if nothing had been.
 */
export class ComebackWatch implements AsyncDisposable {
  readonly #invocation: LookInvocation;
  readonly #handle: LookHandle;
  readonly #ledger: ComebackLedger;
  readonly #scope: Scope;
  readonly #work: Promise<void>[] = [];
  #hasBegun = false;
  #nextReadMs = 0;
  #wake: () => void = () => undefined;

  private constructor(invocation: LookInvocation, handle: LookHandle, known: readonly Instance[]) {
    this.#invocation = invocation;
    this.#handle = handle;
    this.#ledger = new ComebackLedger(invocation.deps.clock, known);
    this.#scope = openScope(invocation.signal);
  }

  /**
   * Begins to follow.
   *
   * @param known every instance of those services before anything is removed
   */
  static async start(
    invocation: LookInvocation,
    handle: LookHandle,
    services: readonly string[],
    known: readonly Instance[],
  ): Promise<ComebackWatch> {
    const watch = new ComebackWatch(invocation, handle, known);
    const started = Promise.all(services.map(async (service) => watch.#follow(service)));
    await watch.#sleep(START_MS, started);
    watch.#hasBegun = true;
    return watch;
  }

  /** An entry is gone from now on. */
  add(removed: Instance, lookMs: number): void {
    this.#ledger.add(removed, lookMs);
  }

  /** Waits until every look is over or has found its entry. @returns in the order in which they were added */
  async finish(): Promise<readonly Verdict[]> {
    this.#nextReadMs = this.#nowMs();
    for (let pauseMs = FIRST_PAUSE_MS; this.#ledger.leftMs() > 0 && !this.#scope.signal.aborted;) {
      if (this.#nextReadMs <= this.#nowMs()) {
        this.#nextReadMs = this.#nowMs() + pauseMs;
        pauseMs *= 2;
        this.#readBeside();
      }
      const news = new Promise<void>((resolve) => (this.#wake = resolve));
      await this.#sleep(Math.min(this.#ledger.leftMs(), this.#nextReadMs - this.#nowMs()), news);
    }
    return this.#ledger.verdicts(await this.#readAtEnd());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#scope.end();
    await Promise.all(this.#work);
  }

  #nowMs(): number {
    return this.#invocation.deps.clock.monotonicMs();
  }

  /** Ends early when `news` comes. */
  async #sleep(ms: number, news: Promise<unknown>): Promise<void> {
    const timer = openScope(this.#scope.signal);
    await Promise.race([news, this.#invocation.deps.clock.sleep(ms, timer.signal)]);
    timer.end();
  }

  /** @returns why nobody knows how the look ended; null: it is known */
  async #readAtEnd(): Promise<string | null> {
    if (this.#ledger.openServices().length === 0) return null;
    const { signal } = this.#scope;
    const failure = signal.aborted ? BROKEN_OFF : await this.#read();
    return failure !== null && isAborted(signal) ? BROKEN_OFF : failure;
  }

  /** Not waited for: a registry that does not answer must not hold up what the watch tells. */
  #readBeside(): void {
    // Whatever is wrong with it is wrong at the end as well, and said then.
    const done = this.#read().then(
      () => undefined,
      () => undefined,
    );
    this.#work.push(done);
  }

  /** @returns why it could not be read; null: it was */
  async #read(): Promise<string | null> {
    const options = { ...this.#invocation.callOptions(), signal: this.#scope.signal };
    try {
      const { instances } = await this.#handle.operations.lookUp(this.#ledger.openServices(), options);
      for (const instance of instances) this.#ledger.see(instance);
      this.#wake();
      return null;
    } catch (error) {
      if (error instanceof SdctlError) return error.why ?? error.message;
      throw error;
    }
  }

  /** @returns once the first set has come, or the watch has failed */
  #follow(service: string): Promise<void> {
    return new Promise((resolve) => {
      this.#work.push(this.#watch(service, resolve).finally(resolve));
    });
  }

  async #watch(service: string, onSynced: () => void): Promise<void> {
    const options = { signal: this.#scope.signal, retryStartMs: Infinity };
    try {
      for await (const event of this.#handle.registry.watch(service, options)) {
        this.#take(event);
        if (event.type === 'synced') onSynced();
      }
    } catch {
      // A service that may not be followed is still read, which says why it cannot be.
    }
  }

  #take(event: MembershipEvent): void {
    switch (event.type) {
      case 'synced':
        // What has come while somebody made up their mind was there before the removal.
        if (!this.#hasBegun) this.#ledger.learn(event.snapshot.instances);
        return;
      case 'joined':
        this.#ledger.join(event.instance);
        this.#wake();
        return;
      case 'updated':
        // It went and came back, or it has changed before it went and the news is late: reading tells.
        if (!this.#ledger.isLikeReturn(event.instance)) return;
        this.#nextReadMs = this.#nowMs();
        this.#wake();
        return;
      case 'left':
      case 'stale':
    }
  }
}

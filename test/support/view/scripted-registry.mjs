/**
 * A registry that holds what a fixture says, and changes, fails, refuses or hangs as a test says. It runs in the process
 * of the view; see `fixture.ts` for what a fixture is and `scripted-view.ts` for the side of the test.
 */
import { keepAlive } from './scripted-clock.mjs';
import { differencesOf, instanceKeyOf } from './scripted-set.mjs';

/** Calls that change something. None of them does; each is noted and refused. */
const WRITES = ['deregister', 'register', 'remove', 'restore', 'revokeLease', 'save', 'planRemoval'];
const RETRY_MS = 1_000;
const REFUSED_MS = 5_000;
const refusals = ['E_AUTH', 'E_FORBIDDEN'];

export class ScriptedRegistry {
  #fixture;
  #clock;
  #SdctlError;
  #instances;
  #leases;
  #revision;
  #partial;
  /** Method to `{ error, retryInMs }`, or `{ hang: true }`. */
  #faults;
  #calls = [];
  #watchers = new Set();
  /** Called when a fault changes. */
  #waiting = new Set();

  constructor(fixture, clock, SdctlError) {
    this.#fixture = fixture;
    this.#clock = clock;
    this.#SdctlError = SdctlError;
    this.#instances = new Map(fixture.instances.map((instance) => [instanceKeyOf(instance), instance]));
    this.#leases = new Map(fixture.leases.map((lease) => [lease.id, { ...lease }]));
    this.#revision = Number(fixture.revision);
    this.#partial = fixture.partial;
    this.#faults = new Map(Object.entries(fixture.faults));
  }

  /** What was called, with its moment. */
  get calls() {
    return this.#calls;
  }

  /** As a registry is opened: what the fixture says may keep it from that. */
  open() {
    const fault = this.#faults.get('open');
    if (fault !== undefined) throw this.#error(fault.error);
    return this.handle;
  }

  get handle() {
    const writes = Object.fromEntries(
      WRITES.map((name) => [
        name,
        async () => {
          this.#note(name, []);
          throw new Error(`the view called ${name}`);
        },
      ]),
    );
    return {
      backend: this.#fixture.backend,
      capabilities: this.#fixture.capabilities,
      registry: {
        ...writes,
        list: (service, options) => this.#call('list', [service], options, () => this.#snapshot(service)),
        watch: (service, options) => this.#watch(service, options),
        [Symbol.asyncDispose]: async () => undefined,
      },
      operations: { ...writes, ...this.#operations() },
      [Symbol.asyncDispose]: async () => this.#note('dispose', []),
    };
  }

  /** Changes the set; who follows hears of it unless following is at fault now. */
  emit(events) {
    for (const event of events) {
      if (event.type === 'stale' || event.type === 'raw') {
        const { cause, type: _type, event: raw, ...rest } = event;
        const whole =
          event.type === 'raw' ? raw : { type: 'stale', attempt: 1, retryInMs: RETRY_MS, ...rest, cause };
        this.#tell({
          ...this.#stamp(),
          ...whole,
          ...(cause === undefined ? {} : { cause: this.#error(cause) }),
        });
        continue;
      }
      this.#revision += 1;
      this.#change(event);
    }
    this.#wakeWatchers();
  }

  fail(method, error, retryInMs) {
    this.#faults.set(method, { error, retryInMs });
    this.#changeFaults();
  }

  hang(method) {
    this.#faults.set(method, { hang: true });
    this.#changeFaults();
  }

  /** @param method null: everything works again */
  recover(method) {
    if (method === null) this.#faults.clear();
    else this.#faults.delete(method);
    this.#changeFaults();
  }

  /** Changes leases, or adds them; one with `gone` is not known any more. */
  setLeases(leases) {
    for (const lease of leases) {
      if (lease.gone === true) this.#leases.delete(lease.id);
      else this.#leases.set(lease.id, { ...this.#leases.get(lease.id), ...lease });
    }
  }

  #operations() {
    const fixture = this.#fixture;
    return {
      listAll: (options) => this.#call('listAll', [], options, () => this.#snapshot(null)),
      listEverywhere: (options) => this.#call('listEverywhere', [], options, () => this.#snapshot(null)),
      lookUp: (services, options) =>
        this.#call('lookUp', [services], options, () => {
          const all = this.#snapshot(null);
          return { ...all, instances: all.instances.filter(({ service }) => services.includes(service)) };
        }),
      findRoots: (options) => this.#call('findRoots', [], options, () => fixture.roots),
      leases: (ids, options) =>
        this.#call('leases', [ids], options, () => {
          const known = ids.flatMap((id) => (this.#leases.has(id) ? [[id, this.#leaseNow(id)]] : []));
          return new Map(known);
        }),
      leaseIds: (options) =>
        this.#call('leaseIds', [], options, () => ({
          ids: this.#fixture.backend === 'consul' ? [] : [...this.#leases.keys()],
          hidden: fixture.hidden,
        })),
      listLeases: (options) =>
        this.#call('listLeases', [], options, () => ({
          leases: this.#records(),
          revision: String(this.#revision),
          takenAtMs: this.#clock.nowMs(),
          hidden: fixture.hidden,
        })),
      readLease: (name, options) =>
        this.#call(
          'readLease',
          [name],
          options,
          () =>
            this.#records().find(
              ({ id, node }) => id === name.id && (name.node === null || name.node === node),
            ) ?? null,
        ),
      readEntry: (instance, options) =>
        this.#call('readEntry', [instance.service, instance.id], options, () => {
          const found = this.#instances.get(instanceKeyOf(instance));
          if (found === undefined) return null;
          const stored = fixture.entries[instanceKeyOf(instance)];
          const value = stored === undefined ? JSON.stringify(found) : Buffer.from(stored, 'base64');
          return { key: found.key, isBinaryKey: false, value: Uint8Array.from(Buffer.from(value)) };
        }),
      status: (options) => this.#call('status', [], options, () => fixture.status),
      readFacts: (options) => this.#call('readFacts', [], options, () => fixture.facts),
    };
  }

  async *#watch(service, options) {
    this.#note('watch', [service]);
    const { signal } = options;
    const watcher = { service, events: [], isLive: false };
    let isWoken = false;
    let goOn = () => undefined;
    const wake = () => {
      isWoken = true;
      goOn();
    };
    const wakened = async () => {
      if (!isWoken) await new Promise((resolve) => (goOn = resolve));
      isWoken = false;
    };
    watcher.wake = wake;
    signal.addEventListener('abort', wake);
    this.#watchers.add(watcher);
    const letGo = keepAlive();
    let known = null;
    let failures = 0;
    let isStale = false;
    try {
      while (!signal.aborted) {
        const fault = this.#faults.get('watch');
        if (fault?.hang === true) {
          await wakened();
        } else if (fault !== undefined) {
          watcher.isLive = false;
          const cause = this.#error(fault.error);
          if (known === null && !(options.retryStartMs > 0)) throw cause;
          failures += 1;
          const isRefused = refusals.includes(cause.code);
          const retryInMs = isRefused
            ? (options.refusedPauseMs ?? REFUSED_MS)
            : (fault.retryInMs ?? RETRY_MS);
          options.onRetry?.({ cause, attempt: failures, retryInMs });
          if (known !== null && !isStale) {
            isStale = true;
            yield { ...this.#stamp(), type: 'stale', cause, attempt: failures, retryInMs };
          }
          await this.#clock.sleep(retryInMs, signal);
        } else {
          if (!watcher.isLive) {
            const before = known;
            watcher.events = [];
            watcher.isLive = true;
            known = new Map(this.#instances);
            const at = this.#stamp();
            const synced = { ...at, type: 'synced', snapshot: this.#snapshot(service) };
            const changes = before === null ? [] : differencesOf(before, known);
            isStale = false;
            failures = 0;
            yield synced;
            for (const change of changes) {
              if (concerns(service, change)) yield { ...at, ...change, resync: true };
            }
          }
          while (watcher.events.length > 0 && !signal.aborted) yield watcher.events.shift();
          if (this.#faults.get('watch') === undefined) {
            known = new Map(this.#instances);
            if (!signal.aborted) await wakened();
          }
        }
      }
    } finally {
      letGo();
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', wake);
    }
  }

  #change(event) {
    if (event.type === 'synced') {
      if (event.instances !== undefined)
        this.#instances = new Map(event.instances.map((instance) => [instanceKeyOf(instance), instance]));
      this.#partial = event.partial ?? this.#partial;
      for (const watcher of this.#watchers)
        watcher.events.push({ ...this.#stamp(), type: 'synced', snapshot: this.#snapshot(watcher.service) });
      return;
    }
    if (event.type === 'left') {
      const gone = this.#find(event);
      this.#instances.delete(instanceKeyOf(gone));
      this.#tell({
        ...this.#stamp(),
        type: 'left',
        instance: gone,
        reason: event.reason ?? 'expired',
        resync: false,
      });
      return;
    }
    const previous = event.type === 'updated' ? this.#find(event.instance ?? event) : undefined;
    const instance = { ...previous, ...event.instance, ...event.change, revision: String(this.#revision) };
    this.#instances.set(instanceKeyOf(instance), instance);
    const type = previous === undefined ? 'joined' : 'updated';
    this.#tell({
      ...this.#stamp(),
      type,
      instance,
      ...(previous === undefined ? {} : { previous }),
      resync: false,
    });
  }

  #find({ service, id, node }) {
    const found = [...this.#instances.values()].find(
      (each) =>
        each.service === service &&
        each.id === id &&
        (node === undefined || node === null || node === each.node),
    );
    if (found === undefined) throw new Error(`the fixture has no ${service}/${id}`);
    return found;
  }

  #tell(event) {
    for (const watcher of this.#watchers) {
      const fault = this.#faults.get('watch');
      // What hangs is told later; what fails is found out when it works again.
      const isHeard = fault === undefined || fault.hang === true;
      if (watcher.isLive && isHeard && concerns(watcher.service, event)) watcher.events.push(event);
    }
  }

  #wakeWatchers() {
    for (const watcher of this.#watchers) watcher.wake();
  }

  #changeFaults() {
    for (const wake of this.#waiting) wake();
    this.#wakeWatchers();
  }

  /** One call: noted, and answered unless it is at fault. */
  async #call(method, words, options, answer) {
    this.#note(method, words);
    await Promise.resolve();
    const { signal } = options;
    while (this.#faults.get(method)?.hang === true) {
      if (signal.aborted) throw new this.#SdctlError('E_ABORTED', 'aborted');
      const letGo = keepAlive();
      await new Promise((resolve) => {
        const wake = () => {
          letGo();
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    }
    const fault = this.#faults.get(method);
    if (fault !== undefined) throw this.#error(fault.error);
    if (signal.aborted) throw new this.#SdctlError('E_ABORTED', 'aborted');
    return answer();
  }

  #note(method, words) {
    this.#calls.push({ method, words, atMs: this.#clock.nowMs() });
  }

  #stamp() {
    return { at: new Date(this.#clock.nowMs()).toISOString(), revision: String(this.#revision) };
  }

  #snapshot(service) {
    const all = [...this.#instances.values()];
    return {
      service,
      instances: service === null ? all : all.filter((instance) => instance.service === service),
      undecoded: this.#fixture.undecoded,
      skipped: this.#fixture.skipped,
      revision: String(this.#revision),
      takenAtMs: this.#clock.nowMs(),
      partial: this.#partial,
    };
  }

  /** Time left counts down from the granted time and begins anew with every renewal. */
  #leaseNow(id) {
    const { grantedSeconds, renewEverySeconds, leftSeconds, atMs } = this.#leases.get(id);
    if (grantedSeconds === null) return { id, grantedSeconds, leftSeconds: null, isOverdue: false };
    const usedSeconds = grantedSeconds - leftSeconds + (this.#clock.nowMs() - atMs) / 1_000;
    const since =
      renewEverySeconds === null
        ? usedSeconds
        : ((usedSeconds % renewEverySeconds) + renewEverySeconds) % renewEverySeconds;
    // One that nobody renews was renewed at every moment until its time began to run out.
    const left = Math.min(grantedSeconds, grantedSeconds - since);
    // Servers tell whole seconds, rounded down.
    return { id, grantedSeconds, leftSeconds: Math.max(0, Math.floor(left)), isOverdue: left < 0 };
  }

  #records() {
    const leases = this.#fixture.backend === 'consul' ? [] : [...this.#leases.keys()];
    // One pass: there may be ten thousand of both.
    const boundTo = new Map(leases.map((id) => [id, []]));
    for (const instance of this.#instances.values()) boundTo.get(instance.lease?.id)?.push(instance);
    const records = leases.map((id) => {
      const { grantedSeconds, leftSeconds, isOverdue } = this.#leaseNow(id);
      const { renewEverySeconds, keys } = this.#leases.get(id);
      const bound = boundTo.get(id);
      return {
        kind: 'lease',
        id,
        node: null,
        name: null,
        grantedSeconds,
        leftSeconds,
        isOverdue,
        isRenewed: renewEverySeconds !== null,
        health: null,
        output: null,
        onEnd: null,
        bindings: [...bound.map(bindingOf), ...(keys ?? []).map(keyBinding)],
        knowsBindings: true,
      };
    });
    return [...records, ...this.#fixture.records];
  }

  #error({ code, message, ...options }) {
    return new this.#SdctlError(code, message, options);
  }
}

function concerns(service, event) {
  return service === null || event.instance === undefined || event.instance.service === service;
}

function bindingOf(instance) {
  const { service, id, node, key, layout } = instance;
  return { kind: 'instance', key, isBinaryKey: false, name: { service, id, node }, instance, layout };
}

function keyBinding(key) {
  return { kind: 'unread', key, isBinaryKey: false, name: null, instance: null, layout: null };
}

import { randomUUID } from 'node:crypto';
import { SdctlError } from '../errors.js';
import type { ProcessProbe } from '../registry/claim.js';
import { DirectoryStore } from '../registry/local/directory-store.js';
import type { Store } from '../registry/local/store.js';
import type { DriverCall } from '../registry/registration-driver.js';
import { toRfc3339, type Clock } from '../time/clock.js';
import { renewalIntervalMs } from '../time/renewal.js';
import { FleetEntries } from './fleet-entries.js';
import { lockFleet } from './fleet-lock.js';
import { FleetPlan, type FleetChange } from './fleet-plan.js';

export interface FleetOptions {
  readonly directory: string;
  /** Names, addresses and the order of changes follow from it. */
  readonly seed: string;
  /** Default 5. */
  readonly services?: number;
  /** Default 20. */
  readonly instances?: number;
  /** Default 6; 0: nothing changes. */
  readonly churnPerMinute?: number;
  /** How long an instance that stops renewing is still seen; default 10 000. */
  readonly ttlMs?: number;
  /** Stops the fleet, as disposing it does. */
  readonly signal: AbortSignal;
}

export interface FleetDeps {
  readonly clock: Clock;
  readonly processes: ProcessProbe;
}

/** A simulated fleet that runs. Disposing it removes its instances and its lock. */
export interface Fleet extends AsyncDisposable {
  /** Settles when it has stopped and cleaned up; with the error that stopped it, else with null. Never rejects. */
  readonly ended: Promise<SdctlError | null>;
}

const DEFAULTS = { services: 5, instances: 20, churnPerMinute: 6, ttlMs: 10_000 };
const CALL_MS = 5_000;

/**
 * Fills a registry directory with simulated instances that join, leave, miss renewals and fall ill, until the signal
 * aborts. Resolves once the whole fleet is announced.
 *
 * @throws {SdctlError} E_CONFLICT when a fleet already runs there, E_USAGE, or what the directory says
 */
export async function runFleet(options: FleetOptions, deps: FleetDeps): Promise<Fleet> {
  const { seed, directory } = options;
  const { services, instances, churnPerMinute } = { ...DEFAULTS, ...options };
  const plan = new FleetPlan({ seed, services, instances, churnPerMinute });
  const unlock = await lockFleet(directory, deps, { signal: options.signal, timeoutMs: CALL_MS });
  try {
    const store = new DirectoryStore(directory, deps.clock, deps.processes);
    return await startFleet(store, plan, deps, {
      ttlMs: options.ttlMs ?? DEFAULTS.ttlMs,
      signal: options.signal,
      unlock,
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The same over any store, which nobody else must fill with a fleet. */
export async function startFleet(
  store: Store,
  plan: FleetPlan,
  deps: FleetDeps,
  options: { readonly ttlMs: number; readonly signal: AbortSignal; readonly unlock: () => void },
): Promise<Fleet> {
  const { clock, processes } = deps;
  const started = toRfc3339(clock.nowMs());
  const owner = { host: processes.host, pid: processes.pid, started, run: randomUUID() };
  const entries = new FleetEntries(store, deps, owner, options.ttlMs);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const call = { signal, timeoutMs: CALL_MS };
  // Cleaning up is not stopped by what stopped the fleet.
  const cleanUp = (): Promise<void> =>
    entries.clear({ signal: new AbortController().signal, timeoutMs: CALL_MS });
  try {
    for (const member of plan.members) await entries.put(member, call);
  } catch (error) {
    await cleanUp().catch(() => undefined);
    throw error;
  }
  const ended = live(entries, plan, clock, options.ttlMs, call)
    .finally(cleanUp)
    .then(() => null, toFleetError)
    .finally(options.unlock);
  return {
    ended,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await ended;
    },
  };
}

/** Renews and changes the fleet, each at its time, until the signal aborts. */
async function live(
  entries: FleetEntries,
  plan: FleetPlan,
  clock: Clock,
  ttlMs: number,
  call: DriverCall,
): Promise<void> {
  const everyMs = renewalIntervalMs(ttlMs);
  let renewAtMs = clock.monotonicMs() + everyMs;
  let changeAtMs = clock.monotonicMs() + plan.nextPauseMs();
  for (;;) {
    await clock.sleep(Math.min(renewAtMs, changeAtMs) - clock.monotonicMs(), call.signal);
    if (call.signal.aborted) return;
    try {
      if (clock.monotonicMs() >= renewAtMs) {
        renewAtMs = clock.monotonicMs() + everyMs;
        await entries.renewAll(call);
      }
      if (clock.monotonicMs() >= changeAtMs) {
        changeAtMs = clock.monotonicMs() + plan.nextPauseMs();
        await apply(entries, plan.nextChange(), call);
      }
    } catch (error) {
      // A full disk or a busy lock may pass; what was missed is written with the next renewal.
      if (!(error instanceof SdctlError) || error.exitCode === 2 || error.code === 'E_DEFECT') throw error;
    }
  }
}

function apply(entries: FleetEntries, { type, member }: FleetChange, call: DriverCall): Promise<void> {
  switch (type) {
    case 'join':
    case 'state':
      return entries.put(member, call);
    case 'leave':
      return entries.remove(member, call);
    case 'silence':
      entries.forget(member);
      return Promise.resolve();
  }
}

function toFleetError(error: unknown): SdctlError | null {
  if (!(error instanceof SdctlError)) return new SdctlError('E_DEFECT', String(error), { cause: error });
  return error.code === 'E_ABORTED' ? null : error;
}

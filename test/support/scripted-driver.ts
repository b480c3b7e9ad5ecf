import type { Owner } from '../../src/lib/model/instance.js';
import type {
  ClaimMode,
  ClaimResult,
  Disturbance,
  RegistrationDriver,
  RenewResult,
} from '../../src/lib/registry/registration-driver.js';
import type { DeregisterOutcome } from '../../src/lib/registry/types.js';
import { anInstance, anOwner } from './builders.js';

/** What one call of a scripted driver does: answer, fail, or ask a function. */
export type Step<T> = T | Error | (() => Promise<T>);

/** A driver whose answers are written down beforehand; after the last one it answers as a healthy registry does. */
export class ScriptedDriver implements RegistrationDriver {
  readonly owner: Owner = anOwner({ run: 'our-run' });
  readonly claims: Step<ClaimResult>[] = [];
  readonly renewals: Step<RenewResult>[] = [];
  readonly releases: Step<DeregisterOutcome>[] = [];
  /** Every call by name, `claim:fresh` and `claim:replace` told apart. */
  readonly calls: string[] = [];
  disturb: (() => Promise<Disturbance>) | null = null;
  readonly ttlMs: number;

  constructor(ttlMs = 10_000) {
    this.ttlMs = ttlMs;
  }

  claim(mode: ClaimMode): Promise<ClaimResult> {
    this.calls.push(`claim:${mode.type}`);
    return play(this.claims, this.claimed());
  }

  renew(): Promise<RenewResult> {
    this.calls.push('renew');
    return play(this.renewals, { state: 'renewed', ttlMs: this.ttlMs });
  }

  disturbed(): Promise<Disturbance> {
    return this.disturb === null ? new Promise(() => undefined) : this.disturb();
  }

  release(): Promise<DeregisterOutcome> {
    this.calls.push('release');
    return play(this.releases, 'removed');
  }

  refreshCredentials(): void {
    this.calls.push('refresh');
  }

  close(): Promise<void> {
    this.calls.push('close');
    return Promise.resolve();
  }

  count(call: string): number {
    return this.calls.filter((name) => name === call).length;
  }

  claimed(leaseId = 'lease-1'): Extract<ClaimResult, { state: 'claimed' }> {
    return { state: 'claimed', instance: anInstance({ owner: this.owner }), leaseId, ttlMs: this.ttlMs };
  }
}

function play<T>(steps: Step<T>[], otherwise: T): Promise<T> {
  const step = steps.shift();
  if (step === undefined) return Promise.resolve(otherwise);
  if (step instanceof Error) return Promise.reject(step);
  return typeof step === 'function' ? (step as () => Promise<T>)() : Promise.resolve(step);
}

import { SdctlError } from '../../errors.js';
import { encodeSdctlValue } from '../../layouts/etcd/sdctl.js';
import type { Instance, Owner } from '../../model/instance.js';
import type { Clock } from '../../time/clock.js';
import type {
  ClaimMode,
  ClaimResult,
  Disturbance,
  DriverCall,
  Occupant,
  RegistrationDriver,
  RenewResult,
} from '../registration-driver.js';
import type { DeregisterOutcome, RegistrationSpec } from '../types.js';
import { isExpired, leftMsOf, type Decision, type Store, type Stored } from './store.js';
import { decodeStored } from './to-instance.js';

/** One registration in the embedded registry; its lease is the run id of its owner. */
export class LocalDriver implements RegistrationDriver {
  readonly owner: Owner;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #spec: RegistrationSpec;
  readonly #ttlMs: number;

  constructor(store: Store, clock: Clock, spec: RegistrationSpec, ttlMs: number) {
    this.owner = spec.owner;
    this.#store = store;
    this.#clock = clock;
    this.#spec = spec;
    this.#ttlMs = ttlMs;
  }

  async claim(mode: ClaimMode, call: DriverCall): Promise<ClaimResult> {
    const { answer: occupant, written } = await this.#store.edit(
      this.#spec,
      (current) => this.#decide(current, mode),
      call,
    );
    if (occupant !== null) {
      await this.#store.reap([this.#store.keyOf(this.#spec)]); // one that is ahead would be waited for in vain
      return { state: 'occupied', occupant };
    }
    const instance = written === null ? null : this.#instanceOf(written);
    if (instance === null) throw new SdctlError('E_DEFECT', 'an entry was written that cannot be read');
    return { state: 'claimed', instance, leaseId: this.owner.run, ttlMs: this.#ttlMs };
  }

  async renew(call: DriverCall): Promise<RenewResult> {
    const result = await this.#store.renew(this.#spec, this.owner.run, call);
    if (result.state !== 'taken') return result;
    return { state: 'taken', by: this.#instanceOf(result.by)?.owner ?? null };
  }

  /** A renewal is due after a third of the TTL; nothing here says so earlier. */
  disturbed(): Promise<Disturbance> {
    return new Promise(() => undefined);
  }

  async release(call: DriverCall): Promise<DeregisterOutcome> {
    const decide = (current: Stored | null): Decision<DeregisterOutcome> => {
      if (current === null) return { edit: { type: 'keep' }, answer: 'absent' };
      const isOurs = current.state === 'entry' && current.lease?.id === this.owner.run;
      return isOurs
        ? { edit: { type: 'remove' }, answer: 'removed' }
        : { edit: { type: 'keep' }, answer: 'changed' };
    };
    return (await this.#store.edit(this.#spec, decide, call)).answer;
  }

  refreshCredentials(): void {
    // Files carry no credentials of ours.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #decide(current: Stored | null, mode: ClaimMode): Decision<Occupant | null> {
    const lease = { id: this.owner.run, ttlMs: this.#ttlMs };
    const write = {
      edit: { type: 'write', value: encodeSdctlValue(this.#spec), lease },
      answer: null,
    } as const;
    if (current === null || this.#isFree(current)) return write;
    const occupant = this.#occupantOf(current);
    if (mode.type === 'replace' && mode.occupant.token === occupant.token) return write;
    return { edit: { type: 'keep' }, answer: occupant };
  }

  #isFree(current: Stored): boolean {
    // A machine that lost power may leave an empty file behind.
    if (current.state === 'unreadable')
      return current.sizeBytes === 0 && current.reason === 'no entry of sdctl';
    return isExpired(current, this.#clock.nowMs()) || current.lease?.id === this.owner.run;
  }

  #occupantOf(current: Stored): Occupant {
    const instance = this.#instanceOf(current);
    if (current.state === 'unreadable' || instance === null) {
      throw new SdctlError(
        'E_CONFLICT',
        `${current.key} is in the place of the entry and cannot be read as one`,
        {
          ...(current.state === 'unreadable' ? { why: current.reason } : {}),
          hint: 'remove that file, or choose another --id',
        },
      );
    }
    const leftMs = current.lease === null ? null : Math.max(1, leftMsOf(current.lease, this.#clock.nowMs()));
    return { instance, token: `${current.revision} ${current.lease?.id ?? ''}`, leftMs };
  }

  #instanceOf(stored: Stored): Instance | null {
    const decoded = decodeStored(stored, this.#clock.nowMs(), 'auto');
    return decoded.state === 'instance' ? decoded.instance : null;
  }
}

import { setImmediate } from 'node:timers/promises';
import { SdctlError } from '../errors.js';
import { formatInstanceName } from '../model/instance-name.js';
import { instanceKey } from '../model/instance.js';
import type { RegistryHandle } from '../registry/types.js';
import { safeName } from '../render/safe-text.js';
import type { Invocation } from './invocation.js';
import type { PlannedRemoval, RemovalPlans } from './removal-plan.js';
import { outcomeError, type RemovalResult } from './removal-result.js';

/** Removes what was planned, one after the other, and remembers what that has to do with the rest. */
export class RemovalSteps {
  readonly #invocation: Invocation;
  readonly #handle: RegistryHandle;
  readonly #changed: ReadonlySet<string>;
  readonly #revoked = new Set<string>();

  /** @param changed `instanceKey` of what could not be saved, because it is another entry by now */
  constructor(invocation: Invocation, handle: RegistryHandle, changed: ReadonlySet<string>) {
    this.#invocation = invocation;
    this.#handle = handle;
    this.#changed = changed;
  }

  /** @throws what is a defect; what an operator can act on is a result */
  async remove(removal: PlannedRemoval): Promise<RemovalResult> {
    // An embedded registry answers at once, and a signal is only heard between two turns.
    await setImmediate();
    const { plan } = removal;
    const { signal } = this.#invocation;
    const name = formatInstanceName(plan.instance);
    if (signal.aborted)
      return failed(removal, brokenOff(`${name} was left alone: the removal was broken off`));
    const lease = plan.method === 'revoke' ? (plan.instance.lease?.id ?? null) : null;
    // It fell with the one before it.
    if (lease !== null && this.#revoked.has(lease)) return toResult(removal, 'removed');
    if (this.#hasChanged(removal)) return toResult(removal, 'changed', outcomeError('changed', plan));
    try {
      const outcome = await this.#handle.operations.remove(plan, this.#invocation.callOptions());
      if (outcome === 'absent') this.#invocation.diagnostics.say(`${safeName(name)} was already gone.`);
      if (outcome === 'removed' && lease !== null) this.#revoked.add(lease);
      return toResult(removal, outcome, outcomeError(outcome, plan));
    } catch (error) {
      if (!(error instanceof SdctlError)) throw error;
      if (error.code !== 'E_ABORTED') return failed(removal, error);
      return failed(removal, brokenOff(`${name} was broken off: nobody knows whether it is removed`));
    }
  }

  /** A revoke has no condition, so what falls with it is compared here. */
  #hasChanged({ plan }: PlannedRemoval): boolean {
    return plan.falls.some(({ instance }) => instance !== null && this.#changed.has(instanceKey(instance)));
  }
}

function brokenOff(message: string): SdctlError {
  return new SdctlError('E_ABORTED', message);
}

function failed(removal: PlannedRemoval, error: SdctlError): RemovalResult {
  return toResult(removal, 'failed', error);
}

/** A result that nobody has looked at afterwards yet. */
export function toResult(
  { plan }: PlannedRemoval,
  outcome: RemovalResult['outcome'],
  error: SdctlError | null = null,
): RemovalResult {
  const { instance } = plan;
  return { name: formatInstanceName(instance), instance, plan, outcome, error, verdict: null };
}

/** Targets for which there was no plan. */
export function refusals({ refused }: RemovalPlans): readonly RemovalResult[] {
  return refused.map(({ name, instance, error }) => ({
    name,
    instance,
    plan: null,
    outcome: error.code === 'E_NOT_FOUND' ? 'absent' : 'failed',
    error,
    verdict: null,
  }));
}

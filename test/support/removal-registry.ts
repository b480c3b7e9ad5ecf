/** A registry of given instances that fails, changes or waits where a test wants it to. */
import { SdctlError } from '../../src/lib/errors.js';
import { instanceKey, type Instance, type Snapshot } from '../../src/lib/model/instance.js';
import type { LeaseBinding } from '../../src/lib/model/lease.js';
import type { RemovalPlan, SavedEntry } from '../../src/lib/model/removal.js';
import type { DeregisterOutcome, RegistryHandle, RemovalOptions } from '../../src/lib/registry/types.js';

/** A step of a removal. */
export type Step = 'lookUp' | 'planRemoval' | 'save' | 'remove' | 'restore';

export interface ScriptedRegistry {
  readonly handle: RegistryHandle;
  /** `remove order/a`: every step as it was asked for. */
  readonly asked: readonly string[];
  /** Keys of what is there. */
  keys(): readonly string[];
}

export interface Script {
  readonly instances: readonly Instance[];
  readonly backend?: string;
  readonly before?: Before | undefined;
}

/** Called before each step; what it throws is the answer. @param put writes an entry, as somebody else would */
export type Before = (step: Step, subject: string, put: (instance: Instance) => void) => void;

export const away = new SdctlError('E_UNREACHABLE', 'cannot reach the registry', {
  why: 'connection refused',
});

export function scriptedRegistry({ instances, backend = 'etcd', before }: Script): ScriptedRegistry {
  const asked: string[] = [];
  const there = new Map(instances.map((instance) => [instanceKey(instance), instance]));
  const enter = async (step: Step, subject: string): Promise<void> => {
    asked.push(`${step} ${subject}`);
    before?.(step, subject, (instance) => there.set(instanceKey(instance), instance));
    return Promise.resolve();
  };
  const nameOf = ({ service, id }: Pick<Instance, 'service' | 'id'>): string => `${service}/${id}`;
  const fallingWith = ({ lease }: Instance): readonly Instance[] =>
    [...there.values()].filter((other) => other.lease?.id === lease?.id);
  const operations = {
    async lookUp(services: readonly string[]): Promise<Snapshot> {
      await enter('lookUp', services.join());
      const found = [...there.values()].filter(({ service }) => services.includes(service));
      return snapshotOf(found);
    },
    async listAll(): Promise<Snapshot> {
      return Promise.resolve(snapshotOf([...there.values()]));
    },
    async planRemoval(instance: Instance, { how }: RemovalOptions): Promise<RemovalPlan> {
      await enter('planRemoval', nameOf(instance));
      const base = { instance, at: null, agent: 'none', takesMs: 0 } as const;
      if (how !== 'revoke') return { ...base, method: 'delete', falls: [] };
      const others = fallingWith(instance).filter((other) => other.key !== instance.key);
      return { ...base, method: 'revoke', falls: others.map(bindingOf) };
    },
    async save({ service, id, key, revision }: Instance): Promise<SavedEntry | null> {
      await enter('save', nameOf({ service, id }));
      if (there.get(key ?? '')?.revision !== revision) return null;
      const keyBase64 = Buffer.from(key ?? '').toString('base64');
      return {
        backend: 'etcd',
        service,
        id,
        keyBase64,
        valueBase64: '',
        leaseId: null,
        grantedSeconds: null,
      };
    },
    async remove({ instance, method }: RemovalPlan): Promise<DeregisterOutcome> {
      await enter('remove', nameOf(instance));
      const found = there.get(instanceKey(instance));
      if (found === undefined) return 'absent';
      if (found.revision !== instance.revision) return 'changed';
      for (const gone of method === 'revoke' ? fallingWith(instance) : [instance])
        there.delete(instanceKey(gone));
      return 'removed';
    },
    async restore(entry: SavedEntry): Promise<{ readonly outcome: string }> {
      await enter('restore', nameOf(entry));
      return { outcome: 'restored' };
    },
  };
  const capabilities = {
    readableTtl: false,
    nodes: backend === 'consul',
    adviseMinTtlMs: null,
    remote: false,
  };
  const handle = { backend, capabilities, operations } as unknown as RegistryHandle;
  return { handle, asked, keys: () => [...there.keys()] };
}

function snapshotOf(instances: readonly Instance[]): Snapshot {
  return {
    service: null,
    instances,
    undecoded: [],
    skipped: [],
    revision: '1',
    takenAtMs: 0,
    partial: false,
  };
}

function bindingOf(instance: Instance): LeaseBinding {
  const { service, id, key, layout } = instance;
  return { kind: 'instance', key, isBinaryKey: false, name: { service, id, node: null }, instance, layout };
}

import type { Endpoint } from '../../model/endpoint.js';
import type { ConsulFacts, Instance } from '../../model/instance.js';
import type { LayoutFacts } from '../facts.js';

/** An instance as Consul shows it, whatever endpoint it was read from. */
export interface ConsulRecord {
  readonly service: string;
  readonly id: string;
  readonly kind: string;
  /** The service's own address, else that of its node; null when neither is there. */
  readonly address: string | null;
  readonly port: number | null;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>>;
  readonly nodeMeta: Readonly<Record<string, string>>;
  /** Name, address as it stands there. */
  readonly taggedAddresses: readonly (readonly [name: string, address: string])[];
  /** Weights.Passing. */
  readonly weight: number | null;
  /** Ids of the checks of the service itself. */
  readonly checkIds: readonly string[];
}

/** What a framework's own form says beyond what stands in every record. Left out: as the record has it. */
export type ConsulReading = Partial<
  Pick<Instance, 'metadata' | 'tags' | 'version' | 'weight' | 'zone' | 'owner' | 'registeredAt'> &
    Omit<ConsulFacts, 'kind' | 'rawTags'>
> & {
  readonly protocol?: string | null;
  /** All of them, the one that callers are given first, first. */
  readonly endpoints?: readonly Endpoint[] | null;
  readonly ttlSeconds?: number | null;
};

/** The form in which one framework registers in Consul: pure and total. */
export interface ConsulLayout {
  readonly name: string;
  readonly facts: LayoutFacts;
  matches(record: ConsulRecord): boolean;
  read(record: ConsulRecord): ConsulReading;
}

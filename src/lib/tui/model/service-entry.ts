import { healthStates, worstHealth, type Health, type Instance } from '../../model/instance.js';
import { Churn } from './churn.js';
import type { InstanceRow, ServiceRow } from './rows.js';

/** How often each text occurs. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(text: string | null, by: 1 | -1): void {
    if (text === null) return;
    const count = (this.#counts.get(text) ?? 0) + by;
    if (count <= 0) this.#counts.delete(text);
    else this.#counts.set(text, count);
  }

  get texts(): readonly string[] {
    return [...this.#counts.keys()].sort();
  }
}

/** What stays known of a service when nothing is left of it: one that goes and comes back is what somebody looks for. */
export interface ServicePast {
  readonly churn: Churn;
  readonly lastChangeMs: number | null;
}

/** What a service is known by, kept up to date by each change of one of its instances. */
export class ServiceEntry {
  readonly key: string;
  readonly #name: string;
  readonly #root: string | null;
  /** Ghosts too. */
  readonly instances = new Set<string>();
  readonly #counts: Record<Health, number>;
  readonly #layouts = new Tally();
  readonly #versions = new Tally();
  readonly #churn: Churn;
  #present = 0;
  #leased = 0;
  #lastChangeMs: number | null = null;
  #row: ServiceRow | null = null;

  constructor(key: string, { service, root }: Instance, nowMs: number, past?: ServicePast) {
    this.key = key;
    this.#name = service;
    this.#root = root;
    this.#churn = past?.churn ?? new Churn(nowMs);
    this.#lastChangeMs = past?.lastChangeMs ?? null;
    this.#counts = Object.fromEntries(healthStates.map((state) => [state, 0])) as Record<Health, number>;
  }

  /** What is shown of it; the same object as long as nothing has changed. */
  get row(): ServiceRow {
    this.#row ??= this.#toRow();
    return this.#row;
  }

  get past(): ServicePast {
    return { churn: this.#churn, lastChangeMs: this.#lastChangeMs };
  }

  get isEmpty(): boolean {
    return this.instances.size === 0;
  }

  /** One of its instances is another one now. null: it was not there before, or is not any more. */
  change(before: InstanceRow | null, now: InstanceRow | null): void {
    if (before !== null) this.#count(before, -1);
    if (now !== null) this.#count(now, 1);
    const key = (now ?? before)?.key;
    if (key === undefined) return;
    if (now === null) this.instances.delete(key);
    else this.instances.add(key);
    this.#row = null;
  }

  /** @param nowMs wall clock */
  happened(type: 'joined' | 'left' | 'updated', nowMs: number): void {
    this.#lastChangeMs = nowMs;
    if (type !== 'updated') this.#churn.add(type, nowMs);
    this.#row = null;
  }

  /** A minute may be over. @returns whether it looks different now */
  roll(nowMs: number): boolean {
    if (!this.#churn.roll(nowMs)) return false;
    this.#row = null;
    return true;
  }

  #count({ instance, leftAtMs, health }: InstanceRow, by: 1 | -1): void {
    if (leftAtMs !== null || health === 'left') return;
    this.#present += by;
    this.#counts[health] += by;
    if (instance.lease !== null) this.#leased += by;
    this.#layouts.add(instance.layout, by);
    this.#versions.add(instance.version, by);
  }

  #toRow(): ServiceRow {
    const { joined, left } = this.#churn;
    const states = healthStates.filter((state) => this.#counts[state] > 0);
    return {
      kind: 'service',
      key: this.key,
      name: this.#name,
      root: this.#root,
      layouts: this.#layouts.texts,
      versions: this.#versions.texts,
      instances: this.#present,
      counts: { ...this.#counts },
      health: states.length === 0 ? 'left' : worstHealth(states),
      hasLeases: this.#leased > 0,
      churn: joined.map((count, minute) => count + (left[minute] ?? 0)),
      joined,
      left,
      lastChangeMs: this.#lastChangeMs,
    };
  }
}

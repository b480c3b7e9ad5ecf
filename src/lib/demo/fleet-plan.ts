import { SdctlError } from '../errors.js';
import type { Health } from '../model/instance.js';
import type { Random } from '../time/backoff.js';
import { createServices, type FleetMember, type FleetService } from './fleet-member.js';
import { pickOne, seededRandom } from './seeded-random.js';

export interface FleetShape {
  /** Names, addresses and the order of changes follow from it. */
  readonly seed: string;
  /** At least 1. */
  readonly services: number;
  /** At least 1. */
  readonly instances: number;
  /** On average; 0: none. */
  readonly churnPerMinute: number;
}

/** What happens to the fleet next. `silence`: it stops renewing without a word, as after a crash. */
export type FleetChange =
  | { readonly type: 'join' | 'leave' | 'silence'; readonly member: FleetMember }
  | { readonly type: 'state'; readonly member: FleetMember };

type Kind = 'join' | 'leave' | 'silence' | 'trouble' | 'recover';

const TROUBLES: readonly { readonly health: Health; readonly healthReason: string }[] = [
  { health: 'critical', healthReason: 'GET /healthz: 503 Service Unavailable' },
  { health: 'critical', healthReason: 'database: connection refused' },
  { health: 'warning', healthReason: 'queue is 87% full' },
  { health: 'warning', healthReason: 'p99 latency is 1.8s' },
  { health: 'maintenance', healthReason: 'drained for an upgrade' },
];

/** The life of a simulated fleet, decided by its seed alone and never by a clock. */
export class FleetPlan {
  readonly #random: Random;
  readonly #shape: FleetShape;
  readonly #services: readonly FleetService[];
  readonly #members = new Map<string, FleetMember>();
  #changes = 0;

  /** @throws {SdctlError} E_USAGE for a number that makes no fleet */
  constructor(shape: FleetShape) {
    checkShape(shape);
    this.#shape = shape;
    this.#random = seededRandom(shape.seed);
    this.#services = createServices(shape.services, this.#random);
    for (let index = 0; index < shape.instances; index += 1) {
      // One for each service first, so that every service can be seen.
      const service = this.#services[index] ?? this.#pickService();
      const member = service.create(this.#random);
      this.#members.set(member.spec.id, this.#random() < 0.08 ? this.#troubled(member) : member);
    }
  }

  get members(): readonly FleetMember[] {
    return [...this.#members.values()];
  }

  /** Milliseconds until the next change; the first comes within 2 to 3 s, so that a newcomer sees something. */
  nextPauseMs(): number {
    if (this.#shape.churnPerMinute === 0) return Infinity;
    const meanMs = 60_000 / this.#shape.churnPerMinute;
    const pauseMs = meanMs * (0.5 + this.#random());
    return this.#changes === 0 ? Math.min(pauseMs, 2_000 + 1_000 * this.#random()) : pauseMs;
  }

  /** The next change, already done to `members`. */
  nextChange(): FleetChange {
    this.#changes += 1;
    switch (this.#nextKind()) {
      case 'leave':
        return this.#remove('leave');
      case 'silence':
        return this.#remove('silence');
      case 'trouble':
        return this.#setState(
          (member) => member.state === null,
          (member) => this.#troubled(member),
        );
      case 'recover':
        return this.#setState(
          (member) => member.state !== null,
          (member) => ({ ...member, state: null }),
        );
      case 'join':
        return this.#join();
    }
  }

  #nextKind(): Kind {
    const missing = this.#shape.instances - this.#members.size;
    const troubled = this.members.filter(({ state }) => state !== null).length;
    const weights: readonly (readonly [Kind, number])[] = [
      ['join', Math.max(0, 2 + 2 * missing)],
      ['leave', this.#removable().length === 0 ? 0 : Math.max(0.5, 2 - missing)],
      ['silence', this.#removable().length === 0 ? 0 : Math.max(0.5, 2 - missing)],
      ['trouble', troubled * 3 >= this.#members.size ? 0 : 4],
      ['recover', 2 * troubled],
    ];
    let point = this.#random() * weights.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [kind, weight] of weights) {
      if (point < weight) return kind;
      point -= weight;
    }
    return 'join';
  }

  #join(): FleetChange {
    const member = this.#pickService().create(this.#random);
    this.#members.set(member.spec.id, member);
    return { type: 'join', member };
  }

  #remove(type: 'leave' | 'silence'): FleetChange {
    const member = pickOne(this.#removable(), this.#random);
    if (member === undefined) return this.#join();
    this.#members.delete(member.spec.id);
    return { type, member };
  }

  #setState(
    fits: (member: FleetMember) => boolean,
    change: (member: FleetMember) => FleetMember,
  ): FleetChange {
    const before = pickOne(this.members.filter(fits), this.#random);
    if (before === undefined) return this.#join();
    const member = change(before);
    this.#members.set(member.spec.id, member);
    return { type: 'state', member };
  }

  /** Nobody is taken whose service would be empty without it. */
  #removable(): readonly FleetMember[] {
    const counts = new Map<string, number>();
    for (const { spec } of this.#members.values())
      counts.set(spec.service, (counts.get(spec.service) ?? 0) + 1);
    return this.members.filter(({ spec }) => (counts.get(spec.service) ?? 0) > 1);
  }

  #troubled(member: FleetMember): FleetMember {
    return { ...member, state: pickOne(TROUBLES, this.#random) ?? null };
  }

  #pickService(): FleetService {
    const service = pickOne(this.#services, this.#random);
    if (service === undefined) throw new SdctlError('E_DEFECT', 'a fleet without services');
    return service;
  }
}

function checkShape({ services, instances, churnPerMinute }: FleetShape): void {
  const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
  if (!isCount(services) || services > 60_000)
    throw bad('services', services, 'a whole number from 1 to 60000');
  if (!isCount(instances) || instances > 100_000)
    throw bad('instances', instances, 'a whole number from 1 to 100000');
  if (!(churnPerMinute >= 0 && churnPerMinute <= 60_000))
    throw bad('changes a minute', churnPerMinute, 'a number from 0 to 60000');
}

function bad(what: string, value: number, allowed: string): SdctlError {
  return new SdctlError('E_USAGE', `${value} is no number of ${what} for a fleet`, {
    why: `it must be ${allowed}`,
  });
}

import type { Instance } from '../../model/instance.js';
import type { Beside, LeaseReading, Order, RunMoment } from './protocol.js';

/** What is sent at once. */
const PIECE = 50;

/** Orders that wait for their turn. */
interface Batch {
  readonly orders: Iterator<Order, void>;
  /** They change the membership. */
  readonly isEdit: boolean;
  /** What may still grow, as long as it is the last one. */
  readonly puts: Instance[] | null;
  readonly removals: string[] | null;
}

/** What a mirror has still to be told, in order, cut into small pieces only when they are taken. */
export class Outbox {
  #waiting: Batch[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Everything anew: changes that still wait are out of date, and runs that wait are about the new set. */
  set(instances: readonly Instance[], beside: Beside): void {
    const others = this.#waiting.filter(({ isEdit }) => !isEdit);
    const orders = everything([...instances], beside);
    this.#waiting = [{ orders, isEdit: true, puts: null, removals: null }, ...others];
  }

  put(instances: readonly Instance[]): void {
    let puts = this.#waiting.at(-1)?.puts ?? null;
    if (puts === null) {
      puts = [];
      const orders = cut(puts, (items) => ({ type: 'put', items }));
      this.#waiting.push({ orders, isEdit: true, puts, removals: null });
    }
    for (const instance of instances) puts.push(instance);
  }

  remove(keys: readonly string[]): void {
    let removals = this.#waiting.at(-1)?.removals ?? null;
    if (removals === null) {
      removals = [];
      const orders = cut(removals, (items) => ({ type: 'remove', items }));
      this.#waiting.push({ orders, isEdit: true, puts: null, removals });
    }
    for (const key of keys) removals.push(key);
  }

  /** @param moment asked for when its turn has come */
  run(readings: Iterable<LeaseReading>, moment: () => RunMoment): void {
    this.#waiting.push({ orders: aRun(readings, moment), isEdit: false, puts: null, removals: null });
  }

  /** The next order; null: nothing waits. */
  take(): Order | null {
    for (;;) {
      const next = this.#waiting[0]?.orders.next();
      if (next === undefined) return null;
      if (next.done !== true) return next.value;
      this.#waiting.shift();
    }
  }

  clear(): void {
    this.#waiting = [];
  }
}

function* everything(instances: readonly Instance[], beside: Beside): Generator<Order, void> {
  yield { type: 'clear', partial: beside.partial };
  yield* cut(instances, (items) => ({ type: 'put', items }));
  yield* cut(beside.undecoded, (items) => ({ type: 'undecoded', items }));
  yield* cut(beside.skipped, (items) => ({ type: 'skipped', items }));
}

function* aRun(readings: Iterable<LeaseReading>, moment: () => RunMoment): Generator<Order, void> {
  let isFirst = true;
  let items: LeaseReading[] = [];
  for (const reading of readings) {
    items.push(reading);
    if (items.length < PIECE) continue;
    yield { type: 'leases', items, isFirst };
    items = [];
    isFirst = false;
  }
  yield { type: 'leases', items, isFirst };
  yield { type: 'run', ...moment() };
}

/** Pieces of a list that may grow meanwhile. */
function* cut<T>(list: readonly T[], toOrder: (items: readonly T[]) => Order): Generator<Order, void> {
  for (let at = 0; at < list.length;) {
    const items = list.slice(at, at + PIECE);
    at += items.length;
    yield toOrder(items);
  }
}

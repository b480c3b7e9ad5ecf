import { callProtocol, type Endpoint } from '../model/endpoint.js';
import { compareText, type Health, type Instance } from '../model/instance.js';
import type { Random } from '../time/backoff.js';

export const strategies = ['first', 'random', 'round-robin', 'weighted', 'nearest'] as const;
export type Strategy = (typeof strategies)[number];

export interface PickOptions {
  readonly strategy: Strategy;
  /** States that may be called. */
  readonly usable: ReadonlySet<Health>;
  readonly random: Random;
  /** round-robin: where to begin; any whole number. */
  readonly turn: number;
  /** Of the endpoint; null: the first one that has a port. */
  readonly protocol: string | null;
  /** nearest: the caller's zone. */
  readonly zone: string | null;
}

/** An instance that may be called and the endpoint to call. */
export interface Choice {
  readonly instance: Instance;
  readonly endpoint: Endpoint;
}

/** Why instances were left out, with counts, for people. */
export interface PickResult {
  /** In the order of the strategy. */
  readonly choices: readonly Choice[];
  readonly skipped: readonly { readonly instance: Instance; readonly why: string }[];
}

/** Orders the usable instances of one service by a strategy; the caller takes as many as it wants. */
export function pickEndpoints(instances: readonly Instance[], options: PickOptions): PickResult {
  const choices: Choice[] = [];
  const skipped: { instance: Instance; why: string }[] = [];
  for (const instance of [...instances].sort(
    (a, b) => compareText(a.id, b.id) || compareText(a.node ?? '', b.node ?? ''),
  )) {
    const spoken = instance.endpoints.filter(
      (one) =>
        options.protocol === null ||
        one.protocol === options.protocol ||
        callProtocol(one) === options.protocol,
    );
    const endpoint = spoken.find((candidate) => candidate.port !== null);
    if (!options.usable.has(instance.health)) skipped.push({ instance, why: instance.health });
    else if (spoken.length === 0 && options.protocol !== null)
      skipped.push({ instance, why: `no ${options.protocol} endpoint` });
    else if (endpoint === undefined) skipped.push({ instance, why: 'no endpoint with a port' });
    else choices.push({ instance, endpoint });
  }
  return { choices: order(choices, options), skipped };
}

function order(choices: readonly Choice[], options: PickOptions): readonly Choice[] {
  switch (options.strategy) {
    case 'first':
      return choices;
    case 'random':
      return byWeight(choices, () => 1, options.random);
    case 'weighted':
      return byWeight(
        choices,
        ({ instance }) => instance.effectiveWeight ?? instance.weight ?? 1,
        options.random,
      );
    case 'round-robin': {
      const start = choices.length === 0 ? 0 : options.turn % choices.length;
      return [...choices.slice(start), ...choices.slice(0, start)];
    }
    case 'nearest': {
      const isNear = ({ instance }: Choice): boolean =>
        instance.zone !== null && instance.zone === options.zone;
      return [...choices.filter(isNear), ...choices.filter((choice) => !isNear(choice))];
    }
  }
}

/**
 * A random order in which an instance of weight 2 comes first twice as often as one of weight 1; weight 0 comes last.
 *
 * @see Efraimidis and Spirakis, "Weighted random sampling with a reservoir": sort by random^(1/weight)
 */
function byWeight(
  choices: readonly Choice[],
  weightOf: (choice: Choice) => number,
  random: Random,
): readonly Choice[] {
  const keyed = choices.map((choice) => {
    const weight = weightOf(choice);
    return { choice, key: weight > 0 ? (1 - random()) ** (1 / weight) : -1 };
  });
  return keyed.sort((a, b) => b.key - a.key).map(({ choice }) => choice);
}

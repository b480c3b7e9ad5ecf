import { healthStates, type Health, type Instance } from '../model/instance.js';

export type Condition = (instances: Iterable<Instance>) => boolean;

export type UntilResult =
  { readonly ok: true; readonly holds: Condition } | { readonly ok: false; readonly reason: string };

const COUNT =
  /^(instances|passing|warning|critical|maintenance|disabled|unknown)\s*(>=|<=|==|!=|=|>|<)\s*(\d+)$/;
const NAMED = /^(gone|present)\s*=\s*(.+)$/s;

/** Reads `passing>=3`, `instances==0`, `gone=ID`, `present=ID`; several joined by commas must all hold. */
export function parseUntil(text: string): UntilResult {
  const conditions: Condition[] = [];
  for (const part of text.split(',').map((item) => item.trim())) {
    const condition = toCondition(part);
    if (condition === null)
      return { ok: false, reason: `"${part}" is no condition: passing>=3, instances==0, gone=ID` };
    conditions.push(condition);
  }
  return { ok: true, holds: (instances) => conditions.every((condition) => condition(instances)) };
}

function toCondition(part: string): Condition | null {
  const named = NAMED.exec(part);
  if (named !== null) {
    const [, word, id = ''] = named;
    return (instances) => {
      for (const instance of instances) if (instance.id === id) return word === 'present';
      return word === 'gone';
    };
  }
  const count = COUNT.exec(part);
  if (count === null) return null;
  const [, what = '', operator = '', number = '0'] = count;
  const state = healthStates.find((known): known is Health => known === what);
  return (instances) => compare(countOf(instances, state), operator, Number(number));
}

function countOf(instances: Iterable<Instance>, state: Health | undefined): number {
  let count = 0;
  for (const instance of instances) if (state === undefined || instance.health === state) count += 1;
  return count;
}

function compare(left: number, operator: string, right: number): boolean {
  switch (operator) {
    case '>=':
      return left >= right;
    case '<=':
      return left <= right;
    case '>':
      return left > right;
    case '<':
      return left < right;
    case '!=':
      return left !== right;
    default:
      return left === right;
  }
}

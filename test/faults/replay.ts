/** The set of instances that somebody who only reads the lines of `watch` believes in. */
import { expect } from 'vitest';
import type { Binary } from '../support/binary.js';

interface Entry {
  readonly service: string;
  readonly id: string;
  readonly node: string | null;
  readonly health: string;
  readonly endpoints: readonly string[];
}

export interface Believed {
  readonly entries: readonly Entry[];
  readonly ids: readonly string[];
  /** Ids of those that are passing. */
  readonly usable: readonly string[];
}

/**
 * Applies the printed differences to the first set alone. Nothing may be invented on the way: whoever joins was
 * absent, whoever leaves or changes was there, and each later `synced` shows what its differences lead to.
 */
export function replay(watch: Binary): Believed {
  let believed: Map<string, Entry> | null = null;
  let announced: Map<string, Entry> | null = null;
  for (const { line } of watch.lines) {
    switch (line.type) {
      case 'synced': {
        const set = new Map((line['instances'] as readonly Entry[]).map((entry) => [keyOf(entry), entry]));
        believed ??= set;
        announced = set;
        break;
      }
      case 'joined':
      case 'updated':
      case 'left': {
        const entry = line['entry'] as Entry;
        const key = keyOf(entry);
        expect(believed?.has(key), `${line.type} ${key} in ${watch.types.join(', ')}`).toBe(
          line.type !== 'joined',
        );
        for (const set of line['resync'] === true ? [believed] : [believed, announced]) {
          if (line.type === 'left') set?.delete(key);
          else set?.set(key, entry);
        }
        break;
      }
      default:
        expect(line.type).toBe('stale');
    }
  }
  const entries = [...(believed?.values() ?? [])];
  expect(entries.map(keyOf).sort()).toEqual([...(announced?.keys() ?? [])].sort());
  const usable = entries
    .filter(({ health }) => health === 'passing')
    .map(({ id }) => id)
    .sort();
  return { entries, ids: entries.map(({ id }) => id).sort(), usable };
}

function keyOf({ service, id, node }: Entry): string {
  return `${service}/${id}@${node ?? ''}`;
}

/** A table that is kept up row by row shows what a sort of all rows would. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareText } from '../../src/lib/model/instance.js';
import { LiveTable, type Order } from '../../src/lib/tui/state/live-table.js';

interface Row {
  readonly key: string;
  readonly name: string;
  readonly value: number | string;
}

const order = (isDescending: boolean): Order<Row> => ({
  by: ({ value }) => value,
  name: ({ name }) => name,
  isDescending,
});

function compareValues(a: number | string, b: number | string): number {
  if (a === b) return 0;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return a < b ? -1 : 1;
}

/** What the table stands for, in the plainest words. */
class PlainTable {
  readonly rows = new Map<string, Row>();
  isDescending = false;
  matches: (row: Row) => boolean = () => true;

  get shown(): readonly Row[] {
    const sign = this.isDescending ? -1 : 1;
    return [...this.rows.values()]
      .filter(this.matches)
      .sort(
        (a, b) =>
          sign * compareValues(a.value, b.value) || compareText(a.name, b.name) || compareText(a.key, b.key),
      );
  }
}

const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
const aRow = fc.record<Row>({
  key: keys,
  name: fc.constantFrom('x', 'y', 'z'),
  value: fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constantFrom(Infinity, -Infinity, 'm', 'n')),
});
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('put' as const), row: aRow }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('remove' as const), key: keys }) },
  fc.record({ type: fc.constant('set' as const), rows: fc.array(aRow, { maxLength: 12 }) }),
  fc.record({ type: fc.constant('filter' as const), names: fc.subarray(['x', 'y', 'z']) }),
  fc.record({ type: fc.constant('order' as const), isDescending: fc.boolean() }),
);

describe('LiveTable', () => {
  it('is the filtered, sorted set of all rows after any sequence of changes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new LiveTable(order(false));
        const plain = new PlainTable();
        for (const one of steps) {
          switch (one.type) {
            case 'put':
              table.put(one.row);
              plain.rows.set(one.row.key, one.row);
              break;
            case 'remove':
              table.remove(one.key);
              plain.rows.delete(one.key);
              break;
            case 'set':
              table.set(one.rows);
              plain.rows.clear();
              for (const row of one.rows) plain.rows.set(row.key, row);
              break;
            case 'filter':
              plain.matches = ({ name }) => one.names.includes(name);
              table.setFilter(plain.matches);
              break;
            case 'order':
              plain.isDescending = one.isDescending;
              table.setOrder(order(one.isDescending));
              break;
          }
          expect(table.rows).toEqual(plain.shown);
          expect(table.total).toBe(plain.rows.size);
          for (const [key, row] of plain.rows) expect(table.get(key)).toBe(row);
        }
      }),
    );
  });

  it('loses and doubles no row while what they are ordered by changes by itself', () => {
    const change = fc.record({
      type: fc.constantFrom('put', 'remove', 'drift'),
      key: keys,
      value: fc.integer({ min: 0, max: 9 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const values = new Map<string, number>();
        const by = ({ key }: { readonly key: string }): number => values.get(key) ?? 0;
        const table = new LiveTable<{ readonly key: string }>({
          by,
          name: ({ key }) => key,
          isDescending: false,
        });
        const known = new Set<string>();
        for (const { type, key, value } of changes) {
          if (type === 'drift') values.set(key, value);
          else if (type === 'put') {
            table.put({ key });
            known.add(key);
          } else {
            table.remove(key);
            known.delete(key);
          }
          expect(table.rows.map((row) => row.key).sort()).toEqual([...known].sort());
        }
        table.resort();
        const sorted = [...known].sort((a, b) => by({ key: a }) - by({ key: b }) || compareText(a, b));
        expect(table.rows.map((row) => row.key)).toEqual(sorted);
      }),
    );
  });

  it('keeps a row in its place where nothing of its order has changed', () => {
    const table = new LiveTable(order(false));
    table.set([1, 2, 3].map((value) => ({ key: `k${value}`, name: 'x', value })));
    const [first, , last] = table.rows;
    const other = { key: 'k2', name: 'x', value: 2 };
    table.put(other);
    expect(table.rows[0]).toBe(first);
    expect(table.rows[1]).toBe(other);
    expect(table.rows[2]).toBe(last);
  });

  it('takes ten thousand rows and a thousand changes in a blink', () => {
    const table = new LiveTable(order(false));
    table.set(
      Array.from({ length: 10_000 }, (_, index) => ({ key: `k${index}`, name: 'x', value: index % 7 })),
    );
    const startMs = performance.now();
    for (let index = 0; index < 1_000; index += 1)
      table.put({ key: `k${index}`, name: 'x', value: (index + 3) % 7 });
    expect(performance.now() - startMs).toBeLessThan(1_000);
    expect(table.rows).toHaveLength(10_000);
  });
});

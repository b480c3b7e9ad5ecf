/** Filters, orders and the line behind `:`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { ScreenName } from '../../src/lib/tui/model/paint-model.js';
import type { InstanceRow, Row } from '../../src/lib/tui/model/rows.js';
import { completionOf, lineWords, readLine, type KnownNames } from '../../src/lib/tui/state/command-line.js';
import { isProblem, isReadable, readFilter } from '../../src/lib/tui/state/filter.js';
import { LiveTable } from '../../src/lib/tui/state/live-table.js';
import { searchText } from '../../src/lib/tui/state/row-text.js';
import { isMoving, orderOf, sortBy, sortsOf, type SortContext } from '../../src/lib/tui/state/sorting.js';
import { anInstance } from '../support/builders.js';
import {
  aFindingRow,
  aLeaseRow,
  anEventRow,
  anInstanceRow,
  aServiceRow,
  aTtl,
} from '../support/tui-models.js';

const at = '2024-05-01T10:00:00.000Z';
const matches = (typed: string, row: Row): boolean => {
  const read = readFilter(typed, {
    instancesOf: (one) => (one.kind === 'instance' ? [one.instance] : []),
  });
  if (!read.ok) throw new Error(read.reason);
  return read.matches(row);
};
const reasonOf = (typed: string): string => {
  const read = readFilter(typed, { instancesOf: () => [] });
  return read.ok ? '' : read.reason;
};

describe('filter', () => {
  const row = anInstanceRow(
    {},
    { service: 'Payments', id: 'i-7F3A', tags: ['canary'], metadata: { tier: 'gold' } },
  );

  it.each([
    ['pay', true],
    ['PAY', true],
    ['  pay  ', true],
    ['cart', false],
    ['i-7f3a', true],
    ['tier=gold', true],
    ['10.0.4.17:8080', true],
    ['!pay', false],
    ['!cart', true],
    ['!!pay', true],
    ['/^pay/', true],
    ['/PAY.*S$/', true],
    ['/^i-7/', true],
    ['/xyz/', false],
    ['!/^pay/', false],
    ['-l tier=gold', true],
    ['-l tier=silver', false],
    ['-l tier=gold,version=1.8.2', true],
    ['!-l tier=gold', false],
    ['-lost', false],
    ['eu-west\nb', false],
  ])('%s', (typed, expected) => {
    expect(matches(typed, row)).toBe(expected);
  });

  it.each(['', ' ', '!', '! ', '!!', '/', '//', '!/', '!//', '-l', '-l ', '!-l'])(
    'hides nothing while only %j is there',
    (typed) => {
      expect(matches(typed, row)).toBe(true);
    },
  );

  it('says what it cannot read', () => {
    expect(reasonOf('/(/')).toBe('no regular expression');
    expect(reasonOf('-l a in')).not.toBe('');
    expect(reasonOf('!/(/')).toBe('no regular expression');
    expect(reasonOf('x'.repeat(257))).toBe('longer than 256 characters');
  });

  it('ends a pattern at its last slash only', () => {
    const path = anInstanceRow({}, { metadata: { path: 'a/b' } });
    expect(matches(String.raw`/a\/b`, path)).toBe(true);
    expect(matches(String.raw`/a\/`, path)).toBe(true);
    expect(matches(String.raw`/a\//`, path)).toBe(true);
    expect(matches('/a/b/', path)).toBe(true);
  });

  it('reads whatever is typed without breaking', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 12 }),
        fc.constantFrom('', '!', '/', '-l ', '!/'),
        (text, before) => {
          const read = readFilter(before + text, { instancesOf: () => [row.instance] });
          if (read.ok) expect(typeof read.matches(row)).toBe('boolean');
          else expect(read.reason).not.toBe('');
        },
      ),
    );
  });

  it('finds a part of any value of a row, whatever its case', () => {
    const names = ['payments', 'i-7f3a', 'http://10.0.4.17:8080', '1.8.2', 'eu-west-1b', 'kratos', 'canary'];
    const part = fc
      .tuple(fc.constantFrom(...names), fc.nat(), fc.nat(), fc.boolean())
      .map(([name, from, length, isUpper]) => {
        const start = from % name.length;
        const text = name.slice(start, start + 1 + (length % name.length));
        return isUpper ? text.toUpperCase() : text;
      })
      .filter((text) => !/^[!/]|^-l/.test(text));
    fc.assert(
      fc.property(part, (text) => {
        expect(matches(text, row)).toBe(true);
        expect(matches(`!${text}`, row)).toBe(false);
      }),
    );
  });
});

describe('a text and a selector', () => {
  const row = anInstanceRow({}, { service: 'order', id: 'i-1', metadata: { zone: 'a' } });

  it.each([
    ['ord* -l zone=a', true],
    ['ord* -l zone=b', false],
    ['pay* -l zone=a', false],
    ['!pay* -l zone=a', true],
    ['/^order$/ -l zone', true],
    ['ord -l ', true],
  ])('%s', (typed, expected) => {
    expect(matches(typed, row)).toBe(expected);
  });

  it('says what is wrong with either', () => {
    expect(reasonOf('/(/ -l zone=a')).not.toBe('');
    expect(reasonOf('ord -l zone=(')).not.toBe('');
    expect(isReadable('/(')).toBe(false);
    expect(isReadable('ord* -l zone=a')).toBe(true);
  });
});

describe('text that is looked through', () => {
  it('is made once for a row', () => {
    const row = aServiceRow();
    expect(searchText(row)).toBe(searchText(row));
    expect(searchText(row)).toContain('checkout');
  });

  it('has what is shown of each kind of row', () => {
    const { instance } = anInstanceRow({}, { service: 'orders', id: 'o-1' });
    const common = { at, revision: '1' };
    const refused = new SdctlError('E_UNREACHABLE', 'cannot reach etcd', { why: 'connection refused' });
    const cases: readonly (readonly [Row, readonly string[]])[] = [
      [
        aServiceRow({ root: '/Micro/', versions: ['1.2'] }),
        ['checkout', '/micro/', '1.2', 'kratos', 'critical'],
      ],
      [
        anInstanceRow({ reason: '2 renewals missed' }, { node: 'Node-2' }),
        ['node-2', '2 renewals missed', '694d8c1f2a3b4c0c'],
      ],
      [aLeaseRow({ node: 'N1', name: 'Check' }), ['694d8c1f2a3b4c11', 'payments/i-88', 'n1', 'check']],
      [
        aFindingRow('SD204', 'error', { service: 'geo', instance: 'i-3' }, 'Same endpoint'),
        ['sd204', 'i-3', 'same'],
      ],
      [anEventRow({ ...common, type: 'joined', instance, resync: false }, '1'), ['joined', 'orders/o-1']],
      [
        anEventRow({ ...common, type: 'left', instance, reason: 'expired', resync: false }, '2'),
        ['left', 'orders/o-1', 'expired'],
      ],
      [
        anEventRow({ ...common, type: 'stale', cause: refused, attempt: 1, retryInMs: 100 }, '3'),
        ['stale', 'cannot reach etcd', 'refused'],
      ],
    ];
    for (const [row, parts] of cases) for (const part of parts) expect(searchText(row)).toContain(part);
  });
});

describe('problems', () => {
  it.each<readonly [string, Row, boolean]>([
    ['a critical service', aServiceRow({ health: 'critical' }), true],
    ['an unknown service', aServiceRow({ health: 'unknown' }), true],
    ['a passing service', aServiceRow({ health: 'passing' }), false],
    ['a service in maintenance', aServiceRow({ health: 'maintenance' }), false],
    ['a service that has left', aServiceRow({ health: 'left' }), false],
    ['a warned instance', anInstanceRow({ health: 'warning' }), true],
    ['a passing instance', anInstanceRow(), false],
    ['a lease', aLeaseRow(), false],
    ['an overdue lease', aLeaseRow({ isOverdue: true }), true],
    ['a lease that nothing hangs on', aLeaseRow({ bound: [] }), true],
    ['a lease of somebody else', aLeaseRow({ bound: [], knowsBindings: false }), false],
    ['a warned lease', aLeaseRow({ health: 'warning' }), true],
    ['an info', aFindingRow('SD210', 'info', { service: 'a' }, ''), false],
    ['a warning', aFindingRow('SD101', 'warning', { service: 'a' }, ''), true],
  ])('%s', (_name, row, expected) => {
    expect(isProblem(row)).toBe(expected);
  });

  it('are departures, outages and changes for the worse among events', () => {
    const instance = anInstance();
    const event = { at, revision: '1', resync: false };
    const changed = (health: 'passing' | 'critical'): Row =>
      anEventRow({ ...event, type: 'updated', instance: { ...instance, health }, previous: instance }, '1');
    expect(isProblem(anEventRow({ ...event, type: 'left', instance, reason: 'deleted' }, '1'))).toBe(true);
    expect(isProblem(anEventRow({ ...event, type: 'joined', instance }, '1'))).toBe(false);
    expect(isProblem(changed('critical'))).toBe(true);
    expect(isProblem(changed('passing'))).toBe(false);
  });
});

const screens: readonly ScreenName[] = [
  'services',
  'service',
  'instance',
  'host',
  'leases',
  'lease',
  'doctor',
  'events',
];
const still: SortContext = { leftOf: () => null, lowestOf: () => null };

function sorted(
  screen: ScreenName,
  column: string,
  rows: readonly Row[],
  context = still,
): readonly string[] {
  const table = new LiveTable<Row>(orderOf(screen, sortBy(screen, column), context));
  table.set(rows);
  return table.rows.map(({ key }) => key);
}

describe('orders', () => {
  it.each(screens)('%s has orders of different names, and an unknown one is its own', (screen) => {
    const all = sortsOf(screen);
    expect(all.length).toBeGreaterThan(0);
    expect(new Set(all).size).toBe(all.length);
    expect(sortBy(screen, null).column).toBe(all[0]);
    expect(sortBy(screen, 'nonsense')).toEqual(sortBy(screen, null));
    for (const column of all) expect(sortBy(screen, column).column).toBe(column);
  });

  it('only those of remaining time change by themselves', () => {
    for (const screen of screens)
      for (const column of sortsOf(screen))
        expect(isMoving(screen, sortBy(screen, column))).toBe(column === 'ttl');
  });

  it('put the worst first, one that has left last', () => {
    const states = ['left', 'passing', 'disabled', 'maintenance', 'unknown', 'warning', 'critical'] as const;
    const rows = states.map((health) => anInstanceRow({ key: health, health }));
    expect(sorted('service', 'health', rows)).toEqual([...states].reverse());
    const services = states.map((health) => aServiceRow({ key: health, health }));
    expect(sorted('services', 'health', services)).toEqual([...states].reverse());
  });

  it('put the most first where more is what people look for', () => {
    const few = aServiceRow({ key: 'few', name: 'a', instances: 1, lastChangeMs: null, churn: [0, 1] });
    const many = aServiceRow({ key: 'many', name: 'b', instances: 5, lastChangeMs: 9, churn: [4, 0] });
    for (const column of ['instances', 'churn', 'lastChange'])
      expect(sorted('services', column, [few, many])).toEqual(['many', 'few']);
    expect(sorted('services', 'service', [many, few])).toEqual(['few', 'many']);
  });

  it('put what ends next first, what is not known last', () => {
    const left: Readonly<Record<string, number | null>> = { a: 20, b: null, c: 3 };
    const rows = ['a', 'b', 'c'].map((key) => anInstanceRow({ key }));
    const leftOf = ({ key }: { readonly key: string }) => left[key] ?? null;
    expect(sorted('service', 'ttl', rows, { ...still, leftOf })).toEqual(['c', 'a', 'b']);
  });

  it('put overdue leases before all others, and checks without a time by their state', () => {
    const rows = [
      aLeaseRow({ key: 'z-late', ttl: aTtl(0, 10), isOverdue: true }),
      aLeaseRow({ key: 'zero', ttl: aTtl(0, 10) }),
      aLeaseRow({ key: 'new', ttl: aTtl(null, null) }),
    ];
    const leftOf: SortContext['leftOf'] = (row) =>
      row.kind === 'lease' ? (row.ttl?.leftSeconds ?? null) : null;
    expect(sorted('leases', 'ttl', rows, { ...still, leftOf })).toEqual(['z-late', 'zero', 'new']);
    const checks = (['passing', 'critical'] as const).map((health) =>
      aLeaseRow({ key: health, ttl: null, health }),
    );
    expect(sorted('leases', 'ttl', checks)).toEqual(['critical', 'passing']);
  });

  it('show the newest event first', () => {
    const instance = anInstance();
    const rows = ['9', '10', '8'].map((key) =>
      anEventRow({ at, revision: '1', type: 'joined', instance, resync: false }, key),
    );
    expect(sorted('events', 'time', rows)).toEqual(['10', '9', '8']);
  });

  it('never leave the place of two rows to chance', () => {
    const rows: readonly InstanceRow[] = ['d', 'b', 'a', 'c'].map((key) =>
      anInstanceRow({ key }, { id: 'same' }),
    );
    for (const column of sortsOf('service'))
      expect(sorted('service', column, rows)).toEqual(['a', 'b', 'c', 'd']);
  });
});

describe('the line behind the colon', () => {
  const known: KnownNames = {
    services: ['cart', 'checkout', 'check'],
    contexts: ['dev', 'prod eu'],
    layouts: ['auto', 'kratos'],
  };

  it.each([
    ['services', { type: 'go', screen: 'services' }],
    ['svc', { type: 'go', screen: 'services' }],
    ['svc checkout', { type: 'service', name: 'checkout' }],
    ['  svc   checkout  ', { type: 'service', name: 'checkout' }],
    ['leases', { type: 'go', screen: 'leases' }],
    ['events', { type: 'go', screen: 'events' }],
    ['doctor', { type: 'go', screen: 'doctor' }],
    ['ctx dev', { type: 'context', name: 'dev' }],
    ['context prod eu', { type: 'context', name: 'prod eu' }],
    ['layout kratos', { type: 'layout', name: 'kratos' }],
    ['help', { type: 'help' }],
    ['q', { type: 'quit' }],
    ['quit', { type: 'quit' }],
  ])('%s', (line, command) => {
    expect(readLine(line, known)).toEqual({ ok: true, command });
  });

  it.each([
    ['nonsense', 'no command nonsense'],
    ['q now', 'q stands alone'],
    ['leases x', 'leases stands alone'],
    ['ctx', 'contexts: dev prod eu'],
    ['ctx other', 'no context of that name; contexts: dev prod eu'],
    ['layout', 'layouts: auto kratos'],
    ['layout x', 'no layout of that name'],
    ['delete all', 'no command delete'],
  ])('%s is refused: %s', (line, reason) => {
    const read = readLine(line, known);
    expect(read.ok ? '' : read.reason).toContain(reason);
  });

  it('says so where there are no contexts', () => {
    const read = readLine('ctx dev', { contexts: [], layouts: [] });
    expect(read.ok ? '' : read.reason).toContain('the config file has no contexts');
  });

  it('completes words and names', () => {
    const rest = (line: string): string => completionOf(line, known);
    expect(rest('')).toBe('');
    expect(rest('doc')).toBe('tor');
    expect(rest('svc')).toBe('');
    expect(rest('svc ')).toBe('');
    expect(rest('svc  che')).toBe('ckout');
    expect(rest('svc check')).toBe('out');
    expect(rest('ctx pr')).toBe('od eu');
    expect(rest('context d')).toBe('ev');
    expect(rest('layout k')).toBe('ratos');
    expect(rest('leases x')).toBe('');
    expect(rest('nonsense x')).toBe('');
  });

  it('what Tab makes of a line can be taken or completed on', () => {
    for (const word of lineWords)
      for (let length = 1; length < word.length; length += 1) {
        const begun = word.slice(0, length);
        expect(lineWords).toContain(begun + completionOf(begun, known));
      }
  });
});

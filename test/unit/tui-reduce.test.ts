/** What follows from what the user does, and from rows that come and go under the cursor. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../src/lib/tui/model/paint-model.js';
import { currentVisit, firstVisit, reduce, type Action } from '../../src/lib/tui/state/reduce.js';
import { sortBy } from '../../src/lib/tui/state/sorting.js';
import type { ViewState, Visit } from '../../src/lib/tui/state/view-state.js';

const services: Place = { screen: 'services' };
const leases: Place = { screen: 'leases' };
const doctor: Place = { screen: 'doctor' };
const aService = (name: string): Place => ({ screen: 'service', serviceKey: name, name });

const start: ViewState = {
  size: { columns: 80, rows: 24 },
  ascii: false,
  wide: false,
  isPaused: false,
  history: [firstVisit(services, sortBy('services', null))],
  at: 0,
  sorts: {},
  marks: new Set(),
  focus: 'table',
  prompt: null,
  dialog: null,
  message: null,
};

const rowsOf = (keys: string | readonly string[]): readonly { readonly key: string }[] =>
  Array.from(keys, (key) => ({ key }));
const after = (state: ViewState, ...actions: readonly Action[]): ViewState => actions.reduce(reduce, state);
const follow = (keys: string | readonly string[], page = 3): Action => ({
  type: 'follow',
  rows: rowsOf(keys),
  page,
});
const move = (to: Extract<Action, { type: 'move' }>['to'], keys: string, page = 3): Action => ({
  type: 'move',
  to,
  rows: rowsOf(keys),
  page,
});
const at = (state: ViewState): readonly [string | null, number, number] => {
  const { selectedKey, selectedIndex, top } = currentVisit(state);
  return [selectedKey, selectedIndex, top];
};
/** Row of the screen in which the cursor stands. */
const line = ({ selectedIndex, top }: Visit): number => selectedIndex - top;
const select = (key: string, keys: string, page = 3): ViewState =>
  after(
    start,
    follow(keys, page),
    ...Array.from(keys.slice(0, keys.indexOf(key)), () => move('down', keys, page)),
  );

describe('selection', () => {
  it('takes the first row until somebody has chosen', () => {
    expect(at(after(start, follow('')))).toEqual([null, 0, 0]);
    expect(at(after(start, follow(''), follow('abc')))).toEqual(['a', 0, 0]);
  });

  it('follows the row, not its number', () => {
    const state = select('c', 'abc');
    expect(at(after(state, follow('cab')))).toEqual(['c', 0, 0]);
    expect(at(after(state, follow('xyzabc')))).toEqual(['c', 5, 3]);
  });

  it('keeps its line of the screen when rows come and go above', () => {
    const state = select('e', 'abcdefgh');
    expect(at(state)).toEqual(['e', 4, 2]);
    const more = after(state, follow('xyabcdefgh'));
    expect(at(more)).toEqual(['e', 6, 4]);
    expect(at(after(more, follow('bcdefgh')))).toEqual(['e', 3, 1]);
    expect(at(after(state, follow('abcdefghxy')))).toEqual(['e', 4, 2]);
  });

  it('shows what comes in above while the very top is seen, and the cursor stays in sight', () => {
    const state = select('b', 'abc');
    expect(at(after(state, follow('xabc')))).toEqual(['b', 2, 0]);
    expect(at(after(state, follow('wxyzabc')))).toEqual(['b', 5, 3]);
  });

  it('stays in its place when its row goes, on the last one where that was the last', () => {
    const state = select('c', 'abcd');
    expect(at(after(state, follow('abd')))).toEqual(['d', 2, 0]);
    expect(at(after(select('d', 'abcd'), follow('abc')))).toEqual(['c', 2, 0]);
  });

  it('comes back to its row when a filter had hidden all of them', () => {
    const state = select('c', 'abcd');
    expect(at(after(state, follow(''), follow('abcd')))).toEqual(['c', 2, 0]);
  });

  it('stays in sight when the screen shrinks', () => {
    const state = select('f', 'abcdefgh', 8);
    expect(at(state)).toEqual(['f', 5, 0]);
    expect(at(after(state, follow('abcdefgh', 2)))).toEqual(['f', 5, 4]);
    expect(at(after(state, follow('abcdefgh', 0)))).toEqual(['f', 5, 5]);
  });

  it('leaves no empty lines below the last row', () => {
    const state = after(start, follow('abcdefgh'), move('last', 'abcdefgh'));
    expect(at(state)).toEqual(['h', 7, 5]);
    expect(at(after(state, follow('fgh')))).toEqual(['h', 2, 0]);
    expect(at(after(state, follow('abcdefgh', 6)))).toEqual(['h', 7, 2]);
  });

  it('is the same state where nothing has changed', () => {
    const state = select('b', 'abc');
    expect(after(state, follow('abc'))).toBe(state);
    const empty = after(start, follow(''));
    expect(after(empty, follow(''))).toBe(empty);
  });
});

describe('moving', () => {
  const keys = 'abcdefgh';
  const near = select('b', keys);

  it.each([
    ['up', 'a'],
    ['down', 'c'],
    ['pageUp', 'a'],
    ['pageDown', 'd'],
    ['first', 'a'],
    ['last', 'h'],
    ['next', 'c'],
    ['previous', 'a'],
  ] as const)('%s', (to, key) => {
    expect(at(after(near, move(to, keys)))[0]).toBe(key);
  });

  it('ends at both ends, but matches go round', () => {
    const first = select('a', keys);
    const last = after(start, follow(keys), move('last', keys));
    expect(at(after(first, move('up', keys)))[0]).toBe('a');
    expect(at(after(last, move('down', keys)))[0]).toBe('h');
    expect(at(after(last, move('pageDown', keys)))[0]).toBe('h');
    expect(at(after(last, move('next', keys)))[0]).toBe('a');
    expect(at(after(first, move('previous', keys)))[0]).toBe('h');
  });

  it('pages so that one row stays, and by one where only one is visible', () => {
    const once = after(select('a', keys), move('pageDown', keys));
    expect(at(once)).toEqual(['c', 2, 0]);
    expect(at(after(once, move('pageDown', keys)))).toEqual(['e', 4, 2]);
    expect(at(after(select('a', keys, 1), move('pageDown', keys, 1)))).toEqual(['b', 1, 1]);
    expect(at(after(select('a', keys, 0), move('pageDown', keys, 0)))[0]).toBe('b');
  });

  it('does nothing without rows', () => {
    expect(after(near, move('down', ''))).toBe(near);
  });
});

describe('places', () => {
  it('go back and forward, and remember where somebody was', () => {
    const there = after(select('c', 'abc'), { type: 'visit', place: leases }, follow('xyz'));
    expect(currentVisit(there).place).toBe(leases);
    expect(at(there)).toEqual(['x', 0, 0]);
    const back = after(there, { type: 'history', by: -1 }, follow('xabc'));
    expect(at(back)).toEqual(['c', 3, 1]);
    expect(currentVisit(after(back, { type: 'history', by: 1 })).place).toBe(leases);
    expect(after(back, { type: 'history', by: -1 })).toBe(back);
    expect(after(there, { type: 'history', by: 1 })).toBe(there);
  });

  it('go back to the one before, and not before the first one', () => {
    const there = after(start, { type: 'visit', place: leases });
    expect(currentVisit(after(there, { type: 'back' })).place).toBe(services);
    expect(after(start, { type: 'back' })).toBe(start);
  });

  it('drop what was forward of them when somebody goes elsewhere', () => {
    const state = after(
      start,
      { type: 'visit', place: leases },
      { type: 'back' },
      { type: 'visit', place: doctor },
    );
    expect(state.history.map(({ place }) => place.screen)).toEqual(['services', 'doctor']);
    expect(after(state, { type: 'history', by: 1 })).toBe(state);
  });

  it('are not visited twice in a row', () => {
    const state = after(start, { type: 'focus', pane: 'events' }, { type: 'visit', place: { ...services } });
    expect(state.history).toHaveLength(1);
    expect(state.focus).toBe('table');
    const chosen = after(start, { type: 'visit', place: services, select: 'b' }, follow('abc'));
    expect(at(chosen)).toEqual(['b', 1, 0]);
  });

  it('open with the row that was asked for', () => {
    const state = after(start, { type: 'visit', place: leases, select: 'f' }, follow('abcdefgh'));
    expect(at(state)).toEqual(['f', 5, 3]);
  });

  it('are forgotten after fifty of them', () => {
    const visits = Array.from({ length: 80 }, (_, index): Action => ({
      type: 'visit',
      place: aService(`s${index}`),
    }));
    const state = after(start, ...visits);
    expect(state.history).toHaveLength(50);
    expect(state.at).toBe(49);
    expect(currentVisit(state).place).toEqual(aService('s79'));
  });

  it('close dialogs and drop marks, the order of a screen stays', () => {
    const state = after(
      start,
      { type: 'sort' },
      { type: 'mark', key: 'a' },
      { type: 'dialog', dialog: { kind: 'help', top: 0 } },
      { type: 'visit', place: leases },
      { type: 'visit', place: services },
    );
    expect(state.dialog).toBeNull();
    expect(state.marks.size).toBe(0);
    expect(currentVisit(state).sort.column).toBe('service');
    expect(currentVisit(after(state, { type: 'visit', place: aService('a') })).sort.column).toBe('health');
  });
});

describe('filter', () => {
  const type = (text: string): Action => ({ type: 'typed', text });
  const open: Action = { type: 'prompt', kind: 'filter' };

  it('works as it is typed, esc clears it, enter keeps it', () => {
    const typed = after(select('h', 'abcdefgh'), open, type('p'), type('pa'));
    expect(currentVisit(typed)).toMatchObject({ filter: 'pa', top: 0 });
    expect(typed.prompt).toEqual({ kind: 'filter', text: 'pa' });
    const kept = after(typed, { type: 'promptDone', keeps: true });
    expect(kept.prompt).toBeNull();
    expect(currentVisit(kept).filter).toBe('pa');
    expect(currentVisit(after(typed, { type: 'promptDone', keeps: false })).filter).toBe('');
  });

  it('is typed on where it was left', () => {
    const again = after(start, open, type('pay'), { type: 'promptDone', keeps: true }, open);
    expect(again.prompt?.text).toBe('pay');
  });

  it('belongs to its place', () => {
    const state = after(start, { type: 'filter', text: 'pay' }, { type: 'visit', place: leases });
    expect(currentVisit(state).filter).toBe('');
    expect(currentVisit(after(state, { type: 'back' })).filter).toBe('pay');
  });

  it('is left alone by a command', () => {
    const state = after(
      start,
      { type: 'filter', text: 'pay' },
      { type: 'prompt', kind: 'command' },
      type('q'),
      { type: 'promptDone', keeps: false },
    );
    expect(state.prompt).toBeNull();
    expect(currentVisit(state).filter).toBe('pay');
  });

  it('takes nothing without a prompt', () => {
    expect(after(start, type('x'))).toBe(start);
    expect(after(start, { type: 'promptDone', keeps: false })).toBe(start);
  });
});

describe('everything else', () => {
  it('marks and unmarks', () => {
    const state = after(
      start,
      { type: 'mark', key: 'a' },
      { type: 'mark', key: 'b' },
      { type: 'mark', key: 'a' },
    );
    expect([...state.marks]).toEqual(['b']);
  });

  it('goes through all orders and reverses', () => {
    const columns = ['service', 'instances', 'ttl', 'churn', 'lastChange', 'health'];
    let state = start;
    for (const column of columns) {
      state = after(state, { type: 'sort' });
      expect(currentVisit(state).sort.column).toBe(column);
    }
    expect(currentVisit(after(start, { type: 'reverse' })).sort).toEqual({
      column: 'health',
      descending: false,
    });
  });

  it('scrolls a dialog within its text', () => {
    const scroll = (to: Extract<Action, { type: 'scroll' }>['to'], lines = 10, page = 4): Action => ({
      type: 'scroll',
      to,
      lines,
      page,
    });
    const open = after(start, { type: 'dialog', dialog: { kind: 'help', top: 0 } });
    const top = (...actions: readonly Action[]): number | undefined => after(open, ...actions).dialog?.top;
    expect(top(scroll('up'))).toBe(0);
    expect(top(scroll('down'))).toBe(1);
    expect(top(scroll('pageDown'))).toBe(3);
    expect(top(scroll('pageDown'), scroll('pageDown'), scroll('pageDown'))).toBe(6);
    expect(top(scroll('last'), scroll('pageUp'))).toBe(3);
    expect(top(scroll('last'), scroll('first'))).toBe(0);
    expect(top(scroll('last', 3))).toBe(0);
    // It has become shorter meanwhile.
    expect(top(scroll('last', 100), scroll('up', 10))).toBe(6);
    expect(after(start, scroll('down'))).toBe(start);
  });

  it('begins anew in another registry', () => {
    const state = after(
      start,
      { type: 'sort' },
      { type: 'toggle', what: 'wide' },
      { type: 'filter', text: 'pay' },
      { type: 'mark', key: 'a' },
      { type: 'pause', isPaused: true },
      { type: 'visit', place: leases },
      { type: 'focus', pane: 'events' },
      { type: 'dialog', dialog: { kind: 'help', top: 3 } },
      { type: 'restart', place: services },
    );
    expect(state).toMatchObject({ at: 0, isPaused: false, dialog: null, focus: 'table', wide: true });
    expect(state.marks.size).toBe(0);
    expect(state.history).toHaveLength(1);
    expect(currentVisit(state)).toMatchObject({ filter: '', selectedKey: null, sort: { column: 'service' } });
  });
});

describe('the focus', () => {
  it('leaves a pane that has no room any more, and no other', () => {
    const wide = after(start, { type: 'resize', size: { columns: 200, rows: 50 } });
    const focused = after(wide, { type: 'focus', pane: 'findings' });
    expect(after(focused, { type: 'resize', size: { columns: 160, rows: 45 } }).focus).toBe('findings');
    expect(after(focused, { type: 'resize', size: { columns: 80, rows: 24 } }).focus).toBe('table');
  });
});

describe('a dialog', () => {
  it('that cannot be scrolled stays the same one', () => {
    const open = after(start, {
      type: 'dialog',
      dialog: { kind: 'text', title: 'x', lines: null, top: 0 },
    });
    expect(after(open, { type: 'scroll', to: 'down', lines: 1, page: 10 })).toBe(open);
  });
});

describe('whatever happens', () => {
  const movements = ['up', 'down', 'pageUp', 'pageDown', 'first', 'last', 'next', 'previous'] as const;
  const somePlaces = [services, leases, doctor, aService('a'), aService('b')];
  type Doing = (rows: readonly { readonly key: string }[], page: number) => Action;
  const doing: fc.Arbitrary<Doing> = fc.oneof(
    fc.constantFrom(...movements).map((to): Doing => (rows, page) => ({ type: 'move', to, rows, page })),
    fc.constantFrom(...somePlaces).map((place): Doing => () => ({ type: 'visit', place })),
    fc.constantFrom(1 as const, -1 as const).map((by): Doing => () => ({ type: 'history', by })),
    fc
      .constantFrom<Action[]>(
        { type: 'back' },
        { type: 'sort' },
        { type: 'reverse' },
        { type: 'problems' },
        { type: 'prompt', kind: 'filter' },
        { type: 'typed', text: 'x' },
        { type: 'promptDone', keeps: true },
        { type: 'promptDone', keeps: false },
        { type: 'mark', key: 'a' },
        { type: 'restart', place: services },
        { type: 'filter', text: '' },
        { type: 'narrow', to: 'error' },
      )
      .map(
        (action): Doing =>
          () =>
            action,
      ),
  );
  const round = fc.record({
    doing,
    rows: fc.shuffledSubarray(Array.from('abcdefghijkl')).map((keys) => rowsOf(keys)),
    page: fc.integer({ min: 0, max: 6 }),
  });

  it('a row is selected that is there and in sight, and history has a present', () => {
    fc.assert(
      fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
        let state = start;
        let shown: readonly { readonly key: string }[] = [];
        for (const { doing: act, rows, page } of rounds) {
          state = reduce(state, act(shown, page));
          state = reduce(state, { type: 'follow', rows, page });
          shown = rows;
          const { top, selectedIndex, selectedKey } = currentVisit(state);
          expect(state.history[state.at]).toBeDefined();
          expect(state.history.length).toBeLessThanOrEqual(50);
          if (rows.length === 0) {
            expect([selectedIndex, top]).toEqual([0, 0]);
            continue;
          }
          expect(rows[selectedIndex]?.key).toBe(selectedKey);
          expect(top).toBeGreaterThanOrEqual(0);
          expect(top).toBeLessThanOrEqual(selectedIndex);
          expect(selectedIndex).toBeLessThan(top + Math.max(1, page));
          if (page > 0) expect(top).toBeLessThanOrEqual(Math.max(0, rows.length - page));
        }
      }),
    );
  });

  it('new rows leave the cursor on its line of the screen, unless the very top is seen', () => {
    const all = Array.from('abcdefghijklmnop');
    const scene = fc.record({
      before: fc.subarray(all, { minLength: 1 }),
      extra: fc.subarray(all),
      chosen: fc.nat(),
      top: fc.nat(),
      page: fc.integer({ min: 1, max: 6 }),
    });
    fc.assert(
      fc.property(scene, ({ before, extra, chosen, top, page }) => {
        const index = chosen % before.length;
        const visit: Visit = {
          ...firstVisit(services, sortBy('services', null)),
          selectedKey: before[index] ?? null,
          selectedIndex: index,
          top: top % before.length,
        };
        const known = after({ ...start, history: [visit] }, follow(before, page));
        const now = after(
          known,
          follow(
            all.filter((key) => before.includes(key) || extra.includes(key)),
            page,
          ),
        );
        expect(currentVisit(now).selectedKey).toBe(visit.selectedKey);
        if (currentVisit(known).top > 0) expect(line(currentVisit(now))).toBe(line(currentVisit(known)));
      }),
    );
  });
});

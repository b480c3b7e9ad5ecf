import type { Dialog, PaneName, Place, Size } from '../model/paint-model.js';
import { panesOf } from '../paint/panes.js';
import { sortBy, sortsOf, type Sort } from './sorting.js';
import type { Message, ViewState, Visit } from './view-state.js';

/** The rows that a move is about. */
export interface Rows {
  readonly rows: readonly { readonly key: string }[];
  /** Rows that are visible at once. */
  readonly page: number;
}

export type Movement = 'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last' | 'next' | 'previous';

/** Everything that changes the state. */
export type Action =
  | { readonly type: 'resize'; readonly size: Size }
  | ({ readonly type: 'move'; readonly to: Movement } & Rows)
  /** Rows have changed: the selection follows its row. */
  | ({ readonly type: 'follow' } & Rows)
  /** A place that is a text and no table. */
  | { readonly type: 'shift'; readonly to: Movement; readonly most: number; readonly page: number }
  | { readonly type: 'visit'; readonly place: Place; readonly select?: string }
  | { readonly type: 'history'; readonly by: 1 | -1 }
  | { readonly type: 'back' }
  | { readonly type: 'focus'; readonly pane: PaneName }
  | { readonly type: 'prompt'; readonly kind: 'filter' | 'command' }
  | { readonly type: 'typed'; readonly text: string }
  | { readonly type: 'promptDone'; readonly keeps: boolean }
  | { readonly type: 'filter'; readonly text: string }
  | { readonly type: 'sort' }
  | { readonly type: 'reverse' }
  | { readonly type: 'problems' }
  | { readonly type: 'narrow'; readonly to: string }
  | { readonly type: 'mark'; readonly key: string }
  | { readonly type: 'pause'; readonly isPaused: boolean }
  | { readonly type: 'toggle'; readonly what: 'wide' | 'ascii' }
  | { readonly type: 'dialog'; readonly dialog: Dialog | null }
  | { readonly type: 'scroll'; readonly to: Movement; readonly lines: number; readonly page: number }
  | { readonly type: 'say'; readonly message: Message | null }
  /** Another registry: nothing that was found in the old one means anything now. */
  | { readonly type: 'restart'; readonly place: Place };

/** So many places are remembered. */
const MOST_VISITS = 50;

export function firstVisit(place: Place, sort: Sort): Visit {
  return {
    place,
    selectedKey: null,
    selectedIndex: 0,
    top: 0,
    filter: '',
    problemsOnly: false,
    sort,
    narrowed: '',
  };
}

/** Where the user is. */
export function currentVisit({ history, at }: ViewState): Visit {
  return history[at] ?? firstVisit({ screen: 'services' }, sortBy('services', null));
}

/** Whether `q` leaves the view. The overview is the top, however one came to it. */
export function isTop(state: ViewState): boolean {
  return state.at === 0 || currentVisit(state).place.screen === 'services';
}

/** The next state. Pure; what cannot be done changes nothing. */
export function reduce(state: ViewState, action: Action): ViewState {
  switch (action.type) {
    case 'resize':
      return resized(state, action.size);
    case 'move':
      return here(state, (visit) => moved(visit, action.to, action));
    case 'follow':
      return here(state, (visit) => followed(visit, action));
    case 'shift':
      return here(state, (visit) => {
        const top = scrolledTop(visit.top, action.to, action.most, action.page);
        return top === visit.top ? visit : { ...visit, top };
      });
    case 'visit':
      return visited(state, action.place, action.select ?? null);
    case 'history':
      return arrived(state, state.at + action.by);
    case 'back':
      return arrived(state, state.at - 1);
    case 'focus':
      return { ...state, focus: action.pane };
    case 'prompt': {
      const { filter } = currentVisit(state);
      const text = action.kind === 'filter' ? filter : '';
      return { ...state, prompt: { kind: action.kind, text } };
    }
    case 'typed':
      return typed(state, action.text);
    case 'promptDone':
      return promptDone(state, action.keeps);
    case 'filter':
      return here(state, (visit) => ({ ...visit, filter: action.text, top: 0 }));
    case 'sort':
      return sorted(state, ({ place, sort }) => {
        const all = sortsOf(place.screen);
        return sortBy(place.screen, all[(all.indexOf(sort.column) + 1) % all.length] ?? null);
      });
    case 'reverse':
      return sorted(state, ({ sort }) => ({ ...sort, descending: !sort.descending }));
    case 'problems':
      return here(state, (visit) => ({ ...visit, problemsOnly: !visit.problemsOnly, top: 0 }));
    case 'narrow':
      return here(state, (visit) => ({ ...visit, narrowed: action.to, top: 0 }));
    case 'mark':
      return { ...state, marks: toggled(state.marks, action.key) };
    case 'pause':
      return { ...state, isPaused: action.isPaused };
    case 'toggle':
      return { ...state, [action.what]: !state[action.what] };
    case 'dialog':
      return { ...state, dialog: action.dialog };
    case 'scroll':
      return scrolled(state, action.to, action.lines, action.page);
    case 'say':
      return { ...state, message: action.message };
    case 'restart':
      return {
        ...state,
        history: [firstVisit(action.place, sortOf(state, action.place))],
        at: 0,
        marks: new Set(),
        focus: 'table',
        isPaused: false,
        dialog: null,
      };
  }
}

/** A pane that has no room any more cannot keep the focus. */
function resized(state: ViewState, size: Size): ViewState {
  const { panes } = panesOf(currentVisit(state).place, size);
  return { ...state, size, focus: panes.includes(state.focus) ? state.focus : 'table' };
}

function here(state: ViewState, change: (visit: Visit) => Visit): ViewState {
  const before = currentVisit(state);
  const now = change(before);
  if (now === before) return state;
  return { ...state, history: state.history.with(state.at, now) };
}

function sortOf({ sorts }: ViewState, { screen }: Place): Sort {
  return sorts[screen] ?? sortBy(screen, null);
}

/** The order of a screen stays for the next time it is opened. */
function sorted(state: ViewState, next: (visit: Visit) => Sort): ViewState {
  const visit = currentVisit(state);
  const sort = next(visit);
  const sorts = { ...state.sorts, [visit.place.screen]: sort };
  return here({ ...state, sorts }, (before) => ({ ...before, sort }));
}

function visited(state: ViewState, place: Place, select: string | null): ViewState {
  const visit = { ...firstVisit(place, sortOf(state, place)), selectedKey: select };
  const current = currentVisit(state);
  if (JSON.stringify(current.place) === JSON.stringify(place)) {
    const again = select === null ? state : here(state, (before) => ({ ...before, selectedKey: select }));
    return { ...again, dialog: null, focus: 'table' };
  }
  const kept = state.history.slice(Math.max(0, state.at + 2 - MOST_VISITS), state.at + 1);
  return {
    ...state,
    history: [...kept, visit],
    at: kept.length,
    focus: 'table',
    dialog: null,
    marks: new Set(),
  };
}

function arrived(state: ViewState, at: number): ViewState {
  if (at < 0 || at >= state.history.length) return state;
  return { ...state, at, focus: 'table', dialog: null, marks: new Set() };
}

function moved(visit: Visit, to: Movement, { rows, page }: Rows): Visit {
  if (rows.length === 0) return visit;
  const last = rows.length - 1;
  const from = indexOf(visit, rows);
  const step = Math.max(1, page - 1);
  const targets: Readonly<Record<Movement, number>> = {
    up: Math.max(0, from - 1),
    down: Math.min(last, from + 1),
    pageUp: Math.max(0, from - step),
    pageDown: Math.min(last, from + step),
    first: 0,
    last,
    next: from >= last ? 0 : from + 1,
    previous: from <= 0 ? last : from - 1,
  };
  return placed(visit, rows, targets[to], visit.top, page);
}

/** The selection stays with its row; where that has gone, it stays in its place. */
function followed(visit: Visit, { rows, page }: Rows): Visit {
  if (rows.length === 0) {
    // A text has no rows either, and keeps where it was scrolled to.
    const top = visit.place.screen === 'instance' ? visit.top : 0;
    if (visit.selectedIndex === 0 && visit.top === top) return visit;
    return { ...visit, selectedIndex: 0, top };
  }
  const index = indexOf(visit, rows);
  // Rows that come in above push the picture, not the cursor; at the very top there is nothing to push.
  const top = visit.top === 0 ? 0 : visit.top + (index - visit.selectedIndex);
  return placed(visit, rows, index, top, page);
}

function indexOf({ selectedKey, selectedIndex }: Visit, rows: Rows['rows']): number {
  if (rows[selectedIndex]?.key === selectedKey) return selectedIndex;
  const found = selectedKey === null ? 0 : rows.findIndex(({ key }) => key === selectedKey);
  return found >= 0 ? found : Math.max(0, Math.min(selectedIndex, rows.length - 1));
}

function placed(visit: Visit, rows: Rows['rows'], index: number, top: number, page: number): Visit {
  const selectedKey = rows[index]?.key ?? null;
  const highest = Math.max(0, rows.length - page);
  const visible = Math.max(index - Math.max(1, page) + 1, Math.min(index, top));
  const now = { selectedKey, selectedIndex: index, top: Math.max(0, Math.min(highest, visible)) };
  const isSame =
    visit.selectedKey === now.selectedKey &&
    visit.selectedIndex === now.selectedIndex &&
    visit.top === now.top;
  return isSame ? visit : { ...visit, ...now };
}

function typed(state: ViewState, text: string): ViewState {
  if (state.prompt === null) return state;
  const prompted = { ...state, prompt: { ...state.prompt, text } };
  return state.prompt.kind === 'filter' ? reduce(prompted, { type: 'filter', text }) : prompted;
}

function promptDone(state: ViewState, keeps: boolean): ViewState {
  const { prompt } = state;
  if (prompt === null) return state;
  const closed = { ...state, prompt: null };
  if (prompt.kind === 'command' || keeps) return closed;
  return reduce(closed, { type: 'filter', text: '' });
}

function toggled(marks: ReadonlySet<string>, key: string): ReadonlySet<string> {
  const next = new Set(marks);
  if (!next.delete(key)) next.add(key);
  return next;
}

function scrolled(state: ViewState, to: Movement, lines: number, page: number): ViewState {
  const { dialog } = state;
  if (dialog === null) return state;
  const top = scrolledTop(dialog.top, to, Math.max(0, lines - page), page);
  return top === dialog.top ? state : { ...state, dialog: { ...dialog, top } };
}

function scrolledTop(top: number, to: Movement, most: number, page: number): number {
  const step = Math.max(1, page - 1);
  const tops: Readonly<Record<Movement, number>> = {
    up: top - 1,
    previous: top - 1,
    down: top + 1,
    next: top + 1,
    pageUp: top - step,
    pageDown: top + step,
    first: 0,
    last: most,
  };
  return Math.max(0, Math.min(most, tops[to]));
}

import type { ScreenName } from '../model/paint-model.js';

/** What a key does. The view knows no other effects, and none of them writes to a registry. */
export type Effect =
  | {
      readonly type: 'move';
      readonly to: 'up' | 'down' | 'pageUp' | 'pageDown' | 'first' | 'last' | 'next' | 'previous';
    }
  | { readonly type: 'go'; readonly screen: 'services' | 'leases' | 'events' | 'doctor' }
  | { readonly type: 'history'; readonly by: 1 | -1 }
  | { readonly type: 'pane'; readonly by: 1 | -1 }
  | { readonly type: 'prompt'; readonly kind: 'filter' | 'command' }
  | {
      readonly type:
        | 'open'
        | 'back'
        | 'quit'
        | 'leave'
        | 'suspend'
        | 'sort'
        | 'reverse'
        | 'problems'
        | 'mark'
        | 'pause'
        | 'wide'
        | 'raw'
        | 'ascii'
        | 'copy'
        | 'retry'
        | 'help'
        | 'lease'
        | 'host'
        | 'events'
        | 'rerun'
        | 'unread'
        | 'severity'
        | 'types'
        | 'save'
        | 'repaint';
    };

/** Part of the help in which a key stands. */
export type HelpGroup = 'MOVE' | 'FIND' | 'SCREENS' | 'VIEW' | 'HERE';

/** A key, where it works, and what it does. */
export interface KeyBinding {
  /** As `KeyPress` names them: one character, or the name of a key. */
  readonly keys: readonly string[];
  /** null: on every screen. */
  readonly screens: readonly ScreenName[] | null;
  readonly effect: Effect;
  /** As it is shown; `ascii` where only ASCII may be written. */
  readonly label: string;
  readonly ascii?: string;
  /** A word or two for the last line of the screen. */
  readonly does: string;
  /** A few words for the help. */
  readonly help: string;
  readonly group: HelpGroup;
  /** Place in the last line of the screen, the smallest first; left out: only in the help. */
  readonly order?: number;
  /** Another place on some screens. */
  readonly orders?: Readonly<Partial<Record<ScreenName, number>>>;
}

const tables: readonly ScreenName[] = ['services', 'service', 'host', 'leases', 'lease', 'doctor', 'events'];
const withInstances: readonly ScreenName[] = ['service', 'instance', 'host', 'lease'];

/** Every key there is. The help, the last line of each screen and the dispatch all follow from it. */
export const keyTable: readonly KeyBinding[] = [
  {
    keys: ['up', 'k'],
    screens: null,
    effect: { type: 'move', to: 'up' },
    label: '↑ k',
    ascii: 'up k',
    does: 'up',
    help: 'one row up',
    group: 'MOVE',
  },
  {
    keys: ['down', 'j'],
    screens: null,
    effect: { type: 'move', to: 'down' },
    label: '↓ j',
    ascii: 'down j',
    does: 'down',
    help: 'one row down',
    group: 'MOVE',
  },
  {
    keys: ['pageup'],
    screens: null,
    effect: { type: 'move', to: 'pageUp' },
    label: 'PgUp',
    does: 'page',
    help: 'one page up',
    group: 'MOVE',
  },
  {
    keys: ['pagedown'],
    screens: null,
    effect: { type: 'move', to: 'pageDown' },
    label: 'PgDn',
    does: 'page',
    help: 'one page down',
    group: 'MOVE',
  },
  {
    keys: ['g', 'home'],
    screens: null,
    effect: { type: 'move', to: 'first' },
    label: 'g Home',
    does: 'top',
    help: 'first',
    group: 'MOVE',
  },
  {
    keys: ['G', 'end'],
    screens: null,
    effect: { type: 'move', to: 'last' },
    label: 'G End',
    does: 'bottom',
    help: 'last',
    group: 'MOVE',
  },
  {
    keys: ['enter'],
    screens: tables,
    effect: { type: 'open' },
    label: '⏎',
    ascii: 'enter',
    does: 'open',
    help: 'open',
    group: 'MOVE',
    order: 1,
  },
  {
    keys: ['escape'],
    screens: null,
    effect: { type: 'back' },
    label: 'esc',
    does: 'back',
    help: 'close, clear the filter, back',
    group: 'MOVE',
    order: 90,
  },
  {
    keys: ['['],
    screens: null,
    effect: { type: 'history', by: -1 },
    label: '[',
    does: 'back',
    help: 'to the screen before',
    group: 'MOVE',
  },
  {
    keys: [']'],
    screens: null,
    effect: { type: 'history', by: 1 },
    label: ']',
    does: 'forward',
    help: 'and forward again',
    group: 'MOVE',
  },
  {
    keys: ['tab'],
    screens: null,
    effect: { type: 'pane', by: 1 },
    label: 'tab',
    does: 'pane',
    help: 'next pane',
    group: 'MOVE',
    order: 12,
  },
  {
    keys: ['shift-tab'],
    screens: null,
    effect: { type: 'pane', by: -1 },
    label: '⇧tab',
    ascii: 'shift-tab',
    does: 'pane',
    help: 'previous pane',
    group: 'MOVE',
  },

  {
    keys: ['/'],
    screens: tables,
    effect: { type: 'prompt', kind: 'filter' },
    label: '/',
    does: 'filter',
    help: 'filter: x !x /re/ -l sel',
    group: 'FIND',
    order: 2,
  },
  {
    keys: ['n'],
    screens: tables,
    effect: { type: 'move', to: 'next' },
    label: 'n',
    does: 'next',
    help: 'next match',
    group: 'FIND',
  },
  {
    keys: ['N'],
    screens: tables,
    effect: { type: 'move', to: 'previous' },
    label: 'N',
    does: 'previous',
    help: 'previous match',
    group: 'FIND',
  },
  {
    keys: ['f'],
    screens: ['services', 'service', 'host', 'leases', 'lease', 'events'],
    effect: { type: 'problems' },
    label: 'f',
    does: 'problems',
    help: 'only problems',
    group: 'FIND',
    order: 11,
  },
  {
    keys: ['f'],
    screens: ['doctor'],
    effect: { type: 'severity' },
    label: 'f',
    does: 'severity',
    help: 'all, warnings, errors',
    group: 'HERE',
    order: 4,
  },
  {
    keys: ['s'],
    screens: tables,
    effect: { type: 'sort' },
    label: 's',
    does: 'sort',
    help: 'next sort column',
    group: 'FIND',
    order: 3,
  },
  {
    keys: ['S'],
    screens: tables,
    effect: { type: 'reverse' },
    label: 'S',
    does: 'reverse',
    help: 'reverse the order',
    group: 'FIND',
  },
  {
    keys: [' '],
    screens: tables,
    effect: { type: 'mark' },
    label: 'space',
    does: 'mark',
    help: 'mark a row',
    group: 'FIND',
    order: 13,
  },

  {
    keys: ['1'],
    screens: null,
    effect: { type: 'go', screen: 'services' },
    label: '1',
    does: 'services',
    help: 'services',
    group: 'SCREENS',
    order: 14,
  },
  {
    keys: ['2'],
    screens: null,
    effect: { type: 'go', screen: 'leases' },
    label: '2',
    does: 'leases',
    help: 'leases',
    group: 'SCREENS',
    order: 8,
  },
  {
    keys: ['3'],
    screens: null,
    effect: { type: 'go', screen: 'events' },
    label: '3',
    does: 'events',
    help: 'events',
    group: 'SCREENS',
    order: 15,
  },
  {
    keys: ['4'],
    screens: null,
    effect: { type: 'go', screen: 'doctor' },
    label: '4',
    does: 'doctor',
    help: 'doctor',
    group: 'SCREENS',
    order: 9,
  },
  {
    keys: [':'],
    screens: null,
    effect: { type: 'prompt', kind: 'command' },
    label: ':',
    does: 'command',
    help: 'command: ctx svc layout q',
    group: 'SCREENS',
    order: 16,
  },

  {
    keys: ['p'],
    screens: null,
    effect: { type: 'pause' },
    label: 'p',
    does: 'pause',
    help: 'pause and resume',
    group: 'VIEW',
    order: 7,
  },
  {
    keys: ['w'],
    screens: null,
    effect: { type: 'wide' },
    label: 'w',
    does: 'wide',
    help: 'wide columns',
    group: 'VIEW',
    order: 17,
  },
  {
    keys: ['y'],
    screens: ['service', 'instance', 'host', 'lease', 'leases', 'doctor'],
    effect: { type: 'raw' },
    label: 'y',
    does: 'raw',
    help: 'as it is stored',
    group: 'VIEW',
    order: 5,
  },
  {
    keys: ['a'],
    screens: null,
    effect: { type: 'ascii' },
    label: 'a',
    does: 'ASCII',
    help: 'ASCII on and off',
    group: 'VIEW',
  },
  {
    keys: ['c'],
    screens: withInstances,
    effect: { type: 'copy' },
    label: 'c',
    does: 'copy',
    help: 'copy the endpoint',
    group: 'VIEW',
    order: 18,
  },
  {
    keys: ['R'],
    screens: null,
    effect: { type: 'retry' },
    label: 'R',
    does: 'refresh',
    help: 'retry now, read anew',
    group: 'VIEW',
  },
  {
    keys: ['ctrl-s'],
    screens: tables,
    effect: { type: 'save' },
    label: '^s',
    does: 'save',
    help: 'save the table as tsv',
    group: 'VIEW',
  },
  {
    keys: ['o'],
    screens: ['events'],
    effect: { type: 'save' },
    label: 'o',
    does: 'save to file',
    help: 'save the events as tsv',
    group: 'HERE',
    order: 6,
  },
  {
    keys: ['ctrl-l'],
    screens: null,
    effect: { type: 'repaint' },
    label: '^l',
    does: 'repaint',
    help: 'paint anew',
    group: 'VIEW',
  },

  {
    keys: ['l'],
    screens: withInstances,
    effect: { type: 'lease' },
    label: 'l',
    does: 'lease',
    help: 'its lease',
    group: 'HERE',
    order: 6,
  },
  {
    keys: ['h'],
    screens: withInstances,
    effect: { type: 'host' },
    label: 'h',
    does: 'host',
    help: 'instances on its host',
    group: 'HERE',
    order: 6.5,
  },
  {
    keys: ['e'],
    screens: ['services', ...withInstances],
    effect: { type: 'events' },
    label: 'e',
    does: 'events',
    help: 'its events',
    group: 'HERE',
    order: 5.5,
    // The overview has more useful ones.
    orders: { services: 10 },
  },
  {
    keys: ['u'],
    screens: null,
    effect: { type: 'unread' },
    label: 'u',
    does: 'unread',
    help: 'entries that cannot be read',
    group: 'VIEW',
  },
  {
    keys: ['r'],
    screens: ['doctor'],
    effect: { type: 'rerun' },
    label: 'r',
    does: 'run again',
    help: 'run the rules again',
    group: 'HERE',
    order: 2.5,
  },
  {
    keys: ['t'],
    screens: ['events'],
    effect: { type: 'types' },
    label: 't',
    does: 'types',
    help: 'types of events',
    group: 'HERE',
    order: 1.5,
  },

  {
    keys: ['?'],
    screens: null,
    effect: { type: 'help' },
    label: '?',
    does: 'help',
    help: 'this help',
    group: 'VIEW',
    order: 98,
  },
  {
    keys: ['q'],
    screens: null,
    effect: { type: 'quit' },
    label: 'q',
    does: 'quit',
    help: 'back, at the top: quit',
    group: 'VIEW',
    order: 99,
  },
  {
    keys: ['ctrl-c'],
    screens: null,
    effect: { type: 'leave' },
    label: '^c',
    does: 'quit',
    help: 'quit',
    group: 'VIEW',
  },
  {
    keys: ['ctrl-z'],
    screens: null,
    effect: { type: 'suspend' },
    label: '^z',
    does: 'suspend',
    help: 'suspend, fg comes back',
    group: 'VIEW',
  },
];

/** The binding of a key on a screen; null: it does nothing there. */
export function bindingFor(key: string, screen: ScreenName): KeyBinding | null {
  return (
    keyTable.find(
      ({ keys, screens }) => keys.includes(key) && (screens === null || screens.includes(screen)),
    ) ?? null
  );
}

/** Keys of the last line of a screen, the most useful first. */
export function keyLine(
  screen: ScreenName,
  {
    ascii,
    isTop,
    hasPanes,
  }: { readonly ascii: boolean; readonly isTop: boolean; readonly hasPanes: boolean },
): readonly { readonly key: string; readonly does: string }[] {
  const shown = keyTable.filter(
    ({ order, screens, effect }) =>
      order !== undefined &&
      (screens === null || screens.includes(screen)) &&
      !(effect.type === 'back' && isTop) &&
      !(effect.type === 'quit' && !isTop) &&
      !(effect.type === 'pane' && !hasPanes) &&
      !(effect.type === 'go' && effect.screen === screen),
  );
  const first = tables.includes(screen) ? [{ key: ascii ? 'j k' : '↑↓', does: 'move' }] : [];
  return [
    ...first,
    ...shown
      .toSorted((a, b) => orderOn(screen, a) - orderOn(screen, b))
      .map(({ label, ascii: plain, does }) => ({ key: ascii ? (plain ?? label) : label, does })),
  ];
}

function orderOn(screen: ScreenName, { order = 0, orders }: KeyBinding): number {
  return orders?.[screen] ?? order;
}

/** Every binding of the key table on every screen that it works on: pressed, and seen. */
import { readFileSync, statSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { keyTable, type Effect, type KeyBinding } from '../../src/lib/tui/keys/key-table.js';
import type { ScreenName } from '../../src/lib/tui/model/paint-model.js';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import {
  drain,
  keys,
  outputSince,
  press,
  rerunDoctor,
  untilPainted,
  WITHIN_MS,
} from '../support/view/steps.js';
import { etcdStops, goTo, type Stop } from '../support/view/tour.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

/** With all panes. */
const size = { columns: 120, rows: 30 };
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

/** Where `esc` leads from the way to a screen. */
const before: Readonly<Record<ScreenName, RegExp>> = {
  services: /^ events/m,
  service: /^ services( |$)/m,
  instance: /^ services › checkout(?! ›)/m,
  host: /^ services › checkout/m,
  leases: /^ services( |$)/m,
  lease: /^ services › checkout/m,
  doctor: /^ services( |$)/m,
  events: /^ services( |$)/m,
};
const here: Readonly<Record<ScreenName, RegExp>> = {
  services: /^ services \(/m,
  service: /^ services › checkout(?! ›)/m,
  instance: /^ services › checkout › i-7f3a/m,
  host: /^ host ›/m,
  leases: /^ leases \(/m,
  lease: /^ leases ›/m,
  doctor: /^ doctor/m,
  events: /^ events/m,
};
/** What the first row of a screen opens. */
const opened: Readonly<Record<Exclude<ScreenName, 'instance'>, RegExp>> = {
  services: /^ services › checkout(?! ›)/m,
  service: /^ services › checkout › /m,
  host: /^ services › checkout › i-/m,
  leases: /^ leases › 694d/m,
  lease: /^ services › checkout › i-/m,
  doctor: /^ services › legacy-batch/m,
  events: /^ services › /m,
};
/** Panes that have a title in which the focus can be seen. */
const titled: readonly ScreenName[] = ['services', 'service', 'host', 'leases', 'doctor'];
/** A text has no order, no filter and no columns to say something of. */
const isText = (screen: ScreenName): boolean => screen === 'instance';

const sequences: Readonly<Record<string, string>> = {
  up: keys.up,
  down: keys.down,
  pageup: keys.pageUp,
  pagedown: keys.pageDown,
  home: keys.home,
  end: keys.end,
  enter: keys.enter,
  escape: keys.escape,
  tab: keys.tab,
  'shift-tab': keys.shiftTab,
};

function bytesOf(key: string): string {
  const control = /^ctrl-([a-z])$/.exec(key)?.[1];
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) - 96);
  const bytes = sequences[key] ?? key;
  if (bytes.length > 1 && !bytes.startsWith('\x1b')) throw new Error(`nobody knows how ${key} is sent`);
  return bytes;
}

/** Index of the selected row and number of rows, as the message line says them. */
function position(terminal: ViewTerminal): readonly [number, number] {
  const found = /([\d,]+) of ([\d,]+) *$/.exec(terminal.rows().at(-2) ?? '');
  return [Number(found?.[1] ?? 0), Number(found?.[2] ?? 0)];
}

const path = (terminal: ViewTerminal): string => terminal.rows()[1] ?? '';
const message = (terminal: ViewTerminal): string => terminal.rows().at(-2) ?? '';
const focusOf = (terminal: ViewTerminal): string =>
  /[▌](findings|events|recent events|detail|finding) ─/.exec(terminal.text())?.[1] ?? 'table';

interface Pressed {
  readonly view: ScriptedView;
  readonly bytes: string;
  readonly screen: ScreenName;
}
type Expectation = (pressed: Pressed) => Promise<void>;

/** The selection, or on a text what is scrolled to, goes from a row to another one. */
function moves(from: 'first' | 'last', isThere: (row: number, rows: number) => boolean): Expectation {
  return async ({ view, bytes, screen }) => {
    const { terminal } = view;
    if (isText(screen)) {
      await scrolls(view, from, bytes);
      return;
    }
    await press(view, from === 'first' ? 'g' : 'G', (now) => {
      const [row, rows] = position(now);
      return row === (from === 'first' ? 1 : rows);
    });
    expect(position(terminal)[1], `rows of ${screen}`).toBeGreaterThan(1);
    await press(view, bytes, (now) => isThere(...position(now)));
    expect(terminal.rows().some((line) => line.startsWith('▌'))).toBe(true);
  };
}

/** A text that is longer than the screen. */
async function scrolls(view: ScriptedView, from: 'first' | 'last', bytes: string): Promise<void> {
  const { terminal } = view;
  terminal.resize(80, 12);
  await terminal.until(/more lines/, WITHIN_MS);
  const isAtTop = (now: ViewTerminal): boolean => (now.rows()[2] ?? '').includes('health');
  if (from === 'last') await press(view, 'G', (now) => !isAtTop(now));
  const top = terminal.rows()[2];
  await press(view, bytes, (now) => now.rows()[2] !== top);
  terminal.resize(size.columns, size.rows);
  await terminal.until((now) => !/more lines/.test(now.text()), WITHIN_MS);
}

const leadsTo =
  (...checks: readonly RegExp[]): Expectation =>
  async ({ view, bytes }) => {
    for (const check of checks) await press(view, bytes, check);
  };

const seenNowhere: Expectation = async ({ view, bytes }) => {
  await drain(view);
  const picture = view.terminal.text();
  view.terminal.press(bytes);
  await drain(view);
  expect(view.terminal.text()).toBe(picture);
};

const turns = (): Expectation => async (pressed) => {
  const { view, bytes, screen } = pressed;
  if (!titled.includes(screen)) return seenNowhere(pressed);
  expect(focusOf(view.terminal)).toBe('table');
  await press(view, bytes, (now) => focusOf(now) !== 'table');
  return undefined;
};

/** On and off again; it is for every screen. */
const toggles =
  (isOn: (terminal: ViewTerminal) => boolean): Expectation =>
  async ({ view, bytes }) => {
    expect(isOn(view.terminal)).toBe(false);
    await press(view, bytes, isOn);
    await press(view, bytes, (now) => !isOn(now));
  };

/** What is said is said for a while; what comes next must be seen to be new. */
const isSilent = async (view: ScriptedView): Promise<void> => view.advance(7_000);

const says =
  (text: RegExp): Expectation =>
  async ({ view, bytes }) => {
    await isSilent(view);
    expect(view.terminal.text()).not.toMatch(text);
    await press(view, bytes, text);
  };

const saves: Expectation = async ({ view, bytes, screen }) => {
  await isSilent(view);
  await press(view, bytes, (now) => /\d+ rows? saved to \S+\.tsv/.test(message(now)));
  const [, count = '', file = ''] = /(\d+) rows? saved to (\S+\.tsv)/.exec(message(view.terminal)) ?? [];
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').slice(1);
  expect(lines).toHaveLength(Number(count));
  expect(file).toContain(`/${screen}-`);
  const { terminal } = view;
  const shown = terminal.rows().filter((line) => /^[▌ ][●▲✖◼◌+~*!i-] \S/.test(line)).length;
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeGreaterThanOrEqual(Math.min(shown, position(terminal)[1]));
};

/** One of its own, which ends. */
async function ends(screen: ScreenName, bytes: string): Promise<void> {
  await using view = await openKeys(shared);
  await view.advance(500);
  await goTo(view, stopOf('events'));
  await goTo(view, screen === 'doctor' ? { ...stopOf(screen), way: [['4', here.doctor]] } : stopOf(screen));
  view.terminal.press(bytes);
  expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
  expect(view.terminal.isAlternate).toBe(false);
}

const expectations: Readonly<Record<string, Expectation>> = {
  'move up': moves('last', (row, rows) => row === rows - 1),
  'move down': moves('first', (row) => row === 2),
  'move pageUp': moves('last', (row, rows) => row < rows),
  'move pageDown': moves('first', (row) => row > 1),
  'move first': moves('last', (row) => row === 1),
  'move last': moves('first', (row, rows) => row === rows),
  'move next': moves('first', (row) => row === 2),
  'move previous': moves('first', (row, rows) => row === rows),
  open: async ({ view, bytes, screen }) => {
    await press(view, 'g', (now) => position(now)[0] === 1);
    await press(view, bytes, screen === 'instance' ? /./ : opened[screen]);
  },
  back: async ({ view, bytes, screen }) => press(view, bytes, before[screen]),
  'history -1': async ({ view, bytes, screen }) => press(view, bytes, before[screen]),
  'history 1': async ({ view, bytes, screen }) => {
    await press(view, '[', before[screen]);
    await press(view, bytes, here[screen]);
  },
  'pane 1': turns(),
  'pane -1': turns(),
  'prompt filter': async ({ view, bytes }) => {
    await press(view, bytes, (now) => message(now).startsWith('/'));
    await press(view, keys.escape, (now) => !message(now).startsWith('/'));
  },
  'prompt command': async ({ view, bytes }) => {
    await press(view, bytes, (now) => message(now).startsWith(':'));
    await press(view, keys.escape, (now) => !message(now).startsWith(':'));
  },
  problems: toggles((now) => path(now).includes('only problems')),
  severity: leadsTo(/severity: warning/, /severity: error/, /^ doctor(?!.*severity).*run/m),
  types: leadsTo(
    /types: joined/,
    /types: left/,
    /types: updated/,
    /types: stale/,
    /types: synced/,
    /types: all/,
  ),
  sort: async ({ view, bytes, screen }) => {
    if (screen === 'events') return seenNowhere({ view, bytes, screen });
    // Through all of them and back to the first.
    const first = path(view.terminal);
    const seen = new Set([first]);
    do {
      const last = path(view.terminal);
      await press(view, bytes, (now) => path(now) !== last);
      expect(path(view.terminal) === first || !seen.has(path(view.terminal))).toBe(true);
      seen.add(path(view.terminal));
    } while (path(view.terminal) !== first);
    expect(seen.size).toBeGreaterThan(2);
    return undefined;
  },
  reverse: async ({ view, bytes }) => {
    const was = path(view.terminal);
    await press(view, bytes, (now) => path(now) !== was && /sort: \w+ [▲▼]|run/.test(path(now)));
    await press(view, bytes, (now) => path(now) === was);
  },
  mark: async ({ view, bytes }) => {
    const [row, rows] = position(view.terminal);
    await press(view, bytes, (now) => message(now).includes('1 marked'));
    expect(position(view.terminal)[0]).toBe(Math.min(rows, row + 1));
    expect(view.terminal.rows().filter((line) => /^[▌ ].\*/.test(line))).toHaveLength(1);
  },
  'go services': leadsTo(/^ services \(/m),
  'go leases': leadsTo(/^ leases/m),
  'go events': leadsTo(/^ events/m),
  'go doctor': leadsTo(/^ doctor/m),
  pause: toggles((now) => (now.rows()[0] ?? '').includes('PAUSED +0')),
  wide: async (pressed) => {
    if (isText(pressed.screen)) {
      await seenNowhere(pressed);
      await seenNowhere(pressed);
    } else await toggles((now) => / wide *$/.test(path(now)))(pressed);
  },
  raw: async ({ view, bytes, screen }) => {
    await press(view, bytes, screen === 'doctor' ? /▌SD\d+ ─/ : /▌\S+ ─/);
    await press(view, keys.escape, here[screen]);
  },
  ascii: toggles((now) => (now.rows()[0] ?? '').includes('PROTECTED | etcd')),
  copy: says(/^ start with --clipboard to copy/m),
  retry: says(/^ reading everything anew/m),
  save: saves,
  repaint: async ({ view, bytes }) => {
    await drain(view);
    const picture = view.terminal.text();
    const from = view.terminal.received;
    view.terminal.press(bytes);
    const isAsBefore = (now: ViewTerminal): boolean =>
      outputSince(now, from).includes('\x1b[2J') && now.text() === picture;
    await view.terminal.until(isAsBefore, WITHIN_MS);
  },
  lease: leadsTo(/^ leases › 694d8c1f/m),
  host: leadsTo(/^ host › 10\./m),
  events: leadsTo(/^ events › checkout/m),
  rerun: async ({ view }) => rerunDoctor(view),
  unread: says(/^ every entry can be read/m),
  help: async ({ view, bytes, screen }) => {
    await press(view, bytes, /▌help ─/);
    await press(view, bytes, here[screen]);
  },
  // `q quit` stands there on the overview, however one came to it.
  quit: async ({ view, bytes, screen }) => {
    if (screen === 'services') await ends('services', bytes);
    else await press(view, bytes, before[screen]);
  },
  leave: async ({ screen, bytes }) => ends(screen, bytes),
  suspend: async ({ view, bytes, screen }) => {
    const from = view.terminal.received;
    view.terminal.press(bytes);
    // Nobody could wake it here, so that it comes back by itself.
    const wasLeft = (now: ViewTerminal): boolean => outputSince(now, from).includes('\x1b[?1049l');
    await view.terminal.until((now) => wasLeft(now) && now.isAlternate, WITHIN_MS);
    await view.terminal.until(here[screen], WITHIN_MS);
  },
};

function nameOf(effect: Effect): string {
  const { type, ...rest } = effect;
  return [type, ...Object.values(rest).map(String)].join(' ');
}

function stopOf(screen: ScreenName): Stop {
  if (screen === 'leases') return { name: screen, way: [['2', /^▌. 694d/m]], check: here.leases };
  const stop = etcdStops.find(({ name }) => name === screen);
  if (stop === undefined) throw new Error(`no way to ${screen}`);
  return stop;
}

/** Three instances hang on one lease, so that there is something to move in. */
const shared = ((): ReturnType<typeof prodEu> => {
  const fixture = prodEu();
  const lease = fixture.instances.find(({ id }) => id === 'i-7f3a')?.lease ?? null;
  return {
    ...fixture,
    instances: fixture.instances.map((one) =>
      one.id === 'i-1c55' || one.id === 'i-02bd' ? { ...one, lease } : one,
    ),
  };
})();

async function openKeys(
  fixture: ReturnType<typeof prodEu>,
  args: readonly string[] = [],
): Promise<ScriptedView> {
  const view = await ScriptedView.open(fixture, { args: ['watch', '-i', ...args], ...size });
  await view.shown();
  return view;
}

describe('each key', () => {
  let view: ScriptedView;

  beforeAll(async () => {
    view = await openKeys(shared);
    await view.advance(1_000);
    await view.emit(
      { type: 'left', service: 'auth', id: 'i-1' },
      { type: 'left', service: 'auth', id: 'i-2' },
    );
    await view.advance(500);
    // By their ids: those that are read now must not change places.
    await press(view, '2', /^ leases/m);
    await press(view, 's', /sort: lease/);
    await view.advance(1_000);
    await press(view, '4', /^ doctor/m);
    await untilPainted(view, /(?<!last )run \d\d:/);
  });

  afterEach(({ task }) => {
    // What was left open by one test must not fail all others.
    if (task.result?.state === 'fail') for (let count = 0; count < 3; count += 1) view.terminal.press('\x1b');
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });

  test('has an expectation, and none is left over', () => {
    const effects = new Set(keyTable.map(({ effect }) => nameOf(effect)));
    expect([...effects].sort()).toEqual(Object.keys(expectations).sort());
  });

  const bindings = keyTable.map((binding): readonly [string, KeyBinding] => [
    `${binding.keys.join(' ')}: ${nameOf(binding.effect)}`,
    binding,
  ]);
  test.each(bindings)('%s', { timeout: 60_000 }, async (_title, { keys: names, screens: on, effect }) => {
    const expectation = expectations[nameOf(effect)];
    if (expectation === undefined) throw new Error(`nobody says what ${nameOf(effect)} looks like`);
    for (const screen of on ?? screens) {
      for (const name of names) {
        // So that there is something before the overview.
        if (screen === 'services') await goTo(view, stopOf('events'));
        await goTo(view, stopOf(screen));
        await expectation({ view, bytes: bytesOf(name), screen });
      }
    }
  });
});

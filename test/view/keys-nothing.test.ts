/** Keys that mean nothing, and keys that a terminal or a slow line puts together. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { drain, keys, press, untilPainted, WITHIN_MS } from '../support/view/steps.js';
import { etcdStops, goTo, leave } from '../support/view/tour.js';

const control = (letter: string): string => String.fromCharCode(letter.charCodeAt(0) - 96);

/** What people press by mistake, and what terminals send for keys that the view has no use for. */
const nothings: Readonly<Record<string, readonly string[]>> = {
  'ctrl-d and ctrl-k': [control('d'), control('k')],
  'Delete and Backspace': [keys.delete, keys.backspace, '\b', '\x1b[3;5~', '\x1b[3;2~'],
  'function keys of xterm': [
    'OP',
    'OQ',
    'OR',
    'OS',
    '[15~',
    '[17~',
    '[18~',
    '[19~',
    '[20~',
    '[21~',
    '[23~',
    '[24~',
  ].map((key) => `\x1b${key}`),
  'function keys of the Linux console and rxvt': [
    '[[A',
    '[[B',
    '[[C',
    '[[D',
    '[[E',
    '[11~',
    '[12~',
    '[13~',
    '[14~',
  ].map((key) => `\x1b${key}`),
  'other letters with ctrl': ['a', 'b', 'e', 'f', 'n', 'o', 'p', 'q', 't', 'u', 'v', 'w', 'x', 'y'].map(
    control,
  ),
  'letters that are not bound': ['d', 'D', 'X', 'x', 'z', 'Z', 'i', 'b', 'v', 'é', '日', '👍'],
  'digits that are not bound': ['0', '5', '6', '7', '8', '9'],
  'arrows to the sides, and with modifiers': [
    keys.left,
    keys.right,
    '\x1b[1;5A',
    '\x1b[1;5B',
    '\x1b[1;2C',
    '\x1b[1;3D',
    '\x1b[2~',
  ],
  'answers that were meant for another program': ['\x1b[24;80R', '\x1b[?62;22c', '\x1b[I', '\x1b[O'],
};

describe('keys that mean nothing', () => {
  let view: ScriptedView;

  beforeAll(async () => {
    view = await ScriptedView.open(prodEu(), { args: ['watch', '-i', '--clipboard'] });
    await view.shown();
    await view.advance(1_000);
    await press(view, '4', /^ doctor/m);
    await untilPainted(view, /(?<!last )run \d\d:/);
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });

  const tables = etcdStops.filter(({ leave: typed }) => typed === undefined);
  test.each(tables)('on $name', async (stop) => {
    await goTo(view, stop);
    await drain(view);
    const picture = view.terminal.text();
    for (const [name, sent] of Object.entries(nothings)) {
      for (const each of sent) view.terminal.press(each);
      await drain(view);
      expect(view.terminal.text(), name).toBe(picture);
    }
  });

  const dialogs = etcdStops.filter(({ name }) => name === 'help' || name === 'raw');
  test.each(dialogs)('in the dialog $name', async (stop) => {
    await goTo(view, stop);
    await untilPainted(view, 'scroll');
    const picture = view.terminal.text();
    // What works on the screen behind it waits until the dialog is closed.
    const others = [
      's',
      'S',
      'p',
      'w',
      'a',
      'c',
      'R',
      'f',
      'e',
      'l',
      'h',
      '1',
      '2',
      '3',
      '4',
      '/',
      ':',
      ' ',
      '[',
      '\t',
    ];
    for (const each of [...others, ...Object.values(nothings).flat()]) view.terminal.press(each);
    // The last of them has been taken when one that scrolls has.
    await press(view, 'j', (now) => now.text() !== picture);
    await press(view, 'k', (now) => now.text() === picture);
    await leave(view, stop);
  });

  test('that would change a registry do not exist, and nothing is called that does', async () => {
    await goTo(view, etcdStops[0] ?? { name: '', way: [], check: '' });
    for (const each of ['D', 'X', 'd', keys.delete, control('d'), 'y', '\r', '\x1b'])
      view.terminal.press(each);
    await drain(view);
    const called = new Set((await view.calls()).map(({ method }) => method));
    const reads = [
      'watch',
      'leases',
      'leaseIds',
      'readLease',
      'readEntry',
      'status',
      'listLeases',
      'readFacts',
    ];
    expect([...called].filter((method) => !reads.includes(method))).toEqual([]);
  });

  test('Alt with a key is escape and that key: a slow line puts two keys together', async () => {
    await press(view, '1', /^ services/m);
    await press(view, 'g\r', /^ services › checkout/m);
    await press(
      view,
      '\x1b:',
      (now) => now.text().includes('services (') && (now.rows().at(-2) ?? '').startsWith(':'),
    );
    await press(view, keys.escape, (now) => !(now.rows().at(-2) ?? '').startsWith(':'));
    // With one that means nothing it is escape alone; at the top there is nothing to go back to.
    await press(view, '3', /^ events/m);
    await press(view, '\x1bd', /^ services \(/m);
  });
});

describe('an end', () => {
  test.each(['q', ':q\r', ':quit\r', '\x03'])('by %j at the top', async (typed) => {
    await using view = await ScriptedView.open(prodEu());
    await view.shown();
    view.terminal.press(typed);
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
    expect(view.terminal.modes).toMatchObject({ isAlternate: false, isCursorVisible: true, wraps: true });
  });

  test('does not come by escape, however often', async () => {
    await using view = await ScriptedView.open(prodEu());
    await view.shown();
    await press(view, '3', /^ events/m);
    for (let count = 0; count < 10; count += 1) view.terminal.press(keys.escape);
    await view.terminal.until(/^ services \(/m, WITHIN_MS);
    await drain(view);
    expect(view.terminal.running).toBe(true);
  });

  test('comes by ctrl-c out of a dialog and a line that is typed', async () => {
    for (const typed of ['?', '/', ':']) {
      await using view = await ScriptedView.open(prodEu());
      await view.shown();
      await press(
        view,
        typed,
        typed === '?' ? /▌help/ : (now) => (now.rows().at(-2) ?? '').startsWith(typed),
      );
      view.terminal.press('\x03');
      expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
    }
  });
});

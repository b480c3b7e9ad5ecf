/** What narrows and orders a table, what is typed and pasted, and what the selection does meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { anInstance } from '../support/builders.js';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { drain, keys, press, selectedLine, WITHIN_MS } from '../support/view/steps.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

const promptOf = (terminal: ViewTerminal): string => (terminal.rows().at(-2) ?? '').trimEnd();
const pathOf = (terminal: ViewTerminal): string => terminal.rows()[1] ?? '';

function bodyOf(terminal: ViewTerminal): readonly string[] {
  return terminal.rows().slice(3, -2);
}

/** Names in the rows of the table, from the top. */
function names(terminal: ViewTerminal): readonly string[] {
  return bodyOf(terminal).flatMap((line) => /^[▌ ][●▲✖◼◌○][* ](\S+)/.exec(line)?.[1] ?? []);
}

/** Rows that are shown of those that there are. */
const counts = (shown: number, all = 19): string => `(${shown} shown of ${all})`;

let view: ScriptedView;

/** One view of the overview for many tests; each leaves it as it was. */
function withView(size: { readonly columns: number; readonly rows: number }): void {
  beforeAll(async () => {
    view = await ScriptedView.open(prodEu(), size);
    await view.shown();
  });

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail')
      for (let count = 0; count < 4; count += 1) view.terminal.press(keys.escape);
    await press(view, '1', /^ services \(/m);
    await press(view, 'g', (now) => /services \(19\)/.test(pathOf(now)) && now.text().includes(' 1 of 19'));
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });
}

describe('a filter', () => {
  withView({ columns: 80, rows: 24 });

  test('narrows with every letter, esc clears it, enter keeps it', async () => {
    await press(view, '/', (now) => promptOf(now) === '/');
    // It looks through names, states, roots, layouts and versions.
    await press(view, 'ca', counts(4));
    expect(names(view.terminal)).toEqual(['checkout', 'cart', 'search-indexer-eu-wes…', 'catalog']);
    await press(view, 't', counts(1));
    expect(names(view.terminal)).toEqual(['catalog']);
    expect(pathOf(view.terminal)).toContain('/ filter: cat');
    await press(view, keys.backspace, counts(4));
    await press(view, keys.delete, /services \(19\)/);
    await press(view, 'atalog', counts(1));
    await press(view, '\x15', /services \(19\)/);
    await press(view, 'GEO', counts(1));
    await press(view, keys.enter, (now) => !promptOf(now).startsWith('/'));
    expect(pathOf(view.terminal)).toContain('/ filter: GEO');
    // The line that is kept can be gone on with.
    await press(view, '/', (now) => promptOf(now) === '/GEO');
    await press(view, keys.escape, /services \(19\)/);
    await press(view, '/cart\r', counts(1));
    await press(view, keys.escape, /services \(19\)/);
  });

  test.each([
    ['!kratos', 3],
    ['!', 19],
    ['/^(cart|geo)$/', 2],
    ['/^p[^al]', 2],
    ['!/^p[^al]/', 17],
    // For whole names, as on the command line.
    ['p*', 3],
    ['*-*', 4],
    ['!P*', 16],
    ['-l version=1.8.2', 2],
    ['-l zone in (eu-west-1a)', 1],
    ['!-l version=1.8.2', 17],
    ['-l', 19],
    ['rpcx', 1],
    ['2.14', 1],
    ['maintenance', 1],
    ['   cart   ', 1],
  ])('%j shows %d services', async (typed, shown) => {
    await press(view, `/${typed}`, (now) => promptOf(now).startsWith(`/${typed.trimEnd()}`));
    await view.terminal.until(shown === 19 ? /services \(19\)/ : counts(shown), WITHIN_MS);
    await press(view, keys.escape, /services \(19\)/);
  });

  test.each([
    ['/[a', 'regular expression'],
    ['/(/', 'regular expression'],
    ['-l (', '"(" is no term'],
    ['-l a=b,', 'a term is empty'],
  ])('%j says why it cannot be taken, and hides nothing', async (typed, reason) => {
    await press(view, `/${typed}`, (now) => promptOf(now).includes(reason));
    expect(names(view.terminal)).toHaveLength(19);
    await press(view, keys.escape, /services \(19\)/);
  });

  test('that hides everything says so; n, N and moves do no harm there', async () => {
    await press(view, '/nosuch\r', 'Filter "nosuch" hides 19 services. esc clears');
    for (const each of ['n', 'N', 'j', 'k', 'g', 'G', '\r', ' ', keys.pageDown, keys.pageUp])
      view.terminal.press(each);
    await press(view, '\x13', 'nothing to save');
    await drain(view);
    expect(view.terminal.text()).toContain('Filter "nosuch" hides 19 services');
    await press(view, keys.escape, /services \(19\)/);
    expect(selectedLine(view.terminal)).not.toBeNull();
  });

  test('n and N go round the matches', async () => {
    await press(view, '//^p[^al]|payments', counts(3));
    await press(view, keys.enter, (now) => !promptOf(now).startsWith('/'));
    await press(view, 'g', '1 of 3');
    const order: (string | null)[] = [];
    for (const place of ['1 of 3', '2 of 3', '3 of 3', '1 of 3']) {
      await view.terminal.until(place, WITHIN_MS);
      order.push(selectedLine(view.terminal)?.slice(3, 12).trim() ?? null);
      view.terminal.press('n');
    }
    expect(order).toEqual(['payments', 'pricing', 'profile', 'payments']);
    await press(view, 'N', '1 of 3');
    await press(view, 'N', '3 of 3');
    await press(view, keys.escape, /services \(19\)/);
  });

  test('f shows problems only, together with a filter', async () => {
    await press(view, 'f', /only problems/);
    expect(names(view.terminal)).toEqual(['checkout', 'cart', 'search-indexer-eu-wes…', 'legacy-batch']);
    await press(view, '/ca', counts(3));
    expect(names(view.terminal)).toEqual(['checkout', 'cart', 'search-indexer-eu-wes…']);
    await press(view, keys.escape, counts(4));
    await press(view, '/auth', 'Filter "auth" hides 19 services');
    await press(view, keys.escape, counts(4));
    await press(view, 'f', /services \(19\)/);
  });

  test('of one place is not that of another, and stays with its own', async () => {
    await press(view, '/cart\r', counts(1));
    await press(view, '\r', /services › cart/);
    expect(pathOf(view.terminal)).toContain('filter: none');
    await press(view, '/late', counts(1, 4));
    await press(view, keys.enter, (now) => !promptOf(now).startsWith('/'));
    await press(view, keys.escape, (now) => names(now).length === 4);
    await press(view, keys.escape, counts(1));
    await press(view, keys.escape, /services \(19\)/);
  });
});

describe('the order', () => {
  withView({ columns: 160, rows: 45 });

  const number = (text: string | undefined): number => (text === undefined ? Infinity : Number(text));
  const cell = (line: string, header: string): string => {
    const head = view.terminal.rows().find((each) => each.includes(header) && each.includes('CHURN')) ?? '';
    const at = head.indexOf(header);
    return line.slice(at, at + Math.max(18, header.length));
  };
  const rows = (): readonly string[] =>
    bodyOf(view.terminal)
      .filter((line) => /^[▌ ][●▲✖◼◌○][* ]\S/.test(line))
      .slice(0, 19);
  const ranks = '✖▲◌◼●';

  /** What each order of the overview rests on, as it can be read from a row, in the order of `s`. */
  const orders: readonly (readonly [string, '▲' | '▼', (line: string) => number | string])[] = [
    ['service', '▲', (line) => /^...(\S+)/.exec(line)?.[1] ?? ''],
    ['instances', '▼', (line) => number(/(\d+)$/.exec(cell(line, 'INST').slice(0, 4))?.[1])],
    ['ttl', '▲', (line) => number(/~?(\d+)s/.exec(cell(line, 'LOWEST TTL'))?.[1])],
    ['churn', '▼', () => 0],
    ['lastChange', '▼', () => 0],
    ['health', '▼', (line) => -ranks.indexOf(line.charAt(1))],
  ];

  test('goes through all columns with s, and the other way with S; the arrow says so', async () => {
    await view.advance(10_000);
    for (const [column, arrow, valueOf] of orders) {
      await press(view, 's', `sort: ${column} ${arrow}`);
      const values = rows().map(valueOf);
      expect(values).toHaveLength(19);
      const sorted = values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      expect(values, column).toEqual(arrow === '▲' ? sorted : sorted.toReversed());
      await press(view, 'S', `sort: ${column} ${arrow === '▲' ? '▼' : '▲'}`);
      expect(rows().map(valueOf), `${column} reversed`).toEqual(arrow === '▲' ? sorted.toReversed() : sorted);
      await press(view, 'S', `sort: ${column} ${arrow}`);
    }
  });

  test.each([
    [
      'service',
      '\r',
      /services › checkout/,
      ['instance', 'endpoint', 'ttl', 'version', 'zone', 'age', 'health'],
    ],
    ['leases', '2', /^ leases/m, ['lease', 'state', 'granted', 'keys', 'bound', 'ttl']],
  ])('on %s too', async (_name, way, there, columns) => {
    await press(view, way, there);
    for (const column of columns) {
      await press(view, 's', new RegExp(`sort: ${column} [▲▼]`));
      const arrow = pathOf(view.terminal).includes('▲') ? '▼' : '▲';
      await press(view, 'S', `sort: ${column} ${arrow}`);
      await press(view, 'S', new RegExp(`sort: ${column} ${arrow === '▲' ? '▼' : '▲'}`));
    }
  });

  test('is kept while the selection stays with its row', async () => {
    await press(view, 'jj', '3 of 19');
    const selected = selectedLine(view.terminal)?.slice(3, 20);
    await press(view, 's', 'sort: service');
    expect(selectedLine(view.terminal)?.slice(3, 20)).toBe(selected);
    await press(view, 'S', 'sort: service ▼');
    expect(selectedLine(view.terminal)?.slice(3, 20)).toBe(selected);
    for (const column of ['instances', 'ttl', 'churn', 'lastChange', 'health'])
      await press(view, 's', `sort: ${column}`);
  });
});

describe('the selection', () => {
  const joined = (service: string, id = 'i-1') =>
    ({
      type: 'joined',
      instance: anInstance({ service, id, lease: null, key: `/microservices/${service}/${id}` }),
    }) as const;

  test('follows its row when others come in above, and its row stays where it is on the screen', async () => {
    await using one = await ScriptedView.open(prodEu(), { columns: 80, rows: 12 });
    await one.shown();
    await press(one, 's', 'sort: service');
    await press(one, 'gjjjjj', '6 of 19');
    await press(one, 'jjjj', '10 of 19');
    const before = one.terminal.rows().findIndex((line) => line.startsWith('▌'));
    const name = selectedLine(one.terminal)?.slice(3, 20);
    await one.emit(joined('aaa'), joined('aab'), joined('aac'));
    await one.advance(200);
    await one.terminal.until('13 of 22', WITHIN_MS);
    expect(selectedLine(one.terminal)?.slice(3, 20)).toBe(name);
    expect(one.terminal.rows().findIndex((line) => line.startsWith('▌'))).toBe(before);
  });

  test('stays in its place when its row goes, and never leaves the screen', async () => {
    await using one = await ScriptedView.open(prodEu(), { columns: 80, rows: 12 });
    await one.shown();
    await press(one, '\r', /services › checkout/);
    await press(one, 'G', '6 of 6');
    await one.emit({ type: 'left', service: 'checkout', id: 'i-a9f4', reason: 'expired' });
    await one.advance(200);
    // Greyed, and last.
    expect(selectedLine(one.terminal)).toMatch(/^▌○ i-a9f4/);
    await one.advance(9_600);
    expect(one.terminal.text()).toContain('○ i-a9f4');
    await one.advance(1_300);
    expect(one.terminal.text()).not.toContain('i-a9f4');
    expect(selectedLine(one.terminal)).toMatch(/^▌●/);
    expect(one.terminal.text()).toContain('5 of 5');
  });

  test('a ghost comes back to life where it stands', async () => {
    const fixture = prodEu();
    const instance = fixture.instances.find(({ service, id }) => service === 'checkout' && id === 'i-a9f4');
    await using one = await ScriptedView.open(fixture, { columns: 80, rows: 24 });
    await one.shown();
    await press(one, '\r', /services › checkout/);
    await one.emit({ type: 'left', service: 'checkout', id: 'i-a9f4', reason: 'deleted' });
    await one.advance(1_000);
    expect(one.terminal.text()).toMatch(/○ i-a9f4.*left 1s ago/);
    if (instance === undefined) throw new Error('it is not in the fixture');
    await one.emit({ type: 'joined', instance });
    await one.advance(20_000);
    expect(one.terminal.text()).toMatch(/● i-a9f4/);
  });

  test('the last instance that leaves takes its service with it, ten seconds later', async () => {
    await using one = await ScriptedView.open(prodEu(), { columns: 80, rows: 24 });
    await one.shown();
    await one.emit(
      { type: 'left', service: 'mailer', id: 'i-1' },
      { type: 'left', service: 'mailer', id: 'i-2' },
    );
    await one.advance(200);
    expect(one.terminal.text()).toMatch(/○ mailer +0/);
    expect(one.terminal.text()).toContain('instances 91');
    await one.advance(11_000);
    expect(one.terminal.text()).not.toContain('mailer');
    expect(one.terminal.text()).toContain('services (18)');
  });
});

describe('what is pasted', () => {
  withView({ columns: 80, rows: 24 });
  const pasted = (text: string): string => `\x1b[200~${text}\x1b[201~`;

  test.each([
    ['text', 'cart', '/cart'],
    ['lines and blanks', 'a\r\nb\t\tc\nd', '/a b c d'],
    ['controls', 'c\x07a\x1b[31mr\x1b]0;title\x07t\x00', '/cart'],
    ['a command', ':q\rq', '/:q q'],
    ['wide letters', '日本', '/日本'],
    ['what turns the direction of writing', 'a\u202eb\u200bc', '/abc'],
  ])('into a filter: %s', async (_name, text, shown) => {
    await press(view, '/', (now) => promptOf(now) === '/');
    await press(view, pasted(text), (now) => promptOf(now) === shown);
    expect(view.terminal.running).toBe(true);
    await press(view, keys.escape, (now) => !promptOf(now).startsWith('/'));
  });

  test('into a filter without marks: the keys that it consists of', async () => {
    await press(view, '/cart', (now) => promptOf(now) === '/cart');
    await press(view, keys.escape, /services \(19\)/);
  });

  test('is cut where it is too long', async () => {
    await press(view, '/', (now) => promptOf(now) === '/');
    view.terminal.press(pasted('y'.repeat(20_000)));
    await view.terminal.until(/y{70}/, WITHIN_MS);
    await press(view, '\x15', (now) => promptOf(now) === '/');
    await press(view, keys.escape, (now) => !promptOf(now).startsWith('/'));
  });

  test('beside a line that is typed, does nothing', async () => {
    await drain(view);
    const picture = view.terminal.text();
    for (const text of ['q', ':q\r', 'j\rj\r', '\x03', '4', '\x1b[B\x1b[B'])
      view.terminal.press(pasted(text));
    await drain(view);
    expect(view.terminal.text()).toBe(picture);
  });

  test('into a command is not run by the line breaks in it', async () => {
    await press(view, ':', (now) => promptOf(now) === ':');
    await press(view, pasted('q\rq\r'), (now) => promptOf(now).startsWith(':q q'));
    await press(view, keys.escape, (now) => !promptOf(now).startsWith(':'));
    expect(view.terminal.running).toBe(true);
  });

  test('in pieces, the marks too', async () => {
    await press(view, '/', (now) => promptOf(now) === '/');
    for (const piece of ['\x1b[20', '0~ca', 'r', 't\x1b[2', '01~']) view.terminal.press(piece);
    await view.terminal.until((now) => promptOf(now) === '/cart', WITHIN_MS);
    await press(view, keys.escape, (now) => !promptOf(now).startsWith('/'));
  });
});

describe('keys that come together', () => {
  withView({ columns: 80, rows: 24 });

  test('are several keys', async () => {
    await press(view, 'jjjk', '3 of 19');
    await press(view, `${keys.down}${keys.down}${keys.up}`, '4 of 19');
    await press(view, '/cart\r\r', /services › cart/);
    await press(view, `${keys.escape}${keys.escape}`, /services \(19\)/);
  });

  test('are one key where a sequence comes in pieces', async () => {
    await press(view, 'g', '1 of 19');
    view.terminal.press('\x1b[');
    view.terminal.press('B');
    await view.terminal.until('2 of 19', WITHIN_MS);
    view.terminal.press('\x1b[6');
    await press(view, '~', '19 of 19');
  });

  test('that are no text are left out, a letter in pieces is one', async () => {
    await press(view, '/', (now) => promptOf(now) === '/');
    view.terminal.pressBytes(Buffer.from([0xff, 0xfe, 0x63, 0xc3, 0x28, 0xe6]));
    view.terminal.pressBytes(Buffer.from([0x97]));
    view.terminal.pressBytes(Buffer.from([0xa5, 0xed, 0xa0, 0x80, 0x61]));
    await view.terminal.until((now) => promptOf(now) === '/c(日a', WITHIN_MS);
    await press(view, keys.escape, /services \(19\)/);
    await drain(view);
    const picture = view.terminal.text();
    view.terminal.pressBytes(Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xf5, 0x80]));
    await drain(view);
    expect(view.terminal.text()).toBe(picture);
  });
});

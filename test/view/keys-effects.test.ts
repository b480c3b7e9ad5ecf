/** What keys do beyond the first glance: files, clipboard, marks, history, a picture that stands still. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView, type ScriptedViewOptions } from '../support/view/scripted-view.js';
import { drain, keys, press, selectedLine } from '../support/view/steps.js';
import { lookAgain } from '../support/view/tour.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

async function open(options: ScriptedViewOptions = {}): Promise<ScriptedView> {
  const view = await ScriptedView.open(prodEu(), options);
  await view.shown();
  return view;
}

const message = (terminal: ViewTerminal): string => (terminal.rows().at(-2) ?? '').trim();

/** Names in the rows of the table, from the top. */
function names(terminal: ViewTerminal): readonly string[] {
  return terminal
    .rows()
    .slice(3, -2)
    .flatMap((line) => /^[▌ ][●▲✖◼◌○][* ](\S+)/.exec(line)?.[1] ?? []);
}

/** Header and rows of a saved table. */
function readTsv(file: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n');
  const columns = head.toLowerCase().split('\t');
  return lines.map((line) =>
    Object.fromEntries(line.split('\t').map((cell, at) => [columns[at] ?? `column ${at}`, cell])),
  );
}

async function save(view: ScriptedView): Promise<string> {
  await view.advance(7_000);
  await press(view, '\x13', (terminal) => /\d+ rows? saved to \S+\.tsv/.test(message(terminal)));
  return /saved to (\S+\.tsv)/.exec(message(view.terminal))?.[1] ?? '';
}

describe('ctrl-s', () => {
  test('writes the rows of the table, in their order, for nobody but the user', async () => {
    await using view = await open({ columns: 160 });
    const file = await save(view);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const rows = readTsv(file);
    expect(rows.map(({ service }) => service)).toEqual([
      ...names(view.terminal).slice(0, 2),
      ...rows.slice(2).map(({ service }) => service),
    ]);
    expect(rows).toHaveLength(19);
    await press(view, '/pa', (now) => now.text().includes('(1 shown of 19)') || names(now).length < 19);
    await press(view, keys.enter, (now) => !message(now).startsWith('/'));
    const filtered = readTsv(await save(view));
    expect(filtered.map(({ service }) => service)).toEqual(names(view.terminal));
  });

  test('writes only marked rows while some are marked', async () => {
    await using view = await open({ columns: 160 });
    await press(view, '\r', 'services › checkout');
    await press(view, '  ', '2 marked');
    const file = await save(view);
    expect(readTsv(file).map(({ instance }) => instance)).toEqual(['i-91c2', 'i-7f3a']);
    // One more of the same second never replaces it.
    await press(view, '\x13', (terminal) => !message(terminal).includes(file));
    expect(readdirSync(path.dirname(file))).toHaveLength(2);
  });
});

describe('c', () => {
  test('says what is missing, and writes nothing to the clipboard', async () => {
    await using view = await open();
    await press(view, '\r', 'services › checkout');
    await press(view, 'c', 'start with --clipboard to copy');
    expect(view.terminal.heard.clipboard).toEqual([]);
    expect(view.terminal.output).not.toContain('\x1b]');
  });

  test('with --clipboard copies the endpoint, once', async () => {
    await using view = await open({ args: ['watch', '-i', '--clipboard'] });
    await press(view, '\r', 'services › checkout');
    await press(view, 'j', /▌. i-7f3a/);
    await press(view, 'c', 'endpoint copied');
    const encoded = Buffer.from('http://10.0.4.17:8080').toString('base64');
    expect(view.terminal.heard.clipboard).toEqual([`c;${encoded}`]);
    expect(view.terminal.output.split('\x1b]')).toHaveLength(2);
    // All that are marked, a line each.
    await press(view, 'g  ', '2 marked');
    await press(view, 'c', '2 endpoints copied');
    const both = Buffer.from('http://10.0.4.11:8080\nhttp://10.0.4.17:8080').toString('base64');
    expect(view.terminal.heard.clipboard.slice(1)).toEqual([`c;${both}`]);
  });
});

test('[ and ] go through the places that were visited, each as it was left', async () => {
  await using view = await open();
  await press(view, '/cart\r', '/ filter: cart');
  await press(view, '\r', 'services › cart');
  await press(view, 'jj', /3 of 4/);
  await press(view, '\r', /services › cart › i-/);
  await press(view, '2', /^ leases/m);
  await press(view, '[', /services › cart › i-/);
  await press(
    view,
    '[',
    (now) => /^ services › cart(?! ›)/m.test(now.text()) && now.text().includes('3 of 4'),
  );
  await press(view, '[', '/ filter: cart');
  await press(view, '[', '/ filter: cart');
  await press(view, ']', /3 of 4/);
  await press(view, ']', /services › cart › i-/);
  await press(view, ']', /^ leases/m);
  await press(view, ']', /^ leases/m);
  // What is visited anew takes the place of what would have come.
  await press(view, '[[', /3 of 4/);
  await press(view, '3', /^ events/m);
  view.terminal.press(']');
  await drain(view);
  expect(view.terminal.text()).toMatch(/^ events/m);
});

test('marks stay with their rows, and go with the place', async () => {
  await using view = await open();
  await press(view, 'jj ', '1 marked');
  const marked = (now: ViewTerminal): readonly string[] => now.rows().filter((line) => /^[▌ ].\*/.test(line));
  expect(marked(view.terminal)).toEqual([expect.stringContaining('search-indexer')]);
  await press(view, 'S', /sort: health ▲/);
  expect(marked(view.terminal)).toEqual([expect.stringContaining('search-indexer')]);
  await press(view, 'S', /sort: health ▼/);
  await press(view, 'g   ', (now) => !message(now).includes('3 marked') && message(now).includes('2 marked'));
  await press(view, '3', /^ events/m);
  await press(view, '1', /^ services \(/m);
  expect(marked(view.terminal)).toEqual([]);
});

describe('a paused picture', () => {
  test('keeps rows, order, bars and numbers, and counts events; resumed it shows all of them', async () => {
    await using view = await open({ columns: 120, rows: 24 });
    await view.advance(5_000);
    await press(view, 'p', 'PAUSED +0');
    await drain(view);
    const body = (): readonly string[] => view.terminal.rows().slice(1);
    const before = body();
    await view.emit({ type: 'left', service: 'auth', id: 'i-1', reason: 'deleted' });
    await view.advance(1_000);
    await view.emit(
      { type: 'updated', service: 'auth', id: 'i-2', change: { health: 'critical', healthReason: 'broken' } },
      { type: 'left', service: 'mailer', id: 'i-1' },
      { type: 'left', service: 'mailer', id: 'i-2' },
    );
    await view.advance(15_000);
    expect(view.terminal.rows()[0]).toContain('PAUSED +4');
    expect(body()).toEqual(before);
    // Moving about is no reason to look at the present.
    await press(view, 'j', /2 of 19/);
    await press(view, 'k', /1 of 19/);
    expect(body()).toEqual(before);
    await press(view, '\r', 'services › checkout');
    await press(view, keys.escape, /services \(19\)/);
    await drain(view);
    expect(body()).toEqual(before);
    // Screens that were not open before show the same moment.
    await press(view, '3', /^ events/m);
    expect(view.terminal.text()).not.toContain('auth/i-1');
    await press(view, ':svc mailer\r', 'services › mailer');
    expect(view.terminal.text()).toMatch(/2 instances[^]*i-1[^]*i-2/);
    await press(view, '1', /services \(19\)/);
    await drain(view);
    expect(body()).toEqual(before);
    await press(view, 'p', (now) => (now.rows()[0] ?? '').includes('LIVE'));
    await lookAgain(view);
    await press(view, 'g', /▌✖ auth /);
    expect(view.terminal.text()).toMatch(/services \(18\) · instances 90/);
    expect(view.terminal.text()).not.toContain('mailer');
    await press(view, '3', /left +auth\/i-1 +key deleted/);
    expect(view.terminal.text()).toMatch(/updated +auth\/i-2/);
  });

  test('still says that the registry is silent', async () => {
    await using view = await open();
    await press(view, 'p', 'PAUSED +0');
    await view.fail('watch', { code: 'E_UNREACHABLE', message: 'cannot reach it' });
    await view.advance(3_000);
    expect(view.terminal.rows()[0]).toMatch(/PAUSED \+\d.*STALE/);
  });

  test('freezes bars in the middle of a second as well', async () => {
    await using view = await open({ columns: 120, rows: 30 });
    await press(view, '\r', 'services › checkout');
    await view.advance(1_700);
    await press(view, 'p', 'PAUSED +0');
    await drain(view);
    const bars = (): readonly string[] => view.terminal.rows().filter((line) => /[█░]/.test(line));
    const before = bars();
    await view.advance(20_000);
    expect(bars()).toEqual(before);
    await press(view, 'p', (now) => (now.rows()[0] ?? '').includes('LIVE'));
    expect(bars()).not.toEqual(before);
    expect(selectedLine(view.terminal)).not.toBeNull();
  });
});

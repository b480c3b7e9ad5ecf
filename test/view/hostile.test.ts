/** Texts that would do harm if a terminal obeyed them, and texts whose width nobody agrees on, in every field that is shown. */
import { describe, expect, test } from 'vitest';
import { leak, vectors } from '../support/hostile.js';
import type { Fixture } from '../support/view/fixture.js';
import { consulFixture } from '../support/view/fixtures/consul.js';
import { hostileError, hostileFixture, wideFixture } from '../support/view/fixtures/others.js';
import { ScriptedView, type ScriptedViewOptions } from '../support/view/scripted-view.js';
import { drain, keys, press, untilPainted, WITHIN_MS, type Size } from '../support/view/steps.js';
import { lookAgain } from '../support/view/tour.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

/** All that the view itself says to a terminal. */
const own = /\x1b\[(?:[\d;]*[mGHJK]|\?(?:25|7|1049|2004|2026)[hl])/g;
const sizes: readonly Size[] = [
  { columns: 160, rows: 45 },
  { columns: 80, rows: 24 },
  { columns: 40, rows: 10 },
];

async function open(fixture: Fixture, options: ScriptedViewOptions = {}): Promise<ScriptedView> {
  const view = await ScriptedView.open(fixture, { keepBytes: 64_000_000, ...options });
  await view.shown();
  return view;
}

/** Not one of its bytes came from a registry, but as letters. */
function expectHarmless(terminal: ViewTerminal): void {
  const said = Buffer.from(terminal.output, 'latin1').toString('utf8').replace(own, '');
  const at = said.search(leak);
  expect(at === -1 ? '' : JSON.stringify(said.slice(Math.max(0, at - 60), at + 20))).toBe('');
  expect(terminal.heard).toEqual({ bells: 0, titles: [], clipboard: [], commands: [] });
  expect(terminal.modes).toMatchObject({ mouse: 'none', focusEvents: false, applicationCursorKeys: false });
}

/** What stands at the right edge stands there, whatever stands before it. */
function expectAligned({ terminal }: ScriptedView, what: string): void {
  const { columns, height } = terminal;
  const lastOf = (row: number): string => terminal.characterAt(row, columns - 1);
  expect(lastOf(0), `${what}: line 1\n${terminal.text()}`).toMatch(/[\dEGs]/);
  if (/\d+ of \d+ *$/m.test(terminal.rows().at(-2) ?? ''))
    expect(lastOf(height - 2), `${what}: position\n${terminal.text()}`).toMatch(/\d/);
  const divider = dividerOf(terminal);
  if (divider === null) return;
  for (let row = divider.top; row < divider.bottom; row += 1)
    expect(terminal.characterAt(row, divider.column), `${what}: row ${row}\n${terminal.text()}`).toBe('│');
}

/** The border between a table and the detail beside it; null: there is none. */
function dividerOf(
  terminal: ViewTerminal,
): { readonly column: number; readonly top: number; readonly bottom: number } | null {
  for (let row = 2; row < 5; row += 1)
    for (let column = 80; column < terminal.columns; column += 1)
      if (terminal.characterAt(row, column) === '│') {
        let bottom = row;
        while (bottom < terminal.height && terminal.characterAt(bottom, column) === '│') bottom += 1;
        return { column, top: row, bottom };
      }
  return null;
}

/** The table at several sizes, from its first page to its last. */
async function lookThrough(view: ScriptedView, what: string): Promise<void> {
  for (const { columns, rows } of sizes) {
    view.terminal.resize(columns, rows);
    for (const key of ['g', keys.pageDown, keys.pageDown, 'G', 'w', 'w', 'g']) {
      view.terminal.press(key);
      await lookAgain(view);
    }
    await view.painted();
    expectAligned(view, `${what} at ${columns}x${rows}`);
  }
  view.terminal.resize(160, 45);
  await view.painted();
}

/** Each screen with what can be reached from it, by keys alone. */
async function lookEverywhere(view: ScriptedView): Promise<void> {
  await view.advance(2_000);
  await lookThrough(view, 'services');
  for (const [name, way] of Object.entries({ leases: '2', events: '3', doctor: '4' })) {
    await press(view, way, new RegExp(`^ ${name}`, 'm'));
    await view.advance(1_000);
    if (name === 'doctor') await untilPainted(view, /(?<!last )run \d\d:/);
    await lookThrough(view, name);
    // The row as text, where there is one.
    if (name !== 'events' && / of \d/.test(view.terminal.rows().at(-2) ?? '')) {
      await press(view, 'y', 'esc close');
      await view.advance(100);
      await dismiss(view);
    }
    await press(view, '1', /^ services/m);
  }
}

/** Closes a dialog if one is open. */
async function dismiss(view: ScriptedView): Promise<void> {
  if (/ctrl-c quit/.test(view.terminal.rows().at(-1) ?? ''))
    await press(view, keys.escape, (now) => !/ctrl-c quit/.test(now.rows().at(-1) ?? ''));
}

/** Every service with its first instance: list, detail, lease, host, events, and as it is stored. */
async function lookInto(view: ScriptedView, services: number): Promise<void> {
  for (let at = 0; at < services; at += 1) {
    await press(view, '1', /^ services/m);
    view.terminal.press(`g${'j'.repeat(at)}`);
    await press(view, keys.enter, /^ services ›/m);
    await lookAgain(view);
    expectAligned(view, `service ${at}`);
    for (const key of [keys.enter, 'h', keys.escape, 'l', keys.escape, 'e', keys.escape]) {
      view.terminal.press(key);
      await lookAgain(view);
      expectAligned(view, `service ${at} after ${JSON.stringify(key)}`);
    }
    await press(view, 'y', 'esc close');
    await view.advance(100);
    await dismiss(view);
  }
}

describe('harmful texts', () => {
  test('in lists, details and dialogs stay texts', { timeout: 120_000 }, async () => {
    const fixture = hostileFixture();
    await using view = await open(fixture, { columns: 160, rows: 45 });
    await view.emit(
      ...fixture.instances.map(
        ({ service, id, healthReason }) =>
          ({
            type: 'updated',
            service,
            id,
            change: { health: 'warning', healthReason: `${healthReason ?? ''}!` },
          }) as const,
      ),
    );
    await lookEverywhere(view);
    await lookInto(view, Object.keys(vectors).length);
    expect(view.terminal.text()).toMatch(/PROTECTED/);
    // They were there to be seen.
    const said = Buffer.from(view.terminal.output, 'latin1').toString('utf8');
    for (const seen of ['\\e]52;c;cm0=\\a', '\\x9b2J', 'ok\\rEVIL', '\\u{202e}', '\\u{200b}', '日本語'])
      expect(said).toContain(seen);
    view.terminal.press('\x03');
    await view.terminal.exit(WITHIN_MS);
    expectHarmless(view.terminal);
  });

  test('in ASCII as well', { timeout: 120_000 }, async () => {
    await using view = await open(hostileFixture(), {
      args: ['watch', '-i', '--ascii'],
      columns: 80,
      rows: 24,
    });
    await view.advance(2_000);
    for (const key of [keys.enter, keys.enter, '2', '3', '1']) {
      view.terminal.press(key);
      await lookAgain(view);
      view.terminal.press('G');
      await lookAgain(view);
    }
    await drain(view);
    expectHarmless(view.terminal);
    const said = Buffer.from(view.terminal.output, 'latin1').toString('utf8').replace(own, '');
    expect(/[^\x20-\x7e]/u.exec(said)).toBeNull();
  });

  test('in what a server says, while it is waited for and after it was lost', async () => {
    const hostile = { error: hostileError, retryInMs: 2_000 };
    await using view = await open(hostileFixture({ faults: { watch: hostile } }), { columns: 160, rows: 45 });
    await view.advance(5_000);
    expect(view.terminal.text()).toContain('LOADING');
    expect(view.terminal.text()).toContain('cannot reach a\\e]52;c;cm0=\\ab');
    expectAligned(view, 'loading');
    await view.recover();
    await view.advance(5_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
    await view.fail('watch', hostileError, 2_000);
    await view.fail('leases', hostileError);
    await view.fail('leaseIds', hostileError);
    await view.fail('readEntry', hostileError);
    await view.advance(5_000);
    await view.terminal.until(/STALE/, WITHIN_MS);
    expectAligned(view, 'stale');
    await press(view, '2', /^ leases/m);
    await view.advance(6_000);
    await press(view, '3', /^ events/m);
    expect(view.terminal.text()).toContain('cannot reach a\\e]52');
    await press(view, '1', /^ services/m);
    await press(view, keys.enter, /^ services ›/m);
    await press(view, 'y', 'esc close');
    await view.advance(200);
    expect(view.terminal.text()).toContain('cannot reach a\\e]52');
    expectHarmless(view.terminal);
  });

  test('when it cannot be opened at all', async () => {
    await using view = await open(hostileFixture({ faults: { open: { error: hostileError } } }));
    await view.terminal.until('FAILED', WITHIN_MS);
    expect(view.terminal.text()).toContain('cannot reach a\\e]52');
    expectHarmless(view.terminal);
  });

  test('that somebody pastes or completes', async () => {
    const fixture = hostileFixture();
    await using view = await open(fixture);
    for (const text of Object.values(vectors)) {
      await press(view, '/', (now) => (now.rows().at(-2) ?? '').startsWith('/'));
      view.terminal.press(`\x1b[200~${text.slice(0, 60)}\x1b[201~`);
      await press(view, 'Z', (now) => (now.rows().at(-2) ?? '').includes('Z'));
      await press(view, keys.enter, (now) => !(now.rows().at(-2) ?? '').startsWith('/'));
      expectAligned(view, text);
      await press(view, keys.escape, /filter: none/);
    }
    for (const name of Object.keys(vectors)) {
      await press(view, ':', (now) => (now.rows().at(-2) ?? '').startsWith(':'));
      await press(view, `svc ${name}-`, (now) => (now.rows().at(-2) ?? '').includes(`${name}-`));
      view.terminal.press('\t');
      await lookAgain(view);
      view.terminal.press(keys.enter);
      await lookAgain(view);
      view.terminal.press('1');
      await drain(view);
    }
    expectHarmless(view.terminal);
  });

  test('on a registry with nodes and checks', { timeout: 120_000 }, async () => {
    const { capabilities } = consulFixture();
    const { instances } = hostileFixture();
    const records = consulFixture().records.flatMap((record) =>
      Object.values(vectors).map((text, at) => ({
        ...record,
        id: `${at}${text}`,
        node: text,
        name: text,
        output: text,
      })),
    );
    const fixture = hostileFixture({
      backend: 'consul',
      capabilities,
      records,
      leases: [],
      roots: [],
      instances: instances.map((one) => ({ ...one, key: null })),
    });
    await using view = await open(fixture, { columns: 160, rows: 45 });
    await lookEverywhere(view);
    await lookInto(view, 6);
    expectHarmless(view.terminal);
  });
});

describe('wide letters', () => {
  test('and others of disputed width leave everything else in its place', { timeout: 120_000 }, async () => {
    const fixture = wideFixture();
    await using view = await open(fixture, { columns: 160, rows: 45 });
    await lookEverywhere(view);
    await lookInto(view, new Set(fixture.instances.map(({ service }) => service)).size);
    expectHarmless(view.terminal);
    // Columns behind a name stand under their headers.
    await press(view, '1', /^ services \(/m);
    const { terminal } = view;
    const head = terminal.rows().findIndex((line) => line.includes('INST'));
    const end = (terminal.rows()[head] ?? '').indexOf('INST') + 3;
    for (let row = head + 1; row <= head + 9; row += 1) expect(terminal.characterAt(row, end)).toBe('2');
  });
});

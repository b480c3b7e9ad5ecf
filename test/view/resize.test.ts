/** Every screen and dialog at other sizes: far smaller, step by step, and back. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { drain, press, rerunDoctor, resize, WITHIN_MS, type Size } from '../support/view/steps.js';
import { etcdStops, goTo, leave, lookAgain } from '../support/view/tour.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

const big: Size = { columns: 200, rows: 50 };
/** Down and up again, over every border between two layouts. */
const steps: readonly Size[] = [
  { columns: 160, rows: 45 },
  { columns: 120, rows: 30 },
  { columns: 119, rows: 30 },
  { columns: 120, rows: 29 },
  { columns: 80, rows: 24 },
  { columns: 79, rows: 20 },
  { columns: 60, rows: 19 },
  { columns: 59, rows: 16 },
  { columns: 45, rows: 15 },
  { columns: 41, rows: 13 },
  { columns: 40, rows: 10 },
  { columns: 100, rows: 10 },
  { columns: 40, rows: 50 },
];
const small: readonly Size[] = [
  { columns: 20, rows: 5 },
  { columns: 39, rows: 10 },
  { columns: 40, rows: 9 },
  { columns: 8, rows: 3 },
  { columns: 1, rows: 1 },
];

const words = (terminal: ViewTerminal): string => terminal.text().replace(/\s+/g, ' ').trim();
const isTooSmall = (terminal: ViewTerminal): boolean => !/PROTECTED/.test(terminal.text());

describe('a terminal that changes its size', () => {
  let view: ScriptedView;

  beforeAll(async () => {
    view = await ScriptedView.open(prodEu(), big);
    await view.shown();
    await view.advance(1_000);
    await press(view, '2', /^ leases/m);
    await press(view, 's', /sort: lease/);
    await view.advance(1_000);
    await press(view, '4', /^ doctor/m);
    await rerunDoctor(view);
  });

  afterAll(async () => {
    await view[Symbol.asyncDispose]();
  });

  /** The picture at a size, however the terminal came to it. */
  async function pictureAt(size: Size): Promise<string> {
    await resize(view, size);
    await lookAgain(view);
    await view.painted();
    return view.terminal.text();
  }

  // One that is longer than the screen keeps its place in it, which depends on the way.
  const isLong = (name: string): boolean =>
    ['services', 'service', 'host', 'lease', 'doctor', 'events'].includes(name);
  const isTable = (name: string): boolean => !['instance', 'help', 'raw'].includes(name);

  // By their ids: those that are read on the way must not change places.
  const stops = etcdStops.map((stop) =>
    stop.name === 'leases' ? { ...stop, way: [['2', /^▌. 694d/m] as const] } : stop,
  );
  test.each(stops)('$name', async (stop) => {
    await goTo(view, stop);
    // Rows that become visible on the way are asked about, and are known on the way back.
    for (const size of [...steps, big]) {
      await resize(view, size);
      await lookAgain(view);
    }
    if (isLong(stop.name)) await press(view, 'G', (now) => /(\d+) of \1 *$/m.test(now.text()));
    const before = await pictureAt(big);
    const pictures = new Map<string, string>();
    for (const size of steps) {
      const picture = await pictureAt(size);
      pictures.set(`${size.columns}x${size.rows}`, picture);
      const { terminal } = view;
      expect(terminal.rows()).toHaveLength(size.rows);
      expect(terminal.rows()[0], `${size.columns}x${size.rows}`).toMatch(/prod-eu PROTECTED.*LIVE/);
      expect(picture).toMatch(
        stop.name === 'filter' || stop.name === 'command' ? /esc/ : /\? help|esc close/,
      );
      // The selection is still in sight.
      if (isTable(stop.name))
        expect(
          terminal.rows().filter((line, at) => at > 2 && /^▌[^\sa-zé─]/.test(line)),
          `${size.columns}x${size.rows}`,
        ).toHaveLength(1);
    }
    for (const { columns, rows } of small) {
      await resize(view, { columns, rows });
      await view.terminal.until(isTooSmall, WITHIN_MS);
      await view.painted();
      if (columns * rows > 60)
        expect(words(view.terminal)).toBe(`${columns}x${rows} is too small, need 40x10. q quits`);
      expect(view.terminal.running).toBe(true);
    }
    // And the same pictures on the way back.
    for (const size of steps.toReversed()) {
      await resize(view, size);
      await view.terminal.until(
        (now) => now.text() === pictures.get(`${size.columns}x${size.rows}`),
        WITHIN_MS,
      );
    }
    await resize(view, big);
    await view.terminal.until((now) => now.text() === before, WITHIN_MS);
    await leave(view, stop);
  });

  test('keys work while it is too small, and what they did is seen when it is large again', async () => {
    await press(view, '1', /^ services \(/m);
    await press(view, 'g', / 1 of 19/);
    await resize(view, { columns: 20, rows: 5 });
    await view.terminal.until(isTooSmall, WITHIN_MS);
    view.terminal.press('jj');
    await resize(view, { columns: 80, rows: 24 });
    await view.terminal.until('3 of 19', WITHIN_MS);
    await drain(view);
  });

  test('many sizes one after the other end with the picture of the last one', async () => {
    const wanted = await pictureAt({ columns: 100, rows: 28 });
    for (let count = 0; count < 60; count += 1)
      view.terminal.resize(30 + ((count * 37) % 170), 6 + ((count * 13) % 44));
    view.terminal.resize(100, 28);
    await view.terminal.until((now) => now.text() === wanted, WITHIN_MS);
  });
});

test('q ends it while it is too small', async () => {
  await using view = await ScriptedView.open(prodEu(), { columns: 20, rows: 5 });
  await view.terminal.until((terminal) => words(terminal).includes('too small'), WITHIN_MS);
  view.terminal.press('q');
  expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
});

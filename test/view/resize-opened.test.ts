/** A view that came to a size by detours shows exactly what one shows that was opened at that size. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { pictureOf } from '../support/view/picture.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import { keys, press, resize, untilPainted, WITHIN_MS, type Size } from '../support/view/steps.js';
import { etcdStops, goTo, leave, lookAgain, type Stop } from '../support/view/tour.js';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const big: Size = { columns: 200, rows: 50 };
/** Small, too small, and back. */
const way: readonly Size[] = [
  { columns: 20, rows: 5 },
  { columns: 39, rows: 9 },
  { columns: 40, rows: 10 },
  { columns: 80, rows: 24 },
  big,
];
const compared: readonly Size[] = [{ columns: 40, rows: 10 }, { columns: 80, rows: 24 }, big];
const nameOf = ({ columns, rows }: Size): string => `${columns}x${rows}`;

// Which times were read depends on the rows that were seen on the way: none is read.
const fixture = prodEu({ faults: { leases: { hang: true } } });

async function open(size: Size): Promise<ScriptedView> {
  const view = await ScriptedView.open(fixture, size);
  await view.shown();
  await view.advance(1_000);
  await press(view, '2', /^ leases/m);
  await view.advance(1_000);
  await press(view, '4', /^ doctor/m);
  await untilPainted(view, /^▌. SD\d/m);
  return view;
}

describe('a view', () => {
  let resized: ScriptedView;
  const opened = new Map<string, ScriptedView>();

  beforeAll(async () => {
    resized = await open(big);
    for (const size of compared) opened.set(nameOf(size), await open(size));
  });

  afterAll(async () => {
    for (const view of [resized, ...opened.values()]) await view[Symbol.asyncDispose]();
  });

  afterEach(({ task }) => {
    // What was left open by one test must not fail all others.
    if (task.result?.state !== 'fail') return;
    for (const { terminal } of [resized, ...opened.values()]) terminal.press(keys.escape);
  });

  const stops = etcdStops.map((stop): Stop =>
    stop.name === 'leases' ? { ...stop, way: [['2', /^▌. 694d/m]] } : stop,
  );
  test.each(stops)('on $name', async (stop) => {
    await goTo(resized, stop);
    for (const size of way) {
      await resize(resized, size);
      const other = opened.get(nameOf(size));
      if (other === undefined) {
        const { columns, rows } = size;
        const words = `${columns}x${rows} is too small, need 40x10. q quits`;
        await resized.terminal.until((now) => now.text().replace(/\s+/g, ' ').trim() === words, WITHIN_MS);
        continue;
      }
      await goTo(other, stop);
      await lookAgain(resized);
      const isSame = (): boolean => pictureOf(resized.terminal) === pictureOf(other.terminal);
      // The comparison below says it better.
      await resized.terminal.until(isSame, 5_000).catch(() => undefined);
      expect(pictureOf(resized.terminal)).toBe(pictureOf(other.terminal));
      await leave(other, stop);
    }
    await leave(resized, stop);
  });

  test('keeps the last row selected and in sight', async () => {
    await press(resized, '1', /^ services \(/m);
    await press(resized, 'G', '19 of 19');
    const name = /^▌. (\S+)/m.exec(resized.terminal.text())?.[1] ?? '';
    for (const size of [...way, ...way.toReversed(), big]) {
      if (size.columns !== resized.terminal.columns) await resize(resized, size);
      if (opened.has(nameOf(size)))
        await resized.terminal.until((now) => new RegExp(`^▌. ${name}`, 'm').test(now.text()), WITHIN_MS);
      else await resized.terminal.until('too', WITHIN_MS);
    }
    await press(resized, keys.up, '18 of 19');
  });

  test('is whole again when the terminal went to another size and back before anybody saw it', async () => {
    await press(resized, '1', /^ services \(/m);
    const { terminal } = resized;
    const wanted = pictureOf(terminal);
    for (let round = 0; round < 10; round += 1) {
      for (let count = 0; count < 20; count += 1)
        terminal.resize(30 + ((count * 37) % 170), 6 + ((count * 13) % 44));
      terminal.resize(big.columns, big.rows);
      await terminal.until((now) => pictureOf(now) === wanted, WITHIN_MS);
    }
  });
});

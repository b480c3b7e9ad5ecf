/** Steps that tests of the view are made of. None of them waits for time: each waits for what it leads to. */
import type { ScriptedView } from './scripted-view.js';
import type { ViewTerminal } from './view-terminal.js';

export type Check = string | RegExp | ((terminal: ViewTerminal) => boolean);

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** The sizes of the pictures. */
export const sizes: readonly Size[] = [
  { columns: 40, rows: 10 },
  { columns: 80, rows: 24 },
  { columns: 160, rows: 45 },
  { columns: 200, rows: 50 },
];

export const WITHIN_MS = 10_000;

export const keys = {
  enter: '\r',
  escape: '\x1b',
  tab: '\t',
  shiftTab: '\x1b[Z',
  up: '\x1b[A',
  down: '\x1b[B',
  right: '\x1b[C',
  left: '\x1b[D',
  pageUp: '\x1b[5~',
  pageDown: '\x1b[6~',
  home: '\x1b[H',
  end: '\x1b[F',
  delete: '\x1b[3~',
  backspace: '\x7f',
} as const;

/** Presses keys and waits until the screen shows what they lead to. */
export async function press({ terminal }: ScriptedView, typed: string, check: Check): Promise<void> {
  terminal.press(typed);
  await terminal.until(check, WITHIN_MS);
}

/** Keys of which nothing may be seen: everything that was typed before has been taken when this is over. */
export async function drain(view: ScriptedView): Promise<void> {
  const prompt = (terminal: ViewTerminal): boolean => /^:\S? *$/m.test(terminal.rows().at(-2) ?? '');
  await press(view, ':', prompt);
  await press(view, keys.escape, (terminal) => !prompt(terminal));
}

/** Waits until the screen shows it; keys that mean nothing ask for pictures, and no time passes. */
export async function untilPainted({ terminal }: ScriptedView, check: Check): Promise<void> {
  const deadlineMs = performance.now() + WITHIN_MS;
  for (;;) {
    try {
      // What a thread answers is not painted before the next picture is due.
      terminal.press(keys.left);
      await terminal.until(check, 50);
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
  }
}

/**
 * The registry is there and in the picture before any time passes: whether the program or its first picture was ready
 * first would else decide when leases are asked.
 */
export async function untilLive(view: ScriptedView): Promise<void> {
  await view.shown();
  await untilPainted(view, / LIVE/);
  // Not one of those keys may come while time passes.
  await drain(view);
}

/** The doctor runs anew in its thread, and is done; in the first half of a second, so that its time is always the same. */
export async function rerunDoctor(view: ScriptedView): Promise<void> {
  // One that is under way would take the order for the next one.
  await untilPainted(view, /(?<!last )run \d\d:/);
  await drain(view);
  const nowMs = await view.nowMs();
  await view.advance(1_100 - (nowMs % 1_000));
  view.terminal.press('r');
  await drain(view);
  // It is begun with the next tick; its answer comes when it comes.
  await view.advance(250);
  const clock = new Date(await view.nowMs()).toISOString().slice(11, 19);
  await untilPainted(view, `run ${clock}`);
  await drain(view);
}

export async function resize({ terminal }: ScriptedView, { columns, rows }: Size): Promise<void> {
  // Nobody would be told.
  if (terminal.columns === columns && terminal.height === rows) return;
  terminal.resize(columns, rows);
  // The emulator has another size at once, and the old lines: the picture of the new one begins with a clear screen.
  const before = terminal.received;
  await terminal.until(({ received }) => received > before, WITHIN_MS);
}

/** The selected row of the table, as it stands there; null: none is visible. */
export function selectedLine(terminal: ViewTerminal, ascii = false): string | null {
  const sign = ascii ? '>' : '▌';
  return terminal.rows().find((line, at) => at > 2 && line.startsWith(sign)) ?? null;
}

/** What has come since so many bytes had been received, as Latin-1. */
export function outputSince({ output, received }: ViewTerminal, from: number): string {
  return received === from ? '' : output.slice(-(received - from));
}

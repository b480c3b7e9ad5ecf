/** The instruments of the view's tests, tested by a small full-screen program. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expectGolden } from '../support/view/golden.js';
import { SaneShell } from '../support/view/sane.js';
import { ViewTerminal, type ViewTerminalOptions } from '../support/view/view-terminal.js';

const entry = fileURLToPath(new URL('../support/view/dummy-screen.mjs', import.meta.url));
const program = [process.execPath, entry];
const WITHIN_MS = 10_000;

async function openDummy(options: ViewTerminalOptions = {}): Promise<ViewTerminal> {
  const terminal = new ViewTerminal([], { entry, ...options });
  await terminal.until('last line', WITHIN_MS);
  return terminal;
}

describe('the terminal of the tests', () => {
  test('shows text, widths, attributes, the cursor and the screen', async () => {
    await using terminal = await openDummy({ columns: 40, rows: 10 });
    await terminal.until('size 40x10', WITHIN_MS);
    expect(terminal.isAlternate).toBe(true);
    expect(terminal.cursor.isVisible).toBe(false);
    expect(terminal.rows()).toHaveLength(10);
    expect(terminal.rows()[1]).toBe(`日本語 👍 e\u0301 size 40x10${' '.repeat(18)}`);
    expectGolden('instruments', terminal);
  });

  test('passes keys and sizes on', async () => {
    await using terminal = await openDummy();
    terminal.press('\x1b[B');
    await terminal.until(String.raw`key "\u001b[B" count 1`, WITHIN_MS);
    terminal.resize(100, 30);
    await terminal.until('size 100x30', WITHIN_MS);
    expect(terminal.rows()[29]).toMatch(/^last line/);
  });

  test('hears what a program must not say', async () => {
    await using terminal = await openDummy();
    terminal.press('b');
    await terminal.until('count 1', WITHIN_MS);
    expect(terminal.heard).toEqual({ bells: 1, titles: ['a title'], clipboard: ['c;cm0='], commands: [8] });
  });

  test('tells the end of a program, by itself and by a signal', async () => {
    await using one = await openDummy();
    one.press('q');
    expect(await one.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
    expect(one.isAlternate).toBe(false);
    await using other = await openDummy();
    other.signal('SIGKILL');
    expect(await other.exit(WITHIN_MS)).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('tells the settings of the line', async () => {
    await using terminal = await openDummy();
    expect(terminal.sttyOf()).toMatch(/ -icanon .* -echo /s);
  });

  test('a screen that never comes stands in the failure', async () => {
    await using terminal = await openDummy({ columns: 40, rows: 10 });
    await expect(terminal.until('no such text', 50)).rejects.toThrow(
      /never came: no such text within 50 ms.*\|last line {31}\|/s,
    );
  });

  test('blocks a writer that nobody reads, and lets it go on', async () => {
    await using terminal = await openDummy();
    terminal.press('w');
    await terminal.until('wrote', WITHIN_MS);
    terminal.stall();
    await terminal.settle(500);
    const before = terminal.received;
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(terminal.received).toBe(before);
    const cpu = cpuTicks(terminal.pid);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(cpuTicks(terminal.pid) - cpu).toBeLessThanOrEqual(2);
    terminal.resume();
    await terminal.until(() => terminal.received > before + 100_000, WITHIN_MS);
  });

  test('closing it ends a program that does nothing about it', async () => {
    await using other = await openDummy();
    await using terminal = await openDummy();
    terminal.closeTerminal();
    expect(await terminal.exit(WITHIN_MS)).toEqual({ code: null, signal: 'SIGHUP' });
    expect(other.running).toBe(true);
  });
});

describe.each(['bash', 'sh'] as const)('a sane terminal in %s', (shell) => {
  test('after a program that cleans up', async () => {
    await using sane = await SaneShell.open({ shell, program });
    await sane.start([]);
    await sane.terminal.until('last line', WITHIN_MS);
    sane.terminal.press('q');
    const ending = await sane.ending();
    expect(ending.differences).toEqual([]);
    expect(ending.code).toBe(0);
    expect(await sane.echoes()).toBe(true);
  });

  test('is not found after one that does not', async () => {
    await using sane = await SaneShell.open({ shell, program });
    await sane.start([]);
    await sane.terminal.until('last line', WITHIN_MS);
    sane.terminal.press('x');
    const { code, differences } = await sane.ending();
    expect(code).toBe(137);
    // After a job that was killed, bash puts the settings of the line right by itself.
    const isMended = shell === 'bash';
    expect(differences.some((line) => /^stty: .*icanon became -icanon/.test(line))).toBe(!isMended);
    expect(differences.slice(isMended ? 0 : 1)).toEqual([
      'isAlternate: false became true',
      'isCursorVisible: true became false',
      'wraps: true became false',
    ]);
  });

  test('while a program is suspended, and after it came back', async () => {
    await using sane = await SaneShell.open({ shell, program });
    await sane.start([]);
    await sane.terminal.until('last line', WITHIN_MS);
    sane.terminal.press('\x1a');
    const suspended = await sane.ending();
    expect(suspended.differences).toEqual([]);
    expect(suspended.code).toBe(148);
    sane.foreground();
    await sane.terminal.until('last line', WITHIN_MS);
    expect(sane.terminal.isAlternate).toBe(true);
    process.kill(sane.jobPid(), 'SIGTERM');
    const ended = await sane.ending();
    expect(ended.differences).toEqual([]);
    expect(ended.code).toBe(143);
  });
});

/** Time of the processor that it has used, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
}

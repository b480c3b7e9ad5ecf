/** The screen of the interactive view against a terminal that takes what it is told to take: writes, stops, endings. */
import { describe, expect, it } from 'vitest';
import type { Size } from '../../src/lib/tui/model/paint-model.js';
import type { TerminalDevice, TerminalSignal } from '../../src/lib/tui/terminal/device.js';
import { installEndings } from '../../src/lib/tui/terminal/endings.js';
import { openScreen, type Written } from '../../src/lib/tui/terminal/screen.js';

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h\x1b[0m\x1b[2J';
const LEAVE = '\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?7h\x1b[?25h\x1b[?1049l';
const update = (text: string) => `\x1b[?2026h${text}\x1b[?2026l`;
const row = (number: number, text: string) => `\x1b[${number};1H\x1b[K${text}\x1b[0m`;
const CLEAR = '\x1b[0m\x1b[2J';

/** A terminal by script: it takes everything, or what `takes` says, one number for each write. */
class ScriptedDevice implements TerminalDevice {
  columns = 20;
  rows = 3;
  /** How much of the next writes is taken; an error is thrown; empty: all. */
  takes: (number | Error)[] = [];
  /** Whether it takes nothing until told otherwise. */
  isStalled = false;
  readonly writes: string[] = [];
  readonly log: string[] = [];
  #listeners = new Map<string, Set<(name: TerminalSignal) => void>>();
  #timers: { readonly ms: number; readonly run: () => void }[] = [];

  size(): Size {
    return { columns: this.columns, rows: this.rows };
  }

  setRaw(on: boolean): void {
    this.log.push(on ? 'raw' : 'cooked');
  }

  onInput(): () => void {
    return () => undefined;
  }

  onInputEnd(): () => void {
    return () => undefined;
  }

  onResize(listener: () => void): () => void {
    return this.#listen(['resize'], listener);
  }

  onSignal(names: readonly TerminalSignal[], listener: (name: TerminalSignal) => void): () => void {
    return this.#listen(names, listener);
  }

  stopSelf(): void {
    this.log.push('stop');
  }

  onExit(listener: () => void): () => void {
    return this.#listen(['exit'], listener);
  }

  later(ms: number, run: () => void): () => void {
    const timer = { ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  pause(ms: number): void {
    this.log.push(`pause ${ms}`);
  }

  write(bytes: Uint8Array): number {
    const next = this.isStalled ? 0 : this.takes.shift();
    if (next instanceof Error) throw next;
    const taken = Math.min(next ?? bytes.length, bytes.length);
    if (taken > 0) this.writes.push(Buffer.from(bytes.subarray(0, taken)).toString());
    return taken;
  }

  close(): void {
    this.log.push('close');
  }

  /** What has been written since the last call. */
  written(): string {
    return this.writes.splice(0).join('');
  }

  tell(event: string): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener(event as TerminalSignal);
  }

  listens(event: string): boolean {
    return (this.#listeners.get(event)?.size ?? 0) > 0;
  }

  /** The waits that are under way; each ends at once. */
  pass(): number[] {
    const due = this.#timers.splice(0);
    for (const { run } of due) run();
    return due.map(({ ms }) => ms);
  }

  #listen(names: readonly string[], listener: (name: TerminalSignal) => void): () => void {
    for (const name of names) {
      const known = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, known.add(listener));
    }
    return () => {
      for (const name of names) this.#listeners.get(name)?.delete(listener);
    };
  }
}

function open(device = new ScriptedDevice()) {
  const lost: unknown[] = [];
  const sizes: Size[] = [];
  const pictures: Written[] = [];
  const screen = openScreen(device, {
    onLost: (error) => lost.push(error),
    onResize: (size) => sizes.push(size),
    onWritten: (written) => pictures.push(written),
  });
  return { device, screen, lost, sizes, pictures };
}

describe('the screen', () => {
  it('enters and leaves, each once', () => {
    const { device, screen } = open();
    screen.enter();
    screen.enter();
    expect(device.written()).toBe(ENTER);
    screen.leave();
    screen.leave();
    expect(device.written()).toBe(LEAVE);
    expect(device.log).toEqual(['raw', 'cooked']);
    expect(['resize', 'SIGCONT', 'SIGTSTP'].some((event) => device.listens(event))).toBe(false);
  });

  it('shows nothing before it is entered and after it is left', () => {
    const { device, screen } = open();
    screen.draw(['one']);
    screen.enter();
    screen.leave();
    device.written();
    screen.draw(['two']);
    screen.repaint();
    expect(device.written()).toBe('');
  });

  it('writes lines that differ, in one write, and nothing when nothing has changed', () => {
    const { device, screen, pictures } = open();
    screen.enter();
    device.written();
    screen.draw(['one', 'two', 'three'], 5);
    expect(device.writes).toEqual([update(CLEAR + row(1, 'one') + row(2, 'two') + row(3, 'three'))]);
    device.written();
    screen.draw(['one', 'two', 'three']);
    expect(device.writes).toEqual([]);
    screen.draw(['one', '2', 'three', 'beyond the last row'], 7);
    expect(device.writes).toEqual([update(row(2, '2'))]);
    screen.draw(['one']);
    expect(device.writes[1]).toBe(update(row(2, '') + row(3, '')));
    expect(pictures.map(({ startedMs }) => startedMs)).toEqual([5, 7, null]);
    expect(pictures[1]?.bytes).toBe(Buffer.byteLength(update(row(2, '2'))));
  });

  it('repaints everything when told to', () => {
    const { device, screen } = open();
    screen.enter();
    screen.draw(['one', 'two']);
    device.written();
    screen.repaint();
    expect(device.written()).toBe(update(CLEAR + row(1, 'one') + row(2, 'two')));
  });

  it('believes no size of nothing', () => {
    const { device, screen } = open();
    device.columns = 0;
    expect(screen.size()).toEqual({ columns: 80, rows: 24 });
    Object.assign(device, { columns: undefined });
    expect(screen.size()).toEqual({ columns: 80, rows: 24 });
  });

  it('waits for the new picture after the size has changed', () => {
    const { device, screen, sizes } = open();
    screen.enter();
    screen.draw(['one', 'two', 'three']);
    device.written();
    Object.assign(device, { columns: 10, rows: 2 });
    device.tell('resize');
    expect(sizes).toEqual([{ columns: 10, rows: 2 }]);
    expect(device.written()).toBe('');
    screen.draw(['one', 'two', 'three']);
    expect(device.written()).toBe(update(CLEAR + row(1, 'one') + row(2, 'two')));
  });
});

describe('a slow terminal', () => {
  it('gets the rest first, then the last picture of those drawn meanwhile', () => {
    const { device, screen, pictures } = open();
    screen.enter();
    device.written();
    device.takes = [7];
    screen.draw(['a', 'b', 'c'], 1);
    expect(screen.isBusy).toBe(true);
    screen.draw(['a', 'b', 'd'], 2);
    screen.draw(['a', 'b', 'e'], 3);
    expect(pictures).toEqual([]);
    device.takes = [5, 0];
    expect(device.pass()).toEqual([5]);
    expect(screen.isBusy).toBe(true);
    expect(device.pass()).toEqual([20]);
    expect(screen.isBusy).toBe(false);
    const first = update(CLEAR + row(1, 'a') + row(2, 'b') + row(3, 'c'));
    expect(device.written()).toBe(first + update(row(3, 'e')));
    expect(pictures.map(({ startedMs }) => startedMs)).toEqual([1, 2]);
    expect(device.pass()).toEqual([]);
  });

  it('cuts no character in two', () => {
    const { device, screen } = open();
    screen.enter();
    device.written();
    const picture = update(CLEAR + row(1, '●●●'));
    const bytes: number[] = [];
    const write = device.write.bind(device);
    device.write = (rest) => {
      const taken = write(rest.subarray(0, 1));
      bytes.push(...rest.subarray(0, taken));
      return taken;
    };
    screen.draw(['●●●']);
    device.pass();
    expect(Buffer.from(bytes).toString()).toBe(picture);
  });

  it('gets everything anew after it took nothing for long', () => {
    const { device, screen } = open();
    screen.enter();
    screen.draw(['a', 'b', 'c']);
    device.written();
    device.isStalled = true;
    screen.draw(['a', 'b', 'd']);
    for (let turn = 0; turn < 30; turn += 1) device.pass();
    expect(device.written()).toBe('');
    device.isStalled = false;
    device.pass();
    const again = CLEAR + row(1, 'a') + row(2, 'b') + row(3, 'd');
    expect(device.written()).toBe(update(row(3, 'd')) + update(again));
    expect(device.pass()).toEqual([]);
  });

  it('gets no second picture for taking the first one in many small parts', () => {
    const { device, screen } = open();
    screen.enter();
    device.written();
    const picture = update(CLEAR + row(1, 'x'.repeat(200)));
    device.takes = Array.from(picture, () => [1, 0]).flat();
    screen.draw(['x'.repeat(200)]);
    for (let turn = 0; screen.isBusy; turn += 1) device.pass();
    expect(device.written()).toBe(picture);
  });

  it('is not waited for by a new size, and gets the rest of the old one', () => {
    const { device, screen } = open();
    screen.enter();
    device.written();
    device.takes = [3];
    screen.draw(['old']);
    device.rows = 1;
    device.tell('resize');
    screen.draw(['new']);
    device.pass();
    expect(device.written()).toBe(update(CLEAR + row(1, 'old')) + update(CLEAR + row(1, 'new')));
  });

  it('is left in time, its half sequence cancelled', () => {
    const { device, screen } = open();
    screen.enter();
    device.written();
    device.takes = [9];
    screen.draw(['one']);
    device.written();
    device.takes = [0, 4];
    screen.leave();
    expect(device.written()).toBe(`\x18${LEAVE}`);
    expect(device.pass()).toEqual([]);

    const stalled = open();
    stalled.screen.enter();
    stalled.device.isStalled = true;
    stalled.screen.leave();
    expect(stalled.device.log.filter((entry) => entry.startsWith('pause')).length).toBeLessThanOrEqual(25);
  });
});

describe('a terminal that is gone', () => {
  it('is told of once, and the screen can still be left', () => {
    const { device, screen, lost } = open();
    screen.enter();
    const gone = Object.assign(new Error('write EIO'), { code: 'EIO' });
    device.takes = [gone, gone, gone];
    screen.draw(['one']);
    screen.draw(['two']);
    screen.repaint();
    screen.leave();
    expect(lost).toEqual([gone]);
    expect(device.log).toEqual(['raw', 'cooked']);
  });

  it('is noticed while it is waited for', () => {
    const { device, screen, lost } = open();
    screen.enter();
    device.takes = [2, new Error('write EPIPE')];
    screen.draw(['one']);
    device.pass();
    expect(lost).toHaveLength(1);
    expect(screen.isBusy).toBe(false);
  });
});

describe('a stopped job', () => {
  it('has left the screen, and paints all of it when it goes on', () => {
    const { device, screen } = open();
    screen.enter();
    screen.draw(['one']);
    device.written();
    screen.suspend();
    expect(device.written()).toBe(LEAVE);
    expect(device.log).toEqual(['raw', 'cooked', 'stop']);
    screen.draw(['two']);
    expect(device.written()).toBe('');
    device.tell('SIGCONT');
    expect(device.written()).toBe(ENTER + update(CLEAR + row(1, 'two')));
    expect(device.log).toEqual(['raw', 'cooked', 'stop', 'raw']);
    expect(device.pass()).toEqual([]);
  });

  it('sees a size that changed meanwhile', () => {
    const { device, screen, sizes } = open();
    screen.enter();
    screen.draw(['one']);
    screen.suspend();
    device.written();
    device.columns = 33;
    device.tell('SIGCONT');
    expect(sizes).toEqual([{ columns: 33, rows: 3 }]);
    expect(device.written()).toBe(ENTER);
  });

  it('enters again after a stop from outside that left nothing', () => {
    const { device, screen } = open();
    screen.enter();
    screen.draw(['one']);
    device.written();
    device.tell('SIGCONT');
    expect(device.written()).toBe(ENTER + update(CLEAR + row(1, 'one')));
    expect(device.log).toEqual(['raw', 'cooked', 'raw']);
  });

  it('leaves for a stop that can be heard, and comes back where nothing stopped it', () => {
    const { device, screen } = open();
    screen.enter();
    screen.draw(['one']);
    device.written();
    device.tell('SIGTSTP');
    expect(device.written()).toBe(LEAVE);
    device.pass();
    expect(device.written()).toBe(ENTER + update(CLEAR + row(1, 'one')));
  });

  it('stays left when it ends without going on', () => {
    const { device, screen } = open();
    screen.enter();
    screen.suspend();
    device.written();
    screen.leave();
    device.tell('SIGCONT');
    device.pass();
    expect(device.written()).toBe('');
  });
});

describe('endings', () => {
  function install() {
    const opened = open();
    const told: string[] = [];
    const crash: ((thrown: unknown) => void)[] = [];
    opened.screen.enter();
    opened.device.written();
    const stop = installEndings(opened.device, opened.screen, {
      onCrash: (listener) => {
        crash.push(listener);
        return () => crash.splice(0);
      },
      onSignal: (name) => told.push(name),
      onOverdue: (name) => told.push(`overdue ${name}`),
    });
    return { ...opened, told, crash, stop };
  }

  it.each(['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const)('leaves before it tells of %s', (name) => {
    const { device, told } = install();
    device.tell(name);
    expect(device.written()).toBe(LEAVE);
    expect(told).toEqual([name]);
    expect(device.pass()).toEqual([1_500]);
    expect(told).toEqual([name, `overdue ${name}`]);
  });

  it('lets a second signal end it at once', () => {
    const { device, told } = install();
    device.tell('SIGINT');
    device.tell('SIGTERM');
    expect(told).toEqual(['SIGINT', 'overdue SIGTERM']);
  });

  it('leaves when the process exits, and when something is thrown', () => {
    const exits = install();
    exits.device.tell('exit');
    expect(exits.device.written()).toBe(LEAVE);
    const crashes = install();
    crashes.crash[0]?.(new Error('thrown'));
    expect(crashes.device.written()).toBe(LEAVE);
    expect(crashes.told).toEqual([]);
  });

  it('stops listening', () => {
    const { device, told, crash, stop } = install();
    device.tell('SIGINT');
    stop();
    device.pass();
    device.tell('SIGTERM');
    expect(told).toEqual(['SIGINT']);
    expect(crash).toEqual([]);
    expect(device.listens('exit')).toBe(false);
  });
});

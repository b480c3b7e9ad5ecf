/** Every key is in the help, none means two things, and some mean nothing on purpose. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { helpLines } from '../../src/lib/tui/keys/help.js';
import { bindingFor, keyLine, keyTable } from '../../src/lib/tui/keys/key-table.js';
import type { ScreenName } from '../../src/lib/tui/model/paint-model.js';

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

/** How a key may be written where people read it. */
const written: Readonly<Record<string, readonly string[]>> = {
  up: ['↑', 'up'],
  down: ['↓', 'down'],
  pageup: ['PgUp'],
  pagedown: ['PgDn'],
  home: ['Home'],
  end: ['End'],
  enter: ['⏎', 'enter'],
  escape: ['esc'],
  tab: ['tab'],
  'shift-tab': ['⇧tab', 'shift-tab'],
  ' ': ['space'],
};
const formsOf = (key: string): readonly string[] => written[key] ?? [key.replace(/^ctrl-/, '^')];

describe('keys', () => {
  it.each(screens)('mean one thing each on %s', (screen) => {
    const keys = keyTable.flatMap((one) =>
      one.screens === null || one.screens.includes(screen) ? one.keys : [],
    );
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });

  it('that people press by mistake do nothing', () => {
    const forbidden = [
      'ctrl-d',
      'ctrl-k',
      'delete',
      'backspace',
      'D',
      'X',
      'd',
      ...Array.from({ length: 24 }, (_, index) => `f${index + 1}`),
    ];
    for (const key of forbidden) for (const screen of screens) expect(bindingFor(key, screen)).toBeNull();
  });

  it('of everything else do nothing', () => {
    const known = new Set(keyTable.flatMap(({ keys }) => keys));
    fc.assert(
      fc.property(fc.string({ maxLength: 3 }), fc.constantFrom(...screens), (key, screen) => {
        const found = bindingFor(key, screen);
        if (!known.has(key)) expect(found).toBeNull();
        else if (found !== null) expect(found.keys).toContain(key);
      }),
    );
  });

  it('have none that writes', () => {
    const effects = JSON.stringify(keyTable.map(({ effect }) => effect));
    expect(effects).not.toMatch(/deregister|revoke|remove|delete|register/);
  });

  it('are found on their screens and nowhere else', () => {
    for (const one of keyTable)
      for (const screen of screens) {
        const isHere = one.screens === null || one.screens.includes(screen);
        for (const key of one.keys) expect(bindingFor(key, screen) === one).toBe(isHere);
      }
  });

  it('help, quit and the way back work everywhere', () => {
    for (const screen of screens)
      for (const [key, type] of [
        ['?', 'help'],
        ['q', 'quit'],
        ['ctrl-c', 'leave'],
        ['ctrl-z', 'suspend'],
        ['escape', 'back'],
        [':', 'prompt'],
      ] as const)
        expect(bindingFor(key, screen)?.effect.type).toBe(type);
  });
});

describe('help', () => {
  it.each([false, true])('names every key with what it does, ascii: %s', (ascii) => {
    const text = helpLines({ ascii }, 200).join('\n');
    for (const { keys, help, label, ascii: plain } of keyTable) {
      const shown = ascii ? (plain ?? label) : label;
      expect(text).toContain(`${shown.padEnd(9)} ${help}`);
      for (const key of keys)
        expect(
          formsOf(key).some((form) => shown.split(' ').includes(form)),
          key,
        ).toBe(true);
    }
  });

  it('is ASCII where only that can be shown', () => {
    expect(helpLines({ ascii: true }, 80).join('\n')).toMatch(/^[\x20-\x7e\n]*$/);
  });

  it('fits into every width, and each column into its half', () => {
    for (let columns = 1; columns <= 200; columns += 1) {
      const lines = helpLines({ ascii: false }, columns);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(Math.max(10, columns - 2));
    }
    const wide = helpLines({ ascii: true }, 200);
    const second = wide.find((line) => line.startsWith('MOVE'))?.indexOf('FIND') ?? 0;
    for (const { help, label, ascii } of keyTable.filter(({ group }) => group === 'FIND')) {
      const line = wide.find((one) => one.endsWith(help) && one.includes(ascii ?? label));
      expect(line?.slice(0, second).trimEnd().length).toBeLessThan(second);
      expect(line?.slice(second)).toMatch(/^ {2}\S/);
    }
  });
});

describe('the last line', () => {
  it.each(screens)('of %s names keys that work there, each once', (screen) => {
    for (const isTop of [true, false]) {
      const shown = keyLine(screen, { ascii: true, isTop, hasPanes: !isTop });
      expect(new Set(shown.map(({ key }) => key)).size).toBe(shown.length);
      expect(shown.map(({ key }) => key)).toContain('?');
      expect(shown.some(({ key }) => key === 'q')).toBe(isTop);
      expect(shown.some(({ key }) => key === 'esc')).toBe(!isTop);
      expect(shown.some(({ key }) => key === 'tab')).toBe(!isTop);
    }
  });
});

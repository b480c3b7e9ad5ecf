/** What ink draws around the slots, and how both become one picture. */
import { describe, expect, it, vi } from 'vitest';
import { openInkFrame } from '../../src/lib/tui/ink/open-frame.js';
import { sliceColumns } from '../../src/lib/tui/ink/slice-columns.js';
import type { Area, ChromePart } from '../../src/lib/tui/model/frame.js';
import type { Dress, Size } from '../../src/lib/tui/model/paint-model.js';
import { compose, planRows, type Segment, type Slot } from '../../src/lib/tui/terminal/compose.js';

const area = (top: number, left: number, width: number, height = 1): Area => ({ top, left, width, height });
const plain: Dress = { color: false, ascii: false, wide: false };
const colored: Dress = { ...plain, color: true };
const ascii: Dress = { ...plain, ascii: true };

const composed = (size: Size, segments: readonly (readonly Segment[])[], slots: readonly Slot[]): string[] =>
  compose(
    planRows(
      size,
      segments,
      slots.map((slot) => slot.area),
    ),
    slots,
  );

/** The picture of these parts alone, without blanks at the ends. */
function drawn(
  chrome: readonly ChromePart[],
  size: Size,
  dress: Dress,
  holes: readonly Area[] = [],
): string[] {
  const errors: unknown[] = [];
  const frame = openInkFrame({ onError: (error) => errors.push(error) });
  const lines = composed(size, frame.show(chrome, size, holes, dress), []);
  frame.close();
  expect(errors).toEqual([]);
  return lines.map((line) => line.trimEnd());
}

describe('compose', () => {
  it('lets a slot that fills the row pass untouched', () => {
    const lines = ['\x1b[31mred', 'b'];
    expect(composed({ columns: 4, rows: 2 }, [], [{ area: area(0, 0, 4, 2), lines }])).toEqual(lines);
  });

  it('puts pieces side by side and ends their colours', () => {
    const segments = [[{ left: 3, width: 1, text: '│' }], []];
    const slots = [
      { area: area(0, 4, 3), lines: ['\x1b[1mabc'] },
      { area: area(0, 0, 3, 2), lines: ['\x1b[2mx\x1b[0m  ', 'xyz'] },
    ];
    expect(composed({ columns: 8, rows: 3 }, segments, slots)).toEqual([
      '\x1b[2mx\x1b[0m  \x1b[0m│\x1b[1mabc\x1b[0m ',
      'xyz     ',
      '        ',
    ]);
  });

  it('leaves blank what a slot has no line for', () => {
    expect(composed({ columns: 3, rows: 2 }, [], [{ area: area(0, 1, 2, 2), lines: ['ab'] }])).toEqual([
      ' ab',
      '   ',
    ]);
  });
});

describe('columns of a coloured line', () => {
  it('are cut exactly', () => {
    expect(sliceColumns('abcdef', 2, 3)).toBe('cde');
    expect(sliceColumns('abc', 2, 3)).toBe('c  ');
    expect(sliceColumns('', 1, 2)).toBe('  ');
    expect(sliceColumns('a\x1b[31mbcd\x1b[39me', 2, 2)).toBe('\x1b[31mcd\x1b[0m');
  });

  it('leave a blank for half a glyph', () => {
    expect(sliceColumns('日本語', 1, 4)).toBe(' 本 ');
    expect(sliceColumns('日本語', 2, 2)).toBe('本');
    expect(sliceColumns('e\u0301x', 0, 1)).toBe('e\u0301');
  });
});

describe('the frame that ink draws', () => {
  const size: Size = { columns: 30, rows: 4 };

  it('draws titles as rules', () => {
    const parts: ChromePart[] = [
      { kind: 'title', area: area(0, 0, 14), text: 'findings', isFocused: true },
      { kind: 'title', area: area(0, 15, 15), text: 'events', isFocused: false },
      { kind: 'divider', area: area(0, 14, 1, 3) },
    ];
    expect(drawn(parts, size, plain)).toEqual([
      '▌findings ────│ events ───────',
      `${' '.repeat(14)}│`,
      `${' '.repeat(14)}│`,
      '',
    ]);
    expect(drawn(parts, size, ascii)[0]).toBe('>findings ----| events -------');
    expect(drawn(parts, size, colored)[0]).toBe('\x1b[1m▌findings ────\x1b[22m│ events ───────\x1b[0m');
  });

  it('names as many keys as fit whole', () => {
    const keys = ['move', 'open', 'quit'].map((does) => ({ key: does.slice(0, 1), does }));
    const parts: ChromePart[] = [{ kind: 'keys', area: area(3, 0, 20), keys }];
    expect(drawn(parts, size, plain)[3]).toBe(' m move  o open');
    expect(drawn(parts, size, colored)[3]).toBe(
      ' \x1b[1mm\x1b[22m \x1b[2mmove\x1b[22m  \x1b[1mo\x1b[22m \x1b[2mopen\x1b[22m\x1b[0m',
    );
  });

  it('shows what is typed, its end first', () => {
    const prompt = (text: string, completion: string, problem: string | null): ChromePart[] => [
      { kind: 'prompt', area: area(1, 0, 20), label: ':', text, completion, problem },
    ];
    expect(drawn(prompt('ct', 'ctx ', null), size, plain)[1]).toBe(':ct_x');
    expect(drawn(prompt('ct', '', 'no such command'), size, plain)[1]).toBe(':ct_  no such comman');
    expect(drawn(prompt('0123456789abcdefghijklm', '', null), size, plain)[1]).toBe(':56789abcdefghijklm_');
    expect(drawn(prompt('ct', 'ctx', 'no'), size, colored)[1]).toBe(
      ':ct\x1b[7mx\x1b[27m  \x1b[33mno\x1b[39m\x1b[0m',
    );
  });

  it('cuts lines, and parts that reach out of the screen', () => {
    const parts: ChromePart[] = [
      { kind: 'lines', area: area(0, 25, 20, 2), lines: ['abcdefghij', '', 'never'] },
      { kind: 'lines', area: area(1, 0, 5, 9), lines: ['日本語', '', 'x'] },
      { kind: 'lines', area: area(7, 0, 5, 1), lines: ['below'] },
    ];
    expect(drawn(parts, size, plain)).toEqual([`${' '.repeat(25)}abcde`, '日本', '', 'x']);
  });

  it('answers what lies outside of the holes', () => {
    const frame = openInkFrame({ onError: () => undefined });
    const parts: ChromePart[] = [{ kind: 'lines', area: area(0, 0, 30), lines: ['0123456789'.repeat(3)] }];
    const holes = [area(0, 5, 10), area(0, 20, 10), area(1, 0, 30)];
    const [first, second, third] = frame.show(parts, size, holes, plain);
    expect(first).toEqual([
      { left: 0, width: 5, text: '01234' },
      { left: 15, width: 5, text: '56789' },
    ]);
    expect(second).toEqual([]);
    expect(third).toEqual([{ left: 0, width: 30, text: ' '.repeat(30) }]);
    frame.close();
  });

  it('follows what changes', () => {
    const frame = openInkFrame({ onError: () => undefined });
    const title = (text: string): ChromePart[] => [
      { kind: 'title', area: area(0, 0, 9), text, isFocused: false },
    ];
    const shown = (text: string, wanted: Size) => frame.show(title(text), wanted, [], plain)[0]?.[0]?.text;
    expect(shown('one', { columns: 9, rows: 1 })).toBe(' one ────');
    expect(shown('two', { columns: 9, rows: 1 })).toBe(' two ────');
    expect(shown('two', { columns: 7, rows: 1 })).toBe(' two ──');
    expect(shown('two', { columns: 12, rows: 3 })).toBe(' two ────   ');
    frame.close();
  });

  it('hands on what is thrown, at once, and prints nothing', () => {
    const errors: unknown[] = [];
    const print = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const frame = openInkFrame({ onError: (error) => errors.push(error) });
    const broken = [{ kind: 'title', area: area(0, 0, 9) }] as unknown as ChromePart[];
    Object.defineProperty(broken[0], 'text', {
      enumerable: true,
      get: () => {
        throw new Error('broken part');
      },
    });
    const [first] = frame.show(broken, size, [], plain);
    expect(errors).toEqual([new Error('broken part')]);
    expect(first).toEqual([{ left: 0, width: 30, text: ' '.repeat(30) }]);
    frame.close();
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
  });
});

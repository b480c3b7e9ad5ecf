import fc from 'fast-check';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { renderTsv, type Field } from '../../src/lib/render/fields.js';
import { escapeField, safeName, safeText, toJson, unescapeField } from '../../src/lib/render/safe-text.js';
import { toYaml } from '../../src/lib/render/yaml-text.js';

// Every UTF-16 unit, so lone surrogates and controls come up as often as letters.
const anyText = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({ unit: fc.integer({ min: 0, max: 0x2ff }).map((unit) => String.fromCharCode(unit)) }),
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom(
      '\\',
      'x',
      'u',
      '{',
      '}',
      'n',
      '4',
      '1',
      '\n',
      ',',
      '\t',
      '\u0301',
      '\ud83d',
      '\ude00',
    ),
  }),
);
const LEAK =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Bidi_Control}\u00ad\u034f\u115f\u1160\u200b\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/u;
const runs = { numRuns: 1_000 };

describe('text of a registry', () => {
  it('comes back from its escaped form exactly', () => {
    fc.assert(
      fc.property(anyText, (text) => unescapeField(escapeField(text)) === text),
      runs,
    );
  });

  it('never leaks what a terminal obeys or a reader cannot see', () => {
    fc.assert(
      fc.property(anyText, fc.nat(40), (text, max) => {
        expect(safeText(text, { max })).not.toMatch(LEAK);
        expect(safeName(text, { max })).not.toMatch(LEAK);
        expect(escapeField(text)).not.toMatch(LEAK);
        expect(safeText(text, { ascii: true })).toMatch(/^[\x20-\x7e]*$/);
      }),
      runs,
    );
  });

  it('leaks no code point at all', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      const shown = safeName(`a${character}b`);
      if (LEAK.test(shown)) throw new Error(`U+${code.toString(16)} leaks`);
    }
  });

  it('is the same after JSON and YAML', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(anyText, anyText), async (value) => {
        expect(JSON.parse(toJson(value))).toEqual(value);
        expect(JSON.parse(toJson(value, { indent: 2 }))).toEqual(value);
        expect(toJson(value)).not.toMatch(LEAK);
        const yaml = await toYaml({ value });
        expect(yaml.replaceAll('\n', '')).not.toMatch(LEAK);
        expect(parse(yaml)).toEqual({ value });
      }),
      { numRuns: 300 },
    );
  });

  it('gives every row one tab less than fields', () => {
    const fields: Field<readonly string[]>[] = [
      { key: 'first', value: ([first]) => first ?? null },
      { key: 'all', value: (row) => row },
      { key: 'count', value: (row) => row.length },
    ];
    fc.assert(
      fc.property(fc.array(fc.array(anyText)), (rows) => {
        const lines = renderTsv(fields, rows).split('\n');
        expect(lines.pop()).toBe('');
        expect(lines).toHaveLength(rows.length);
        for (const [index, line] of lines.entries()) {
          const cells = line.split('\t');
          expect(cells).toHaveLength(3);
          const row = rows[index] ?? [];
          if (row.length > 0) expect(cells[1]?.split(',').map(unescapeField)).toEqual(row);
        }
      }),
      runs,
    );
  });
});

import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import {
  binaryText,
  escapeField,
  gutterText,
  isSafe,
  pasteable,
  safeName,
  safeText,
  shellQuote,
  toJson,
  unescapeField,
} from '../../src/lib/render/safe-text.js';
import { toYaml } from '../../src/lib/render/yaml-text.js';
import { hostile, LEAK } from './render-samples.js';

describe('safeText', () => {
  it.each([
    ['clipboard', String.raw`a\e]52;c;cm0=\ab`],
    ['c1', String.raw`\x9b2J`],
    ['carriageReturn', String.raw`ok\rEVIL`],
    ['backspace', String.raw`abc\b\b`],
    ['nul', String.raw`a\x00b`],
    ['shiftOut', String.raw`a\x0eb`],
    ['del', String.raw`a\x7fb`],
    ['override', String.raw`\u{202e}gnp.exe`],
    ['isolate', String.raw`a\u{2066}b`],
    ['zeroWidth', String.raw`pay\u{200b}ments`],
    ['bom', String.raw`\u{feff}pay`],
    ['tag', String.raw`a\u{e0041}b`],
    ['variation', String.raw`⚠\u{fe0f}`],
    ['tower', `e\u0301\u0302${String.raw`\u{303}\u{304}`}`],
    ['surrogate', String.raw`a\u{d800}b`],
    ['privateUse', String.raw`a\u{e000}b`],
    ['lineSeparator', String.raw`a\u{2028}b`],
    ['wide', '日本語'],
    ['hebrew', 'שלום'],
    ['family', String.raw`👨\u{200d}👩\u{200d}👧`],
  ])('shows %s as %s', (name, shown) => {
    expect(safeName(hostile[name] ?? '')).toBe(shown);
  });

  it('keeps joiners in free text only', () => {
    const family = hostile['family'] ?? '';
    expect(safeText(family)).toBe(family);
    expect(safeName(family)).not.toBe(family);
  });

  it('cuts by characters and counts what is left out', () => {
    expect(safeText('x'.repeat(300))).toBe(`${'x'.repeat(256)}…(+44)`);
    expect(safeText('👍'.repeat(5), { max: 2 })).toBe('👍👍…(+3)');
    expect(safeText('👍'.repeat(5), { max: 5 })).toBe('👍'.repeat(5));
    expect(safeText('x'.repeat(5), { max: 2, ascii: true })).toBe('xx...(+3)');
  });

  it('writes nothing but ASCII where asked to', () => {
    expect(safeText('é 日', { ascii: true })).toBe(String.raw`\xe9 \u{65e5}`);
  });

  it('gives every line of free text a gutter', () => {
    expect(gutterText('one\nError: two\r\n\x1b[2J')).toBe('│ one\n│ Error: two\n│ \\e[2J');
    expect(gutterText('abcdef', { max: 2, ascii: true })).toBe('| ab\n| ...(+4)');
  });

  it('names bytes by size and digest', () => {
    expect(binaryText(128, 'ab12cd34ef56')).toBe('<binary 128 B, sha256 ab12cd34…>');
  });
});

describe('fields, JSON and YAML', () => {
  it.each(Object.entries(hostile))('keeps %s exact and harmless', async (_name, text) => {
    expect(unescapeField(escapeField(text))).toBe(text);
    expect(escapeField(text)).not.toMatch(LEAK);
    expect(escapeField(text)).not.toMatch(/[\t\n]/);
    const value = { [text]: [text] };
    expect(JSON.parse(toJson(value))).toEqual(value);
    expect(toJson(value)).not.toMatch(LEAK);
    const yaml = await toYaml(value);
    expect(yaml).not.toMatch(LEAK);
    expect(parse(yaml)).toEqual(value);
  });

  it('leaves an unknown escape alone', () => {
    expect(unescapeField(String.raw`\q\x0`)).toBe(String.raw`\q\x0`);
  });

  it('writes a bigint as text', () => {
    expect(toJson({ lease: 7587875012669557772n })).toBe('{"lease":"7587875012669557772"}');
  });

  it('quotes words that older YAML readers take for booleans, and never shares nodes', async () => {
    const list = ['a'];
    expect(await toYaml({ zone: 'no', one: list, two: list })).toBe('zone: "no"\none:\n  - a\ntwo:\n  - a\n');
  });
});

describe('pasteable', () => {
  it('quotes what a shell would act on', () => {
    expect(pasteable(['sdctl', 'list', "it's $(rm)"])).toBe(String.raw`sdctl list 'it'\''s $(rm)'`);
    expect(shellQuote('')).toBe("''");
    expect(shellQuote('=ls')).toBe("'=ls'");
    expect(shellQuote('checkout/i-7f3a')).toBe('checkout/i-7f3a');
  });

  it('offers nothing that had to be escaped', () => {
    const refused = Object.entries(hostile).filter(([, text]) => pasteable(['sdctl', text]) === null);
    expect(refused.map(([name]) => name)).not.toContain('wide');
    expect(refused).toHaveLength(Object.values(hostile).filter((text) => !isSafe(text)).length);
    expect(pasteable(['sdctl', 'list', 'a\nb'])).toBeNull();
  });
});

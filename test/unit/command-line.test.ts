import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toAscii } from '../../src/lib/command/ascii.js';
import { decideAscii, decideColor } from '../../src/lib/command/color.js';
import { globalFlagTokens } from '../../src/lib/command/global-flags.js';
import { normaliseArguments } from '../../src/lib/command/normalise-arguments.js';
import { flagValue, hasFlag } from '../../src/lib/command/raw-flags.js';
import { unknownCommand } from '../../src/lib/command/unknown-command.js';
import { requireDuration } from '../../src/lib/command/usage.js';
import { isSet } from '../../src/lib/config/env.js';

const tokens = globalFlagTokens();
const topics = new Set(['context', 'config']);
const normalise = (line: string) =>
  normaliseArguments(
    line.split(' ').filter((word) => word !== ''),
    tokens,
    topics,
  );

describe('arguments', () => {
  it.each([
    ['list order', 'list order'],
    ['-c prod list order', 'list -c prod order'],
    ['-cprod --output=json list', 'list -cprod --output=json'],
    ['-qv list', 'list -qv'],
    ['-o json context list', 'context list -o json'],
    ['context -o json list a', 'context list -o json a'],
    ['-c a context -o json add b --force', 'context add -c a -o json b --force'],
    ['context', 'context'],
    ['context --help', 'context --help'],
    ['-h list', 'list -h'],
    ['--help', '--help'],
    ['register a -- -c b', 'register a -- -c b'],
  ])('%s is %s', (typed, expected) => {
    expect(normalise(typed)).toEqual({
      argv: expected.split(' '),
      unknownFlag: null,
      isCommandMissing: false,
    });
  });

  it('without a command, or with a flag nobody knows before it, are found out', () => {
    expect(normalise('').isCommandMissing).toBe(false);
    expect(normalise('-v').isCommandMissing).toBe(true);
    expect(normalise('-c prod').isCommandMissing).toBe(true);
    expect(normalise('-- list').isCommandMissing).toBe(true);
    expect(normalise('--contxt prod list').unknownFlag).toBe('--contxt');
    expect(normalise('-z list').unknownFlag).toBe('-z');
    expect(normalise('--json=yes list').unknownFlag).toBe('--json');
  });

  it('are all kept, in any order', () => {
    const word = fc.constantFrom(
      'list',
      'context',
      'a',
      '-c',
      '-o',
      'json',
      '--json',
      '-v',
      '--',
      '-h',
      '--server=x',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (argv) => {
        expect([...normaliseArguments(argv, tokens, topics).argv].sort()).toEqual([...argv].sort());
      }),
    );
  });

  it('can be searched without a parser', () => {
    expect(flagValue(['-ojson'], '--output', 'o')).toBe('json');
    expect(flagValue(['-o=json'], '--output', 'o')).toBe('json');
    expect(flagValue(['--output', 'json', '--', '-o', 'x'], '--output', 'o')).toBe('json');
    expect(hasFlag(['-vq'], '--quiet', 'q')).toBe(true);
    expect(hasFlag(['-cq'], '--quiet', 'q')).toBe(false);
    expect(hasFlag(['--', '--json'], '--json')).toBe(false);
  });
});

describe('an unknown command', () => {
  const known = ['list', 'ls', 'watch', 'context add', 'context list', 'context use'];
  it('is answered with the nearest', () => {
    expect(unknownCommand('lsit', known)).toMatchObject({
      why: 'closest: list',
      hint: 'sdctl list --help',
      exitCode: 2,
    });
    expect(unknownCommand('context nope', known)).toMatchObject({
      message: 'sdctl context has no command "nope"',
      why: 'it has: add, list, use',
    });
    expect(unknownCommand('context lst', known)).toMatchObject({ hint: 'sdctl context list --help' });
    expect(unknownCommand('frobnicate', known)).toMatchObject({ hint: 'sdctl --help' });
  });
});

describe('colour', () => {
  it.each([
    [{ flag: 'never', env: { FORCE_COLOR: '1' }, isTerminal: true }, false],
    [{ flag: 'always', env: { NO_COLOR: '1', TERM: 'dumb' }, isTerminal: false }, true],
    [{ flag: undefined, env: { SDCTL_COLOR: 'always', NO_COLOR: '1' }, isTerminal: false }, true],
    [{ flag: 'auto', env: { SDCTL_COLOR: 'always' }, isTerminal: false }, false],
    [{ flag: 'auto', env: { NO_COLOR: '1' }, isTerminal: true }, false],
    [{ flag: undefined, env: { NO_COLOR: '1', FORCE_COLOR: '1' }, isTerminal: true }, false],
    [{ flag: undefined, env: { NO_COLOR: '', FORCE_COLOR: '1' }, isTerminal: false }, true],
    [{ flag: undefined, env: { FORCE_COLOR: '0' }, isTerminal: true }, false],
    [{ flag: undefined, env: { FORCE_COLOR: 'false' }, isTerminal: true }, false],
    [{ flag: undefined, env: { TERM: 'dumb' }, isTerminal: true }, false],
    [{ flag: undefined, env: {}, setting: 'never', isTerminal: true }, false],
    [{ flag: 'auto', env: {}, setting: 'never', isTerminal: true }, true],
    [{ flag: undefined, env: {}, isTerminal: true }, true],
    [{ flag: undefined, env: {}, isTerminal: false }, false],
  ])('%o is %s', (input, expected) => {
    expect(decideColor(input)).toBe(expected);
  });
});

describe('ASCII', () => {
  it.each([
    [undefined, {}, false],
    [true, { LC_ALL: 'C.UTF-8' }, true],
    [undefined, { LC_ALL: 'C', LANG: 'en_US.UTF-8' }, true],
    [undefined, { LC_CTYPE: 'en_US.utf8', LANG: 'C' }, false],
    [undefined, { LANG: 'POSIX' }, true],
    [undefined, { TERM: 'linux', LANG: 'C.UTF-8' }, true],
    [undefined, { TERM: 'dumb' }, true],
    [undefined, { SDCTL_ASCII: '0', LC_ALL: 'C' }, false],
    [undefined, { SDCTL_ASCII: '1', LC_ALL: 'C.UTF-8' }, true],
  ])('flag %s with %o is %s', (flag, env, expected) => {
    expect(decideAscii(flag, env)).toBe(expected);
  });

  it('leaves nothing else in a text', () => {
    expect(toAscii('Asking käse … → \x1b[32m日\x1b[39m\n')).toBe(
      'Asking k\\xe4se ... -> \x1b[32m\\u{65e5}\x1b[39m\n',
    );
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => /^[\0-\x7f]*$/.test(toAscii(text))));
  });
});

describe('a duration', () => {
  it.each([
    ['30', /^--ttl 30 has no unit/, '--ttl 30s'],
    ['1s', /^--ttl 1s is too short/, '--ttl 2s'],
    ['2h', /^--ttl 2h is too long/, '--ttl 60m'],
    ['soon', /^--ttl soon/, '--ttl 30s'],
    ['-5s', /^--ttl -5s/, '--ttl 30s'],
  ])('%s is refused with what was meant', (text, message, hint) => {
    const run = (): number => requireDuration('--ttl', text, { minMs: 2_000, maxMs: 3_600_000 });
    expect(run).toThrow(message);
    expect(run).toThrow(expect.objectContaining({ code: 'E_USAGE', hint }) as Error);
  });

  it.each([
    ['500ms', 500],
    ['1h30m', 5_400_000],
    ['2s', 2_000],
  ])('%s is %i ms', (text, ms) => {
    expect(requireDuration('--x', text)).toBe(ms);
  });
});

describe('a variable', () => {
  it.each([
    ['woodpecker', true],
    ['1', true],
    ['', false],
    ['0', false],
    ['False', false],
    [undefined, false],
  ])('%s counts as set: %s', (value, expected) => {
    expect(isSet(value)).toBe(expected);
  });
});

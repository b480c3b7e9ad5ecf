import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickEndpoints, type PickOptions } from '../../src/lib/discovery/pick.js';
import { globMatcher, isGlob, parseHealthList, parseSelector } from '../../src/lib/discovery/selector.js';
import { isNewName } from '../../src/lib/discovery/new-name.js';
import { healthOfRemainder, withLeases } from '../../src/lib/discovery/ttl.js';
import { parseUntil } from '../../src/lib/discovery/until.js';
import { formatCallTarget, isUnspecified, parseEndpoint } from '../../src/lib/model/endpoint.js';
import { parseInstanceName } from '../../src/lib/model/instance-name.js';
import type { Health } from '../../src/lib/model/instance.js';
import { anInstance } from '../support/builders.js';
import { aSnapshot } from './render-samples.js';

const one = anInstance({
  service: 'order',
  id: 'i-1',
  zone: 'a',
  version: '1.8',
  weight: 5,
  metadata: { tier: 'web', canary: '', 'k8s.io/app': 'x' },
});
const matches = (selector: string): boolean => {
  const parsed = parseSelector(selector);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.matches(one);
};

describe('a selector', () => {
  it.each([
    ['tier=web', true],
    ['tier==web', true],
    ['tier!=web', false],
    ['none!=x', true],
    ['tier in (web,api)', true],
    ['tier notin (web)', false],
    ['none notin (web)', true],
    ['canary', true],
    ['!canary', false],
    ['!none,zone=a,version=1.8,weight=5', true],
    ['k8s.io/app=x', true],
    ['tier in (web,api),zone=b', false],
  ])('%s is %s', (selector, expected) => {
    expect(matches(selector)).toBe(expected);
  });

  it.each(['', 'a=1,', 'a=(b', 'a in b', 'a in (b', '!', '=x', 'a b'])('%j is refused', (selector) => {
    expect(parseSelector(selector).ok).toBe(false);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseSelector(text).ok === 'boolean'));
  });
});

describe('a pattern', () => {
  it.each([
    ['pay*', 'payment', true],
    ['pay*', 'repay', false],
    ['p?y', 'pay', true],
    ['[op]*', 'order', true],
    ['[!o]*', 'order', false],
    ['a.c*', 'abc', false],
    ['*', 'anything\n', true],
    ['o*e*r', 'order-e-r', true],
    ['o*e*r', 'order-e', false],
    ['[a-cx]?', 'b1', true],
    ['[a-cx]?', 'd1', false],
    ['[z-a]*', 'm', false],
    ['[]*', '[]x', true],
    ['[*', '[a', true],
    ['?', '\u{1f600}', true],
  ])('%s on %s is %s', (pattern, name, expected) => {
    expect(isGlob(pattern)).toBe(true);
    expect(globMatcher(pattern)(name)).toBe(expected);
  });

  it('with many signs does not take long', () => {
    const many = `${'*a'.repeat(200)}b`;
    const startedMs = performance.now();
    expect(globMatcher(many)('a'.repeat(300))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(500);
  });

  it('of any text is a matcher, and finds itself where it has no sign', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const found = globMatcher(text)(text);
        expect(found || isGlob(text)).toBe(true);
      }),
    );
  });
});

it('states are read as a list', () => {
  expect(parseHealthList('passing, MAINT')).toEqual({
    ok: true,
    states: new Set(['passing', 'maintenance']),
  });
  expect(parseHealthList('passing,fine')).toEqual({ ok: false, word: 'fine' });
});

describe('a target', () => {
  it.each([
    ['a/b', false, { service: 'a', id: 'b', node: null }],
    ['a/b/c', false, { service: 'a/b', id: 'c', node: null }],
    ['a/b@n', true, { service: 'a', id: 'b', node: 'n' }],
    ['a/b@n', false, { service: 'a', id: 'b@n', node: null }],
    ['a/@n', true, { service: 'a', id: '@n', node: null }],
    ['a', false, null],
    ['/b', false, null],
    ['a/', false, null],
  ])('%s (nodes: %s)', (text, nodes, expected) => {
    expect(parseInstanceName(text, nodes)).toEqual(expected);
  });

  it('gets only names that are safe everywhere', () => {
    for (const name of ['a', 'A.b_c:d-1', 'x'.repeat(128)]) expect(isNewName(name)).toBe(true);
    for (const name of ['', '.', '..', 'a/b', 'ä', 'a b', 'a\n', 'x'.repeat(129)])
      expect(isNewName(name)).toBe(false);
  });
});

describe('what is left of a lease', () => {
  it.each([
    [30, 30, 'passing'],
    [30, 10, 'passing'],
    [30, 9, 'warning'],
    [30, 5, 'critical'],
    [5, 0, 'passing'],
    [null, 3, 'passing'],
    [30, null, 'passing'],
  ] as const)('of %s granted, %s left is %s', (granted, left, expected) => {
    expect(healthOfRemainder(granted, left)).toBe(expected);
  });

  it('never improves what an instance says of itself', () => {
    const lease = { id: 'l', ttlSeconds: null, leftSeconds: null };
    const snapshot = aSnapshot([
      anInstance({ health: 'critical', lease }),
      anInstance({ health: 'passing', lease }),
    ]);
    const judged = withLeases(
      snapshot,
      new Map([['l', { id: 'l', grantedSeconds: 30, leftSeconds: 9, isOverdue: false }]]),
    );
    expect(judged.instances.map(({ health }) => health)).toEqual(['critical', 'warning']);
    expect(judged.instances[1]?.healthReason).toBe('9s of 30s left');
  });
});

describe('a condition', () => {
  const set = [anInstance({ id: 'a', health: 'passing' }), anInstance({ id: 'b', health: 'critical' })];
  it.each([
    ['passing>=1', true],
    ['passing>1', false],
    ['instances==2', true],
    ['instances!=2', false],
    ['critical<2,passing=1', true],
    ['gone=a', false],
    ['gone=z', true],
    ['present=b', true],
    ['warning<=0', true],
  ])('%s is %s', (text, expected) => {
    const parsed = parseUntil(text);
    expect(parsed.ok && parsed.holds(set)).toBe(expected);
  });

  it.each(['', 'passing', 'passing>=', 'passing>=-1', 'fine>=1', 'gone=', 'passing>=1,'])(
    '%j is refused',
    (text) => {
      expect(parseUntil(text).ok).toBe(false);
    },
  );
});

describe('a pick', () => {
  const options: PickOptions = {
    strategy: 'first',
    usable: new Set<Health>(['passing']),
    random: Math.random,
    turn: 0,
    protocol: null,
    zone: null,
  };
  const at = (id: string, change: object = {}) =>
    anInstance({ id, health: 'passing', endpoints: [{ protocol: 'http', address: id, port: 1 }], ...change });
  const ids = (change: Partial<PickOptions>, all = [at('c'), at('a'), at('b')]): string[] =>
    pickEndpoints(all, { ...options, ...change }).choices.map(({ instance }) => instance.id);

  it('follows its strategy', () => {
    expect(ids({})).toEqual(['a', 'b', 'c']);
    expect(ids({ strategy: 'round-robin', turn: 4 })).toEqual(['b', 'c', 'a']);
    expect(ids({ strategy: 'nearest', zone: 'z' }, [at('a'), at('b', { zone: 'z' })])).toEqual(['b', 'a']);
    expect(ids({ strategy: 'weighted' }, [at('a', { weight: 0 }), at('b', { weight: 1 })])).toEqual([
      'b',
      'a',
    ]);
  });

  it('leaves out what cannot be called, and says why', () => {
    const all = [
      at('a', { health: 'critical' }),
      at('b', { endpoints: [{ protocol: null, address: 'h', port: null }] }),
      at('c'),
    ];
    const { choices, skipped } = pickEndpoints(all, options);
    expect(choices.map(({ instance }) => instance.id)).toEqual(['c']);
    expect(skipped.map(({ why }) => why)).toEqual(['critical', 'no endpoint with a port']);
  });

  it('has heavier ones first more often', () => {
    let heavy = 0;
    for (let turn = 0; turn < 2_000; turn += 1) {
      if (ids({ strategy: 'weighted' }, [at('a', { weight: 9 }), at('b', { weight: 1 })])[0] === 'a')
        heavy += 1;
    }
    expect(heavy / 2_000).toBeGreaterThan(0.85);
    expect(heavy / 2_000).toBeLessThan(0.95);
  });
});

describe('what is printed to call', () => {
  it.each([
    ['http://[2001:db8::1]:80', 'http://[2001:db8::1]:80'],
    ['grpc://[2001:db8::1]:80', '[2001:db8::1]:80'],
    ['grpc://h:80', 'h:80'],
    ['h:80', 'h:80'],
    ['https://h:443', 'https://h:443'],
  ])('for %s is %s', (text, expected) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint === null ? null : formatCallTarget(endpoint)).toBe(expected);
  });

  it.each([
    'http://0.0.0.0:1',
    'http://[::]:1',
    '[0:0:0:0:0:0:0:0]:1',
    '[::0]:1',
    '[::ffff:0.0.0.0]:1',
    '[0::0]:1',
    '000.0.0.0:1',
    '0:1',
  ])('nobody can call %s', (text) => {
    const endpoint = parseEndpoint(text);
    expect(endpoint === null || isUnspecified(endpoint)).toBe(true);
  });
});

/** The undo file: what was saved is read back as it was, and nothing that it could hold is trusted. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseUndoContent } from '../../src/lib/command/undo-content.js';
import type { UndoContent } from '../../src/lib/command/undo-file.js';
import type { SavedEntry } from '../../src/lib/model/removal.js';
import { toJson } from '../../src/lib/render/safe-text.js';

/** Any text that UTF-8 can hold, terminal sequences and names of object properties included. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.constantFrom('__proto__', 'constructor', 'prototype', '\u001b[2J', '$(reboot)', '../..', '\u2028'),
);
const name = text.filter((value) => value !== '');
const base64 = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64'));
const texts = fc.array(fc.tuple(name, text), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs));

const etcd = fc.record({
  backend: fc.constant('etcd' as const),
  service: text,
  id: text,
  keyBase64: name.map((key) => Buffer.from(key).toString('base64')),
  valueBase64: base64,
  leaseId: fc.option(fc.bigInt(1n, 2n ** 63n - 1n).map((id) => id.toString(16).padStart(16, '0'))),
  grantedSeconds: fc.option(fc.integer({ min: 1, max: 9_000_000_000 })),
});
const local = fc.record({
  backend: fc.constant('local' as const),
  service: name,
  id: name,
  value: text,
  ttlMs: fc.option(fc.double({ min: 0.001, max: 1e300, noNaN: true })),
});
const consul = fc.record({
  backend: fc.constant('consul' as const),
  service: name,
  id: name,
  node: name,
  nodeAddress: text,
  isExternal: fc.boolean(),
  address: text,
  port: fc.nat(65_535),
  tags: fc.array(text, { maxLength: 3 }),
  meta: texts,
  weights: fc.option(fc.record({ passing: fc.nat(), warning: fc.nat() })),
  kind: text,
  ttlSeconds: fc.option(fc.nat(1_000)),
  lostChecks: fc.array(fc.record({ id: text, name: text, type: text }), { maxLength: 2 }),
  taggedAddresses: fc.constant({ wan: { address: '192.0.2.1', port: 80 } }),
  proxy: fc.constant({ DestinationServiceName: 'order', Config: { a: [1, null, { b: true }] } }),
});

const content: fc.Arbitrary<UndoContent> = fc
  .oneof(...[etcd, local, consul].map((entry: fc.Arbitrary<SavedEntry>) => fc.array(entry, { maxLength: 4 })))
  .chain((items) =>
    fc.record({
      context: fc.option(text),
      backend: fc.constant(items[0]?.backend ?? 'etcd'),
      servers: text,
      datacenter: fc.option(text),
      namespace: fc.option(text),
      partition: fc.option(text),
      removedAt: fc.constant('2026-03-02T10:42:11.000Z'),
      items: fc.constant(items),
    }),
  );
const HEAD = { apiVersion: 'sdctl/v1', kind: 'RemovedEntries' };
const written = (undo: object): string => toJson({ ...HEAD, ...undo }, { indent: 2 });

const entry = {
  backend: 'etcd',
  service: 'order',
  id: 'i-1',
  keyBase64: 'L2E=',
  valueBase64: '',
  leaseId: null,
  grantedSeconds: null,
} as const;
const whole = {
  context: null,
  backend: 'etcd',
  servers: 'http://127.0.0.1:2379',
  removedAt: '2026-03-02T10:42:11.000Z',
  items: [entry],
};

describe('an undo file', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(content, (undo) => {
        const parsed = parseUndoContent(written(undo));
        expect(parsed).toEqual({ ok: true, content: undo });
        // `toEqual` passes over what it takes for a prototype.
        if (parsed.ok) expect(JSON.stringify(parsed.content.items)).toBe(JSON.stringify(undo.items));
      }),
    );
  });

  it('of any content is read or refused, never thrown at', () => {
    const anything = fc.oneof(
      fc.string(),
      fc.json(),
      fc.jsonValue().map((value) => JSON.stringify(value)),
    );
    fc.assert(
      fc.property(anything, (undo) => {
        expect(parseUndoContent(undo)).toMatchObject({ ok: false, why: expect.any(String) as unknown });
      }),
    );
  });

  it('with anything in the place of one of its parts is read or refused', () => {
    const places = [
      ...Object.keys({ ...HEAD, ...whole }),
      ...Object.keys(entry).map((key) => `items.${key}`),
    ];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
        const [, inside] = place.split('.');
        const undo =
          inside === undefined
            ? { ...HEAD, ...whole, [place]: value }
            : { ...HEAD, ...whole, items: [{ ...entry, [inside]: value }] };
        const parsed = parseUndoContent(JSON.stringify(undo));
        if (!parsed.ok) expect(parsed.why).not.toBe('');
      }),
    );
  });

  it('that nests without an end is refused', () => {
    const deep = '['.repeat(200_000) + ']'.repeat(200_000);
    expect(parseUndoContent(deep).ok).toBe(false);
    expect(parseUndoContent(written(whole).replace('"items": [', `"more": ${deep}, "items": [`)).ok).toBe(
      true,
    );
  });

  it.each([
    ['no entries at all', { items: [] }, null],
    ['a part that a later release adds', { note: 'x', items: [{ ...entry, color: 'red' }] }, null],
    ['another kind of document', { kind: 'InstanceList' }, 'kind'],
    ['another version', { apiVersion: 'sdctl/v2' }, 'apiVersion'],
    ['a registry of no known kind', { backend: 'etcd; reboot' }, 'backend'],
    ['entries of another registry', { backend: 'local' }, 'not all of them are of local'],
    ['items that are none', { items: {} }, 'items'],
    ['an entry that is null', { items: [null] }, 'items.0'],
    ['an entry of nothing', { items: [{ ...entry, keyBase64: '' }] }, 'items.0.keyBase64'],
    ['a key that is no base64', { items: [{ ...entry, keyBase64: 'a b' }] }, 'items.0.keyBase64'],
    ['a key that is no UTF-8', { items: [{ ...entry, keyBase64: '/w==' }] }, 'items.0.keyBase64'],
    ['a value that is no base64', { items: [{ ...entry, valueBase64: 'é' }] }, 'items.0.valueBase64'],
    ['a lease of no form', { items: [{ ...entry, leaseId: '1' }] }, 'items.0.leaseId'],
    ['a TTL of nothing', { items: [{ ...entry, grantedSeconds: 0 }] }, 'items.0.grantedSeconds'],
    ['a TTL beyond all', { items: [{ ...entry, grantedSeconds: 1e18 }] }, 'items.0.grantedSeconds'],
    ['half a second', { items: [{ ...entry, grantedSeconds: 0.5 }] }, 'items.0.grantedSeconds'],
  ])('%s', (_what, parts, refused) => {
    const parsed = parseUndoContent(written({ ...whole, ...parts }));
    if (refused === null) expect(parsed.ok).toBe(true);
    else expect(parsed).toMatchObject({ ok: false, why: expect.stringContaining(refused) as unknown });
  });

  it('of a release that knew no datacenters means the default ones', () => {
    expect(parseUndoContent(written(whole))).toMatchObject({
      ok: true,
      content: { datacenter: null, namespace: null, partition: null },
    });
  });

  it('an infinite TTL is refused: JSON has a way to write it', () => {
    const undo = written({
      ...whole,
      backend: 'local',
      items: [{ backend: 'local', service: 'a', id: 'b', value: '', ttlMs: 77 }],
    });
    expect(parseUndoContent(undo).ok).toBe(true);
    expect(parseUndoContent(undo.replace('77', '1e999')).ok).toBe(false);
  });
});

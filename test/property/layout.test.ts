import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEntry, layouts } from '../../src/lib/layouts/index.js';
import { sdctlLayout } from '../../src/lib/layouts/sdctl.js';
import { decodeName, encodeName } from '../../src/lib/registry/local/file-names.js';
import { anyText, spec } from './arbitraries.js';

const root = { prefix: '/services/' };

describe('the sdctl layout', () => {
  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(spec, fc.option(fc.constant('lease-1')), (one, leaseId) => {
        const { key, value } = sdctlLayout.encode?.(one, root) ?? { key: '', value: '' };
        const entry = { key: Buffer.from(key), value: Buffer.from(value), leaseId, revision: '7' };
        const decoded = decodeEntry(entry, root);
        if (decoded.state !== 'instance') throw new Error(decoded.entry.reason);
        const { service, id, endpoints, tags, metadata, version, zone, owner, registeredAt } = one;
        expect(decoded.instance).toMatchObject({
          service,
          id,
          endpoints,
          tags,
          version,
          zone,
          owner,
          registeredAt,
        });
        // As text: a key called __proto__ is compared like any other.
        expect(Object.entries(decoded.instance.metadata)).toEqual(Object.entries(metadata));
        expect(JSON.stringify(decoded.instance.weight)).toBe(JSON.stringify(one.weight));
        expect(decoded.instance.health).toBe(leaseId === null ? 'unknown' : 'passing');
      }),
    );
  });
});

describe('every layout', () => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({
        sdctl: fc.constantFrom(1, 2, '1', null),
        endpoints: fc.anything(),
        owner: fc.anything(),
        metadata: fc.anything(),
      })
      .map((value) =>
        Buffer.from(JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? 1 : item))),
      ),
  );
  const key = fc.oneof(
    fc.uint8Array(),
    anyText.map((text) => Buffer.from(text)),
    fc.tuple(anyText, anyText).map(([service, id]) => Buffer.from(`/services/${service}/${id}`)),
  );

  it('is total: any bytes are an instance or a reason', () => {
    fc.assert(
      fc.property(
        key,
        bytes,
        fc.constantFrom('auto', ...layouts.map(({ name }) => name)),
        (entryKey, value, name) => {
          const decoded = decodeEntry({ key: entryKey, value, leaseId: null, revision: '1' }, root, name);
          if (decoded.state === 'undecoded') {
            expect(decoded.entry.reason).not.toBe('');
            expect(decoded.entry.sizeBytes).toBe(value.length);
          } else {
            expect(decoded.instance.service).not.toBe('');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('file names', () => {
  it('are safe, distinct even without case, and reversible unless they are digests', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const file = encodeName(one);
        expect(file).toMatch(/^(~[0-9a-f]{64}|[a-z0-9._%A-F-]+)$/);
        expect(file.startsWith('.')).toBe(false);
        expect(file.length).toBeLessThanOrEqual(200);
        const decoded = decodeName(file);
        if (decoded.type !== 'hashed') expect(decoded).toEqual({ type: 'name', name: one });
        if (one !== other) expect(encodeName(other).toLowerCase()).not.toBe(file.toLowerCase());
      }),
      { numRuns: 1_000 },
    );
  });
});

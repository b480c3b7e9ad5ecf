/** Laws of lease ids: what is printed is read again, in every form that etcd's tools print. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isLeaseId, parseLeaseId } from '../../src/lib/discovery/lease-id.js';
import { formatLeaseName, readLeaseName } from '../../src/lib/model/lease-name.js';
import { escapeField, unescapeField } from '../../src/lib/render/safe-text.js';

const wireId = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const hexOf = (id: bigint): string => id.toString(16).padStart(16, '0');
const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const marked = fc
  .array(fc.constantFrom('@', '%', '%40', '%25', '%2F', '/', '\\', 'a', 'ä', '\u001b'), {
    minLength: 1,
    maxLength: 8,
  })
  .map((parts) => parts.join(''));

describe('on etcd', () => {
  it('hex digits of any length and case mean the number', () => {
    fc.assert(
      fc.property(wireId, fc.boolean(), fc.boolean(), fc.boolean(), (id, isPadded, isUpper, hasMark) => {
        const digits = isPadded ? hexOf(id) : id.toString(16);
        const typed = (hasMark ? '0x' : '') + (isUpper ? digits.toUpperCase() : digits);
        expect(parseLeaseId(typed, 'etcd')).toEqual({ ok: true, names: [{ id: hexOf(id), node: null }] });
      }),
    );
  });

  it('decimal numbers mean the same as their hex digits, and are found to be the same', () => {
    fc.assert(
      fc.property(wireId, (id) => {
        const decimal = id.toString();
        const expected = { ok: true, names: [{ id: hexOf(id), node: null }] };
        expect(parseLeaseId(`dec:${decimal}`, 'etcd')).toEqual(expected);
        if (decimal.length >= 17 && decimal.length <= 19)
          expect(parseLeaseId(decimal, 'etcd')).toEqual(expected);
        expect(isLeaseId(`dec:${decimal}`, 'etcd', { id: hexOf(id), node: null })).toBe(true);
        expect(isLeaseId(`dec:${decimal}`, 'etcd', { id: hexOf(id ^ 1n), node: null })).toBe(false);
      }),
    );
  });

  it('anything is an id of 16 hex digits or refused with a reason', () => {
    fc.assert(
      fc.property(fc.oneof(text, fc.stringMatching(/^(dec:|0x)?[0-9a-fx-]{1,22}$/)), (typed) => {
        const parsed = parseLeaseId(typed, 'etcd');
        if (parsed.ok) for (const { id } of parsed.names) expect(id).toMatch(/^[0-9a-f]{16}$/);
        else expect(parsed.reason).not.toBe('');
      }),
    );
  });
});

describe('on Consul', () => {
  it('the printed name of a check is read as that check first', () => {
    fc.assert(
      fc.property(fc.oneof(text, marked), fc.oneof(text, marked), (id, node) => {
        const printed = formatLeaseName({ kind: 'ttl-check', id, node });
        expect(readLeaseName(printed)[0]).toEqual({ id, node });
        // As -o name and tsv print it.
        expect(readLeaseName(unescapeField(escapeField(printed)))[0]).toEqual({ id, node });
      }),
    );
  });

  it('an id that is typed as it is is always among the readings', () => {
    fc.assert(
      fc.property(fc.oneof(text, marked), (id) => {
        expect(readLeaseName(id)).toContainEqual({ id, node: null });
      }),
    );
  });
});

it('the embedded registry takes any id as it is', () => {
  fc.assert(
    fc.property(text, (id) => {
      expect(parseLeaseId(id, 'local')).toEqual({ ok: true, names: [{ id, node: null }] });
    }),
  );
});

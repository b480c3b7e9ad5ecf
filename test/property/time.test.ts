import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, defaultBackoff } from '../../src/lib/time/backoff.js';
import { formatDuration, parseDuration } from '../../src/lib/time/duration.js';
import { renewalIntervalMs, renewalTimeoutMs } from '../../src/lib/time/renewal.js';

describe('durations', () => {
  it('are the sum of their parts', () => {
    const part = fc.tuple(fc.nat(999), fc.constantFrom('ms', 's', 'm', 'h'));
    const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(([count, unit]) => `${count}${unit}`).join('');
        const ms = parts.reduce((sum, [count, unit]) => sum + count * (unitsMs[unit] ?? 0), 0);
        expect(parseDuration(text)).toEqual({ ok: true, ms });
      }),
    );
  });

  it('are read or refused, never anything else', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = parseDuration(text);
        if (result.ok) expect(Number.isSafeInteger(result.ms) && result.ms >= 0).toBe(true);
        else expect(result.reason).not.toBe('');
      }),
    );
  });

  it('are shown with two units at most, and within one part in ten', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
        const text = formatDuration(ms);
        expect(text).toMatch(/^\d+(ms|[smhd])( \d+[smh])?$/);
        const read = parseDuration(text.replace(' ', ''));
        expect(read.ok && Math.abs(read.ms - ms) <= Math.max(500, ms / 10)).toBe(true);
      }),
    );
  });
});

describe('pauses', () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it('between retries grow, and never leave their bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: -5, max: 1_000_000 }), random, (failures, value) => {
        const ms = backoffMs(failures, () => value);
        expect(ms).toBeGreaterThanOrEqual(0.75 * defaultBackoff.firstMs);
        expect(ms).toBeLessThanOrEqual(defaultBackoff.maxMs);
        expect(backoffMs(failures + 1, () => value)).toBeGreaterThanOrEqual(ms);
      }),
    );
  });

  it('between renewals leave room for two failures', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 86_400_000 }), (ttlMs) => {
        expect(3 * renewalIntervalMs(ttlMs)).toBeLessThanOrEqual(ttlMs);
        expect(renewalIntervalMs(ttlMs) + renewalTimeoutMs(ttlMs)).toBeLessThanOrEqual((2 / 3) * ttlMs + 1);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { FleetPlan, type FleetShape } from '../../src/lib/demo/fleet-plan.js';
import { parseEndpoint, formatEndpoint } from '../../src/lib/model/endpoint.js';

const shape: FleetShape = { seed: 'demo', services: 5, instances: 20, churnPerMinute: 6 };

function story(overrides: Partial<FleetShape>, changes: number): unknown[] {
  const plan = new FleetPlan({ ...shape, ...overrides });
  const lines: unknown[] = [...plan.members];
  for (let count = 0; count < changes; count += 1) lines.push(plan.nextPauseMs(), plan.nextChange());
  return lines;
}

describe('FleetPlan', () => {
  it('is the same for the same seed, and another one for another', () => {
    expect(story({}, 200)).toEqual(story({}, 200));
    expect(story({}, 5)).not.toEqual(story({ seed: 'other' }, 5));
  });

  it('begins with the services that a newcomer knows', () => {
    const names = new Set(new FleetPlan(shape).members.map(({ spec }) => spec.service));
    expect([...names]).toEqual(['order', 'payment', 'gateway', 'inventory', 'cart']);
  });

  it('changes soon for the first time, then at the rate asked for', () => {
    for (const seed of ['1', '2', '3', '4', '5', '6']) {
      const plan = new FleetPlan({ ...shape, seed });
      const firstMs = plan.nextPauseMs();
      expect(firstMs).toBeGreaterThanOrEqual(2_000);
      expect(firstMs).toBeLessThanOrEqual(3_000);
      plan.nextChange();
      const pauses = Array.from({ length: 500 }, () => plan.nextPauseMs());
      const meanMs = pauses.reduce((sum, ms) => sum + ms, 0) / pauses.length;
      expect(meanMs).toBeGreaterThan(9_000);
      expect(meanMs).toBeLessThan(11_000);
    }
    expect(new FleetPlan({ ...shape, churnPerMinute: 0 }).nextPauseMs()).toBe(Infinity);
  });

  it('keeps its size, every service and every name, and shows every kind of change', () => {
    const plan = new FleetPlan(shape);
    const kinds = new Set<string>();
    const ids = new Set(plan.members.map(({ spec }) => spec.id));
    for (let count = 0; count < 1_000; count += 1) {
      const change = plan.nextChange();
      kinds.add(change.type === 'state' ? (change.member.state?.health ?? 'recovered') : change.type);
      if (change.type === 'join') {
        expect(ids.has(change.member.spec.id)).toBe(false);
        ids.add(change.member.spec.id);
      }
      expect(plan.members.length).toBeGreaterThan(10);
      expect(plan.members.length).toBeLessThan(30);
      expect(new Set(plan.members.map(({ spec }) => spec.service)).size).toBe(5);
    }
    expect([...kinds].sort()).toEqual([
      'critical',
      'join',
      'leave',
      'maintenance',
      'recovered',
      'silence',
      'warning',
    ]);
    for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9._:-]{1,128}$/);
  });

  it('gives everybody an address of its own, even in a large fleet', () => {
    const { members } = new FleetPlan({ ...shape, services: 12, instances: 3_000 });
    const addresses = members.flatMap(({ spec }) => spec.endpoints.map(formatEndpoint));
    expect(new Set(addresses).size).toBe(3_000);
    for (const address of addresses) expect(parseEndpoint(address)?.address).toMatch(/^10\./);
  });

  it.each([{ services: 0 }, { instances: 1.5 }, { churnPerMinute: -1 }, { churnPerMinute: Number.NaN }])(
    'refuses %j',
    (overrides) => {
      expect(() => new FleetPlan({ ...shape, ...overrides })).toThrow(
        expect.objectContaining({ code: 'E_USAGE' }),
      );
    },
  );
});

/** How many passing instances a removal leaves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { floorBreaches } from '../../src/lib/discovery/floor.js';
import { healthStates, instanceKey, type Health, type Instance } from '../../src/lib/model/instance.js';
import { anInstance } from '../support/builders.js';

const some = (...health: readonly Health[]): readonly Instance[] =>
  health.map((state, index) => anInstance({ id: `i-${index}`, health: state }));
const ids =
  (...removed: readonly string[]) =>
  ({ id }: Instance): boolean =>
    removed.includes(id);

describe('the floor', () => {
  it('holds where the last passing one would go', () => {
    expect(floorBreaches(some('passing'), ids('i-0'), 1)).toEqual([
      { service: 'order', passing: 1, left: 0 },
    ]);
  });

  it('counts over the whole plan', () => {
    const three = some('passing', 'passing', 'passing');
    expect(floorBreaches(three, ids('i-0', 'i-1'), 1)).toEqual([]);
    expect(floorBreaches(three, ids('i-0', 'i-1'), 2)).toEqual([{ service: 'order', passing: 3, left: 1 }]);
    expect(floorBreaches(three, ids('i-0', 'i-1', 'i-2'), 1)).toHaveLength(1);
  });

  it.each(healthStates.filter((state) => state !== 'passing'))('a %s one may go', (state) => {
    expect(floorBreaches(some(state), ids('i-0'), 1)).toEqual([]);
    expect(floorBreaches(some('passing', state), ids('i-1'), 5)).toEqual([]);
    // It does not stand in for one that passes either.
    expect(floorBreaches(some('passing', state), ids('i-0'), 1)).toHaveLength(1);
  });

  it('a service below it already may not lose more, and 0 is no floor', () => {
    expect(floorBreaches(some('passing', 'critical'), ids('i-0'), 3)).toHaveLength(1);
    expect(floorBreaches(some('passing'), ids('i-0'), 0)).toEqual([]);
  });

  it('each service counts by itself, also where only the name is the same', () => {
    const at = (root: string, service: string) =>
      anInstance({ service, root, layout: 'kratos', key: `${root}${service}` });
    const present = [at('/a/', 'order'), at('/b/', 'order'), at('/a/', 'pay')];
    const breaches = floorBreaches(present, ({ key }) => key === '/a/order' || key === '/a/pay', 1);
    expect(breaches).toEqual([
      { service: 'order', passing: 1, left: 0 },
      { service: 'pay', passing: 1, left: 0 },
    ]);
  });

  it('is breached exactly where a passing one goes and too few stay', () => {
    const fleet = fc.array(fc.record({ health: fc.constantFrom(...healthStates), isRemoved: fc.boolean() }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(fleet, fc.nat(5), (members, least) => {
        const present = members.map(({ health }, index) => anInstance({ id: `i-${index}`, health }));
        const removed = new Set(present.filter((_, index) => members[index]?.isRemoved).map(instanceKey));
        const passing = members.filter(({ health }) => health === 'passing');
        const left = passing.filter(({ isRemoved }) => !isRemoved).length;
        const isBreached = left < passing.length && left < least;
        const found = floorBreaches(present, (instance) => removed.has(instanceKey(instance)), least);
        expect(found).toEqual(isBreached ? [{ service: 'order', passing: passing.length, left }] : []);
      }),
    );
  });
});

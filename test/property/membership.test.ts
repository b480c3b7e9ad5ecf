import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { instanceKey, type Instance, type Snapshot } from '../../src/lib/model/instance.js';
import { MembershipState, type Change, type Difference } from '../../src/lib/model/membership.js';
import { instances } from './arbitraries.js';

function snapshotOf(all: readonly Instance[]): Snapshot {
  return {
    service: 'order',
    instances: all,
    undecoded: [],
    skipped: [],
    revision: '1',
    takenAtMs: 0,
    partial: false,
  };
}

/** What somebody knows who has seen only the differences. */
function applyTo(known: Map<string, Instance>, difference: Difference): void {
  const key = instanceKey(difference.instance);
  if (difference.type === 'left') {
    expect(known.has(key)).toBe(true);
    known.delete(key);
    return;
  }
  if (difference.type === 'updated') expect(known.get(key)).toEqual(difference.previous);
  else expect(known.has(key)).toBe(false);
  known.set(key, difference.instance);
}

const byKey = (all: Iterable<Instance>): Instance[] =>
  [...all].sort((a, b) => (instanceKey(a) < instanceKey(b) ? -1 : 1));

describe('membership', () => {
  it('differences applied one after the other are the truth', () => {
    fc.assert(
      fc.property(fc.array(instances, { minLength: 1 }), (sets) => {
        const state = new MembershipState();
        const known = new Map<string, Instance>();
        for (const set of sets) {
          for (const difference of state.replace(snapshotOf(set), () => 'deleted'))
            applyTo(known, difference);
          expect(byKey(known.values())).toEqual(byKey(set));
          expect(byKey(state.toSnapshot('order', '1', 0).instances)).toEqual(byKey(set));
        }
      }),
    );
  });

  it('changes applied one by one give the same as the set at the end', () => {
    fc.assert(
      fc.property(instances, instances, (before, after) => {
        const state = new MembershipState();
        state.replace(snapshotOf(before), () => 'deleted');
        const known = new Map(before.map((instance) => [instanceKey(instance), instance]));
        const kept = new Set(after.map(instanceKey));
        const changes: Change[] = [
          ...before
            .filter((instance) => !kept.has(instanceKey(instance)))
            .map((instance): Change => ({ type: 'remove', key: instanceKey(instance), reason: 'deleted' })),
          ...after.map((instance): Change => ({ type: 'put', instance })),
        ];
        for (const change of changes) {
          const difference = state.apply(change);
          if (difference !== null) applyTo(known, difference);
          // Said twice is said once.
          expect(state.apply(change)).toBeNull();
        }
        expect(byKey(known.values())).toEqual(byKey(after));
        expect(state.replace(snapshotOf(after), () => 'deleted')).toEqual([]);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { outsideDeclaredRange } from '../../../src/lib/doctor/rules/sd309-outside-declared-range.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { Examination } from '../../../src/lib/doctor/types.js';
import { at, consulWith, earlier, expiredOnConsul, found, foundAbout, onConsul } from './entry-premises.js';
import { run } from './premises.js';

function declaring(min: number | null, max: number | null): Pick<Examination, 'settings'> {
  const inventory = { order: { min, max, zones: [], isStatic: false } };
  return { settings: { ...defaultSettings, inventory } };
}

const [a, b, c] = ['1', '2', '3'].map((id) => onConsul({ id, ...at(`10.0.0.${id}`) })) as [
  ReturnType<typeof onConsul>,
  ReturnType<typeof onConsul>,
  ReturnType<typeof onConsul>,
];
const ill = onConsul({ id: '4', health: 'critical', ...at('10.0.0.4') });

describe('finds', () => {
  it('fewer healthy instances than declared', () => {
    expect(run(outsideDeclaredRange, consulWith([a, b, ill], declaring(3, 9)))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: null },
        detail: 'order has 2 healthy instances, declared are at least 3 and at most 9',
        evidence: [
          { value: 'at least 3, at most 9' },
          { name: 'states', value: '1 critical, 2 passing' },
          {},
        ],
        identity: ['order', 'min'],
      },
    ]);
  });

  it('more than declared', () => {
    expect(run(outsideDeclaredRange, consulWith([a, b, c], declaring(null, 2)))).toMatchObject([
      { identity: ['order', 'max'] },
    ]);
  });
});

describe('leaves a service alone', () => {
  it('within its range, and at both ends of it', () => {
    expect(run(outsideDeclaredRange, consulWith([a, b], declaring(2, 2)))).toEqual([]);
    expect(run(outsideDeclaredRange, consulWith([a, b], declaring(null, null)))).toEqual([]);
  });

  it('that nobody has declared, or asked for', () => {
    const other = onConsul({ service: 'pay' });
    expect(run(outsideDeclaredRange, consulWith([other], { ...declaring(1, 9), service: 'pay' }))).toEqual(
      [],
    );
    expect(run(outsideDeclaredRange, consulWith([a], { ...declaring(2, 9), service: 'pay' }))).toEqual([]);
  });

  it('with several ids at one address', () => {
    const twin = onConsul({ id: '5', ...at('10.0.0.2') });
    expect(run(outsideDeclaredRange, consulWith([a, b, twin], declaring(1, 2)))).toEqual([]);
  });

  it('whose missing instance another rule has found', () => {
    const gone = expiredOnConsul({ id: '4' });
    const known = { ...declaring(3, 9), ...earlier({ SD304: [foundAbout(gone)] }) };
    expect(run(outsideDeclaredRange, consulWith([a, b, gone], known))).toEqual([]);
    expect(run(outsideDeclaredRange, consulWith([a, gone], known))).toHaveLength(1);
  });

  it('that is down as a whole, or not there at all', () => {
    const down = { ...declaring(2, 9), ...earlier({ SD301: [found({ service: 'order' })] }) };
    expect(run(outsideDeclaredRange, consulWith([ill], down))).toEqual([]);
    expect(run(outsideDeclaredRange, consulWith([], declaring(2, 9)))).toEqual([]);
  });
});

it('needs an inventory, and to see everything', () => {
  expect(run(outsideDeclaredRange, consulWith([a]))).toBe('skip');
  const examination = consulWith([a], declaring(2, 9));
  expect(
    run(outsideDeclaredRange, { ...examination, facts: { ...examination.facts, isFiltered: true } }),
  ).toBe('unknown');
  expect(
    run(outsideDeclaredRange, { ...examination, snapshot: { ...examination.snapshot, partial: true } }),
  ).toBe('unknown');
});

import { expect, it } from 'vitest';
import { partialView } from '../../../src/lib/doctor/rules/sd004-partial-view.js';
import type { Found } from '../../../src/lib/model/finding.js';
import { anExamination, run } from './premises.js';
import { withFacts } from './server-premises.js';

const denied = [
  { call: 'member list', why: 'permission denied: who the members are is not known' },
  { call: 'alarm list', why: 'permission denied: whether an alarm is raised is not known' },
];
const whole = anExamination();
const partial = { ...whole.snapshot, partial: true };
const hiddenLeases = { leases: [], revision: '1', takenAtMs: 0, hidden: ['leases without a key'] };

it('finds everything that is hidden once, with what was refused and why', () => {
  const examination = withFacts({ denied }, { snapshot: partial, leases: hiddenLeases });
  const found = run(partialView, examination);
  expect(found).toMatchObject([
    { severity: 'warning', identity: ['alarm list', 'leases', 'member list', 'services'] },
  ]);
  expect((found as readonly Found[])[0]?.evidence).toEqual([
    { name: 'services', value: 'the list is not complete' },
    { name: 'member list', value: denied[0]?.why },
    { name: 'alarm list', value: denied[1]?.why },
    { name: 'leases', value: 'leases without a key' },
  ]);
});

it.each([
  ['a refused call', withFacts({ denied: denied.slice(0, 1) })],
  ['a list of leases that is not whole', withFacts({}, { leases: hiddenLeases })],
  ['services that are hidden', withFacts({}, { snapshot: partial })],
  ['answers of Consul that were filtered', withFacts({ isFiltered: true }, { backend: 'consul' })],
])('finds %s', (_what, examination) => {
  expect(run(partialView, examination)).toMatchObject([{ severity: 'warning' }]);
});

it('is the same finding in every run of the same user', () => {
  const again = withFacts({ denied: [...denied].reverse() });
  expect(run(partialView, again)).toMatchObject([{ identity: ['alarm list', 'member list'] }]);
});

it('prints what the user has to be allowed: the roots where that is enough, else everything', () => {
  const instances = [{ root: '/microservices/' }, { root: '/microservices/' }, { root: 'order/' }];
  const snapshot = { ...partial, instances: instances as never };
  const grants = (examination: typeof whole): readonly unknown[] =>
    (run(partialView, examination) as readonly Found[])[0]?.fix.commands.map((words) => words.at(-1)) ?? [];
  expect(grants(withFacts({}, { snapshot }))).toEqual(['/microservices/', 'order/']);
  expect(grants(withFacts({}, { snapshot, leases: hiddenLeases }))).toEqual(['']);
  expect(grants(withFacts({ isFiltered: true }, { backend: 'consul' }))).toEqual([
    expect.stringContaining('service_prefix "" { policy = "read" }'),
  ]);
});

it('leaves a whole view alone, and calls that a look at one service does not need', () => {
  expect(run(partialView, whole)).toEqual([]);
  const one = { service: 'order', leases: hiddenLeases };
  expect(run(partialView, withFacts({ denied, isFiltered: true }, one))).toEqual([]);
  expect(run(partialView, withFacts({ denied }, { ...one, snapshot: partial }))).toMatchObject([
    { identity: ['services'] },
  ]);
});

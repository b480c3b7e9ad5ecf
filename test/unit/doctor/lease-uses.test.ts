import { expect, it } from 'vitest';
import { leaseUses } from '../../../src/lib/doctor/lease-uses.js';
import { anInstance } from '../../support/builders.js';
import { bound, checkOf, leased, leaseOf, withLeases } from './lease-premises.js';

const a = leased('a', '1');
const b = leased('b', '1');
const c = leased('c', '2');

it('has each lease once with its instances in order of their keys, whatever order the registry names them in', () => {
  const uses = leaseUses(withLeases([c, b, a], [leaseOf([b, a]), leaseOf([c], { grantedSeconds: 30 })]));
  expect(uses.map(({ lease, first, instances }) => [lease.id, first.id, instances.length])).toEqual([
    ['2', 'c', 1],
    ['1', 'a', 2],
  ]);
  expect(uses.map(({ grantedSeconds }) => grantedSeconds)).toEqual([30, 15]);
});

it('leaves out instances that are not in the snapshot, and leases that keep none that is', () => {
  const uses = leaseUses(withLeases([a], [leaseOf([a, b]), leaseOf([c])]));
  expect(uses.map(({ instances }) => instances.map(({ id }) => id))).toEqual([['a']]);
});

it('knows a lease by the instance alone where its keys are hidden, or the listing was not read', () => {
  const hidden = leaseOf([a], { bindings: [], knowsBindings: false });
  expect(leaseUses(withLeases([a], [hidden]))).toMatchObject([{ grantedSeconds: 15, first: { id: 'a' } }]);
  const known = { ...a, lease: { id: '1', ttlSeconds: 60, leftSeconds: null } };
  expect(leaseUses(withLeases([known], [], { leases: null }))).toMatchObject([{ grantedSeconds: 60 }]);
});

it('finds every TTL check of an instance of Consul, and believes the listing about its TTL', () => {
  const instance = anInstance({
    id: 'o1',
    node: 'n1',
    key: null,
    lease: { id: 'service:o1', ttlSeconds: 30, leftSeconds: null },
  });
  const own = checkOf(instance, { grantedSeconds: 30 });
  const other = checkOf(instance, { id: 'extra', grantedSeconds: null });
  const nameless = {
    ...other,
    id: 'third',
    bindings: bound([instance]).map((one) => ({ ...one, instance: null })),
  };
  const uses = leaseUses(withLeases([instance], [own, other, nameless], { backend: 'consul' }));
  expect(uses.map(({ lease, grantedSeconds }) => [lease.id, grantedSeconds])).toEqual([
    ['service:o1', 30],
    ['extra', null],
    ['third', null],
  ]);
});

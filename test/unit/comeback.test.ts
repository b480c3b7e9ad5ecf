/** Whether an entry that is seen after a removal is the removed one, and how long to look for it. */
import { describe, expect, it } from 'vitest';
import { lookForMs, returnOf } from '../../src/lib/discovery/comeback.js';
import { comesBack, staysGone, type Comeback } from '../../src/lib/layouts/facts.js';
import { instanceKey, type Instance } from '../../src/lib/model/instance.js';
import type { AgentState, RemovalMethod } from '../../src/lib/model/removal.js';
import { anInstance } from '../support/builders.js';

describe('a return', () => {
  const removed = anInstance({ revision: '41' });
  const elsewhere = anInstance({ id: 'order-2', key: '/services/order/order-2', revision: '50' });
  const known = (...instances: readonly Instance[]): ReadonlySet<string> =>
    new Set(instances.map(instanceKey));

  it.each([
    ['the same key, written anew', { ...removed, revision: '50' }, 'same-key'],
    ['the same key with other addresses', { ...removed, revision: '50', endpoints: [] }, 'same-key'],
    ['another key on the same address', elsewhere, 'new-key'],
    ['the entry as it was: a watch that lags behind', removed, null],
    ['another key of another service', { ...elsewhere, service: 'pay' }, null],
    [
      'another key on another address',
      { ...elsewhere, endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 8_081 }] },
      null,
    ],
    ['another key without an address', { ...elsewhere, endpoints: [] }, null],
  ] as const)('%s', (_what, seen, kind) => {
    expect(returnOf(removed, seen, known(removed))).toBe(kind);
  });

  it('another key that was there before is none, whatever becomes of it', () => {
    expect(returnOf(removed, { ...elsewhere, revision: '60' }, known(removed, elsewhere))).toBeNull();
  });

  it('an entry without any address only comes back under its key', () => {
    const bare = { ...removed, endpoints: [] };
    expect(returnOf(bare, { ...elsewhere, endpoints: [] }, known(bare))).toBeNull();
    expect(returnOf(bare, { ...bare, revision: '50' }, known(bare))).toBe('same-key');
  });

  it('the order of its addresses does not matter', () => {
    const two = [...removed.endpoints, { protocol: 'grpc', address: '10.0.0.1', port: 9_090 }];
    const seen = { ...elsewhere, endpoints: two.toReversed() };
    expect(returnOf({ ...removed, endpoints: two }, seen, known(removed))).toBe('new-key');
  });

  it('on Consul an entry of the same id on another node is another one', () => {
    const onNode = (node: string, revision: string): Instance =>
      anInstance({ key: null, node, revision, endpoints: [] });
    expect(returnOf(onNode('a', '1'), onNode('a', '2'), new Set())).toBe('same-key');
    expect(returnOf(onNode('a', '1'), onNode('b', '2'), new Set())).toBeNull();
  });
});

describe('the default look', () => {
  const look = (
    method: RemovalMethod,
    comeback: Comeback | null,
    { agent = 'none', ttlSeconds = 10 }: { agent?: AgentState; ttlSeconds?: number | null } = {},
  ): number => {
    const lease = ttlSeconds === null ? null : { id: 'l', ttlSeconds, leftSeconds: null };
    const plan = { instance: anInstance({ lease }), method, at: null, agent, falls: [], takesMs: 0 };
    return lookForMs(plan, comeback) / 1_000;
  };

  it.each(['delete', 'revoke'] as const)('after a %s is short where nothing is expected', (method) => {
    expect(look(method, staysGone())).toBe(3);
    expect(look(method, null)).toBe(3);
  });

  it.each(['delete', 'revoke'] as const)(
    'after a %s never waits much longer than half a minute',
    (method) => {
      expect(look(method, comesBack(3_600, 'some day'), { ttlSeconds: 7_200 })).toBe(31);
    },
  );

  it('after a delete outlasts the time within which it is back', () => {
    expect(look('delete', comesBack(10, 'soon'))).toBeGreaterThan(10);
    expect(look('delete', comesBack(1, 'at once'))).toBeGreaterThanOrEqual(3);
  });

  it('on Consul outlasts the agent that writes its services back', () => {
    expect(look('catalog', null, { agent: 'alive' })).toBeGreaterThan(120);
    expect(look('catalog', null, { agent: 'dead' })).toBe(3);
    expect(look('catalog', null, { agent: 'none' })).toBe(3);
    expect(look('agent', null)).toBe(20);
    expect(look('replace', null)).toBe(20);
  });
});

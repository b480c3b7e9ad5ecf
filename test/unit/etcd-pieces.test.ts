import { describe, expect, it } from 'vitest';
import { toSdctlError } from '../../src/lib/registry/etcd/explain.js';
import {
  isBefore,
  newLeaseId,
  nextRevision,
  toHexLease,
  toWireLease,
} from '../../src/lib/registry/etcd/ids.js';
import { after, prefixRange, serviceRange } from '../../src/lib/registry/etcd/key-range.js';
import { readFailure } from '../../src/lib/registry/etcd/map-error.js';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import type { Server } from '../../src/lib/registry/etcd/server.js';
import { systemClock } from '../../src/lib/time/clock.js';
import { aConnection, testDeps } from '../support/builders.js';

describe('lease ids', () => {
  it('are exact in both forms, negative ones too', () => {
    expect(toHexLease('255')).toBe('00000000000000ff');
    for (const decimal of ['5', '7587822556486125057', '9223372036854775807', '-5']) {
      const hex = toHexLease(decimal);
      expect(hex).toMatch(/^[0-9a-f]{16}$/);
      expect(toWireLease(hex ?? '')).toBe(decimal);
    }
    expect(toHexLease('0')).toBeNull();
  });

  it('of our own are positive, not zero, and differ', () => {
    const ids = Array.from({ length: 100 }, newLeaseId);
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(BigInt(id) > 0n && BigInt(id) < 2n ** 63n).toBe(true);
  });
});

describe('revisions', () => {
  it('are compared and counted beyond the safe numbers', () => {
    expect(nextRevision('9007199254740993')).toBe('9007199254740994');
    expect(isBefore('9', '10')).toBe(true);
    expect(isBefore('10', '9')).toBe(false);
    expect(isBefore('9007199254740992', '9007199254740993')).toBe(true);
    expect(isBefore('7', '7')).toBe(false);
  });
});

describe('key ranges', () => {
  it('end before the next name', () => {
    const { key, range_end: end } = serviceRange('/services/', 'order');
    const within = (text: string): boolean => {
      const bytes = Buffer.from(text);
      return Buffer.compare(bytes, key) >= 0 && Buffer.compare(bytes, end) < 0;
    };
    expect(within('/services/order/1')).toBe(true);
    expect(within('/services/order/deeper/1')).toBe(true);
    expect(within('/services/order-admin/1')).toBe(false);
    expect(within('/services/orders')).toBe(false);
  });

  it('cover the whole store for an empty prefix', () => {
    expect(prefixRange('')).toEqual({ key: Buffer.from([0]), range_end: Buffer.from([0]) });
    expect(serviceRange('', null)).toEqual(prefixRange(''));
  });

  it('go on right after the last key', () => {
    expect(after(Buffer.from('a'))).toEqual(Buffer.from('a\0'));
  });
});

describe('failures', () => {
  const grpc = (code: number, details: string): Error =>
    Object.assign(new Error(`${code} X: ${details}`), { code, details });

  it.each([
    [3, 'etcdserver: user name is empty', 'E_AUTH'],
    [16, 'etcdserver: invalid auth token', 'E_AUTH'],
    [3, 'etcdserver: revision of auth store is old', 'E_AUTH'],
    [3, 'etcdserver: authentication failed, invalid user ID or password', 'E_AUTH'],
    [7, 'etcdserver: permission denied', 'E_FORBIDDEN'],
    [8, 'etcdserver: mvcc: database space exceeded', 'E_NO_SPACE'],
    [8, 'Received message larger than max (24974831 vs 4194304)', 'E_TOO_LARGE'],
    [3, 'etcdserver: request is too large', 'E_TOO_LARGE'],
    [11, 'etcdserver: mvcc: required revision has been compacted', 'E_COMPACTED'],
    [14, 'etcdserver: no leader', 'E_NO_QUORUM'],
    [14, 'etcdserver: request timed out', 'E_NO_QUORUM'],
    [14, 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1', 'E_UNREACHABLE'],
    [14, 'Name resolution failed for target dns:x', 'E_DNS'],
    [4, 'Deadline exceeded', 'E_TIMEOUT'],
    [2, 'context deadline exceeded', 'E_TIMEOUT'],
    [12, 'unknown service etcdserverpb.KV', 'E_NOT_A_REGISTRY'],
    [2, 'something else', 'E_UNREACHABLE'],
  ])('grpc %i "%s" is %s', (code, details, expected) => {
    expect(readFailure(grpc(code, details)).code).toBe(expected);
  });

  it('name every server with its own cause, the most telling one first', () => {
    const at = (url: string, code: number, details: string) => ({
      server: { url, address: { secure: false } } as unknown as Server,
      failure: readFailure(grpc(code, details)),
    });
    const error = toSdctlError([
      at('http://a:1', 14, 'ECONNREFUSED'),
      at('http://b:2', 14, 'etcdserver: no leader'),
    ]);
    expect(error.code).toBe('E_NO_QUORUM');
    expect(error.why).toBe('http://a:1: connection refused; http://b:2: the cluster has no leader');
    const same = toSdctlError([at('http://a:1', 14, 'ECONNREFUSED'), at('http://b:2', 14, 'ECONNREFUSED')]);
    expect(same.message).toBe('cannot reach etcd at http://a:1, http://b:2');
    expect(same.why).toBe('connection refused');
  });
});

describe('opening', () => {
  const open = (...servers: string[]): unknown =>
    openEtcd(aConnection({ backend: 'etcd', servers }), testDeps());

  it.each([
    [[]],
    [['http://a:1', 'https://b:2']],
    [['unix:///run/etcd.sock']],
    [['http://a:1/path']],
    [['http://user:secret@a:1']],
  ])('refuses %j', (servers) => {
    expect(() => open(...servers)).toThrow(expect.objectContaining({ code: 'E_USAGE', exitCode: 2 }));
    expect(() => open(...servers)).not.toThrow(/secret/);
  });

  it('makes no call and knows loopback from the network', async () => {
    const near = openEtcd(aConnection({ servers: ['127.0.0.1', '[::1]:2379'] }), testDeps());
    const far = openEtcd(aConnection({ servers: ['10.0.0.1'] }), testDeps());
    expect([near.capabilities.remote, far.capabilities.remote]).toEqual([false, true]);
    await near[Symbol.asyncDispose]();
    await far[Symbol.asyncDispose]();
  });

  it('ends a watch that is still trying when it is closed', async () => {
    const handle = openEtcd(aConnection({ servers: ['127.0.0.1:1'] }), testDeps());
    const events = handle.registry.watch('order', {
      signal: new AbortController().signal,
      retryStartMs: Infinity,
    });
    const first = events[Symbol.asyncIterator]().next();
    await systemClock.sleep(200);
    await handle[Symbol.asyncDispose]();
    expect(await first).toEqual({ done: true, value: undefined });
  });
});

import { EventEmitter } from 'node:events';
import type { ILeaseKeepAliveRequest } from 'etcd3/lib/rpc.js';
import { describe, expect, it } from 'vitest';
import { encodeSdctlValue } from '../../src/lib/layouts/etcd/sdctl.js';
import type { Calls } from '../../src/lib/registry/etcd/calls.js';
import { toWireLease } from '../../src/lib/registry/etcd/ids.js';
import { planWrite } from '../../src/lib/registry/etcd/plan-write.js';
import { EtcdRegistrationDriver } from '../../src/lib/registry/etcd/registration.js';
import { anOwner, aSpec, LIVE_PID } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

const plan = planWrite({ prefixes: ['/services/'], layout: 'auto' });
const call = { signal: new AbortController().signal, timeoutMs: 1_000 };
const header = { cluster_id: '1', revision: '5' };

class FakeKeepalive extends EventEmitter {
  readonly sent: ILeaseKeepAliveRequest[] = [];
  cancelled = false;

  write(message: ILeaseKeepAliveRequest): void {
    this.sent.push(message);
  }

  answer(): void {
    this.emit('data', { header, ID: this.sent.at(-1)?.ID, TTL: '10' });
  }

  cancel(): void {
    this.cancelled = true;
  }
}

/** A driver whose etcd does what the given methods say. */
function drive(clock: FakeClock, clients: object): EtcdRegistrationDriver {
  const server = {};
  const calls = {
    run: (limits: object, attempt: (...args: unknown[]) => unknown) => attempt(clients, server, limits),
    avoid: () => undefined,
  } as unknown as Calls;
  const ours = { plan, spec: aSpec(), ttlMs: 10_000, notify: undefined, refreshCredentials: () => undefined };
  return new EtcdRegistrationDriver(calls, clock, ours);
}

describe('a renewal on etcd', () => {
  it('gives up its keepalive when the read beside it fails', async () => {
    const clock = new FakeClock();
    const streams: FakeKeepalive[] = [];
    let reads = 0;
    const driver = drive(clock, {
      kv: {
        range: () =>
          reads++ === 0 ? Promise.reject(new Error('no leader')) : Promise.resolve({ header, kvs: [] }),
      },
      lease: {
        leaseKeepAlive: () => {
          const stream = new FakeKeepalive();
          streams.push(stream);
          return Promise.resolve(stream);
        },
      },
    });
    await expect(driver.renew(call)).rejects.toThrow('no leader');
    expect(streams.map(({ cancelled }) => cancelled)).toEqual([true]);
    const again = driver.renew(call);
    await clock.settle();
    streams[1]?.answer();
    expect(await again).toMatchObject({ state: 'gone', why: 'the key was deleted' });
    await clock.advance(60_000);
    expect(streams.map(({ cancelled }) => cancelled)).toEqual([true, false]);
    await driver.close();
  });
});

describe('an entry of another run', () => {
  it.each([
    { TTL: '3', grantedTTL: '10', leftMs: 3_000, why: 'has that long' },
    { TTL: '0', grantedTTL: '10', leftMs: 1, why: 'has less than a second, in which it may be renewed' },
    { TTL: '-1', grantedTTL: '10', leftMs: 0, why: 'is overdue and cannot be renewed' },
    { TTL: '-1', grantedTTL: '0', leftMs: 0, why: 'hangs on a lease that is gone' },
  ])('with TTL $TTL of $grantedTTL $why', async ({ TTL, grantedTTL, leftMs }) => {
    const spec = aSpec({ owner: anOwner({ pid: LIVE_PID }) });
    const value = Buffer.from(encodeSdctlValue(spec));
    const found = {
      key: Buffer.from('/services/order/order-1'),
      value,
      lease: toWireLease('ff'),
      mod_revision: '4',
    };
    const driver = drive(new FakeClock(), {
      kv: {
        range: () => Promise.resolve({ header, kvs: [], count: '0' }),
        txn: () => Promise.resolve({ succeeded: false, responses: [{ response_range: { kvs: [found] } }] }),
      },
      lease: {
        leaseGrant: () => Promise.resolve({ TTL: '10' }),
        leaseTimeToLive: () => Promise.resolve({ header, TTL, grantedTTL }),
      },
    });
    expect(await driver.claim({ type: 'fresh' }, call)).toMatchObject({
      state: 'occupied',
      occupant: { leftMs },
    });
    await driver.close();
  });
});

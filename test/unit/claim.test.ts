import { describe, expect, it } from 'vitest';
import { claimFirst, type Claimed } from '../../src/lib/registry/claim.js';
import type { ClaimResult } from '../../src/lib/registry/registration-driver.js';
import type { Owner } from '../../src/lib/model/instance.js';
import { anInstance, anOwner, aProbe, DEAD_PID, LIVE_PID, OWN_PID } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { ScriptedDriver } from '../support/scripted-driver.js';

function occupied(owner: Owner | null, leftMs: number | null, leftSeconds: number | null = 0): ClaimResult {
  const instance = anInstance({ owner, lease: { id: 'lease-9', ttlSeconds: 10, leftSeconds } });
  return { state: 'occupied', occupant: { instance, token: 'token', leftMs } };
}

interface Attempt {
  readonly driver: ScriptedDriver;
  readonly clock: FakeClock;
  readonly notices: string[];
  readonly result: Promise<Claimed>;
}

function attempt(answers: readonly ClaimResult[], takeover = false): Attempt {
  const driver = new ScriptedDriver();
  driver.claims.push(...answers);
  const clock = new FakeClock();
  const notices: string[] = [];
  const call = { signal: new AbortController().signal, timeoutMs: 1_000 };
  const deps = { clock, processes: aProbe() };
  const result = claimFirst(driver, deps, { call, takeover, notify: ({ text }) => notices.push(text) });
  result.catch(() => undefined);
  return { driver, clock, notices, result };
}

describe('claimFirst', () => {
  it('writes where nothing is', async () => {
    const { driver, result, notices } = attempt([]);
    expect(await result).toMatchObject({ state: 'claimed', leaseId: 'lease-1', sentMs: 0 });
    expect(driver.calls).toEqual(['claim:fresh']);
    expect(notices).toEqual([]);
  });

  it.each([
    ['a dead process of this host', anOwner({ pid: DEAD_PID }), 8_000, false],
    ['an earlier run under our own pid', anOwner({ pid: OWN_PID }), 8_000, false],
    ['an entry that is not renewed any more', anOwner({ host: 'other' }), 0, false],
    ['anybody, when told to take over', anOwner({ pid: LIVE_PID }), 8_000, true],
    ['a permanent entry, when told to take over', null, null, true],
  ])('replaces at once: %s', async (_what, owner, leftMs, takeover) => {
    const { driver, result, notices } = attempt([occupied(owner, leftMs)], takeover);
    await result;
    expect(driver.calls).toEqual(['claim:fresh', 'claim:replace']);
    expect(notices).toEqual([]);
  });

  it('says who is there, waits out the TTL, then writes', async () => {
    const owner = anOwner({ host: 'other', pid: 7 });
    const { clock, driver, result, notices } = attempt([
      occupied(owner, 3_000),
      occupied(owner, 2_000),
      occupied(owner, 1_000),
    ]);
    await clock.advance(2_999);
    expect(driver.count('claim:fresh')).toBe(3);
    await clock.advance(1);
    await result;
    expect(notices).toEqual([
      'order/order-1 is already registered by other, pid 7, since 2024-05-01T10:00:00.000Z; waiting 5s to see whether it is renewed',
    ]);
  });

  it('ends in E_CONFLICT as soon as the other one renews', async () => {
    const owner = anOwner({ pid: LIVE_PID });
    const { clock, result } = attempt([
      occupied(owner, 5_000),
      occupied(owner, 4_000),
      occupied(owner, 9_900),
    ]);
    await clock.advance(2_000);
    await expect(result).rejects.toMatchObject({ code: 'E_CONFLICT', details: { owner } });
    expect(clock.monotonicMs()).toBe(2_000);
  });

  it('ends in E_CONFLICT when another run has come instead', async () => {
    const { clock, result } = attempt([
      occupied(anOwner({ host: 'other' }), 5_000),
      occupied(anOwner({ host: 'third' }), 4_000),
    ]);
    await clock.advance(1_000);
    await expect(result).rejects.toMatchObject({ code: 'E_CONFLICT' });
  });

  it('does not take a backend that always reports the whole TTL for a renewal', async () => {
    const owner = anOwner({ host: 'other' });
    const whole = occupied(owner, 3_000, null);
    const { clock, result } = attempt([whole, whole, whole, whole]);
    await clock.advance(4_000);
    expect((await result).state).toBe('claimed');
  });

  it('ends in E_CONFLICT after the TTL and 2 s', async () => {
    const owner = anOwner({ host: 'other' });
    const { clock, result } = attempt(Array.from({ length: 20 }, () => occupied(owner, 3_000, null)));
    await clock.advance(5_000);
    await expect(result).rejects.toMatchObject({ code: 'E_CONFLICT' });
    expect(clock.monotonicMs()).toBe(5_000);
  });

  it('does not wait for an entry that never ends', async () => {
    const { result } = attempt([occupied(null, null)]);
    await expect(result).rejects.toMatchObject({ code: 'E_CONFLICT', why: 'it has no lease that could end' });
  });

  it('judges anew when the occupant changes between compare and replace', async () => {
    const dead = occupied(anOwner({ pid: DEAD_PID }), 8_000);
    const { clock, driver, result } = attempt([dead, occupied(anOwner({ pid: LIVE_PID }), 1_000)]);
    await clock.advance(1_000);
    await result;
    expect(driver.calls).toEqual(['claim:fresh', 'claim:replace', 'claim:fresh']);
  });
});

import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import { keepRegistered } from '../../src/lib/registry/keep-registered.js';
import type { RegisterOptions, Registration } from '../../src/lib/registry/types.js';
import { anInstance, anOwner, aProbe } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { ScriptedDriver } from '../support/scripted-driver.js';

const TTL_MS = 9_000;
const away = new SdctlError('E_UNREACHABLE', 'nobody answers');
const refused = new SdctlError('E_FORBIDDEN', 'not allowed');
const signal = new AbortController().signal;

interface Kept {
  readonly clock: FakeClock;
  readonly driver: ScriptedDriver;
  readonly registration: Registration;
  readonly events: RegistrationEvent[];
}

async function keep(
  prepare: (driver: ScriptedDriver, clock: FakeClock) => void,
  options: Partial<RegisterOptions> = {},
): Promise<Kept> {
  const clock = new FakeClock();
  const driver = new ScriptedDriver(TTL_MS);
  prepare(driver, clock);
  const events: RegistrationEvent[] = [];
  const deps = { clock, random: () => 0, processes: aProbe() };
  const pending = keepRegistered(driver, deps, {
    signal,
    ttlMs: TTL_MS,
    onEvent: (event) => events.push(event),
    ...options,
  });
  // A first write that has to wait needs time to pass.
  pending.catch(() => undefined);
  await clock.advance(options.retryStartMs ?? 0);
  return { clock, driver, events, registration: await pending };
}

const types = (events: readonly RegistrationEvent[]): string[] => events.map(({ type }) => type);
const fail = (error: Error, times: number): Error[] => Array.from({ length: times }, () => error);

describe('keepRegistered', () => {
  it('renews at a third of the TTL', async () => {
    const { clock, driver, events, registration } = await keep(() => undefined);
    await clock.advance(9_000);
    expect(driver.count('renew')).toBe(3);
    expect(types(events)).toEqual(['registered', 'renewed', 'renewed', 'renewed']);
    expect(events[1]).toMatchObject({ at: '2024-05-01T10:00:03.000Z', afterLate: false, ttlSeconds: 9 });
    await registration.deregister({ signal });
  });

  it('says late at once, once more at zero, then renewed', async () => {
    const { clock, events, registration, driver } = await keep(({ renewals }) =>
      renewals.push(...fail(away, 20)),
    );
    await clock.advance(3_000);
    expect(events.at(-1)).toMatchObject({ type: 'late', leftSeconds: 6, cause: away });
    await clock.advance(20_000);
    expect(types(events)).toEqual(expect.arrayContaining(['registered', 'late', 'late', 'renewed']));
    const late = events.filter((event) => event.type === 'late');
    expect(late.map(({ leftSeconds }) => leftSeconds)).toEqual([6, 0]);
    expect(Date.parse(late[1]?.at ?? '') - Date.parse('2024-05-01T10:00:09.000Z')).toBeLessThan(50);
    expect(events.find(({ type }) => type === 'renewed')).toMatchObject({ afterLate: true });
    expect(driver.count('claim:fresh')).toBe(1);
    await registration.deregister({ signal });
  });

  it('retries a renewal quickly, at most half a second apart', async () => {
    const { clock, registration } = await keep(({ renewals }) => renewals.push(...fail(away, 8)));
    await clock.advance(3_000);
    clock.sleeps.length = 0;
    await clock.advance(3_000);
    expect(clock.sleeps.slice(0, 6)).toEqual([100, 200, 400, 500, 500, 500]);
    await registration.deregister({ signal });
  });

  it('announces again what was lost', async () => {
    const { clock, events, driver, registration } = await keep((scripted) => {
      scripted.renewals.push({ state: 'gone', why: 'the lease is unknown' });
      scripted.claims.push(scripted.claimed('lease-1'), away, scripted.claimed('lease-2'));
    });
    await clock.advance(3_500);
    expect(types(events)).toEqual(['registered', 'lost', 'late', 'restored']);
    expect(events[1]).toMatchObject({ why: 'the lease is unknown', leaseId: 'lease-1' });
    expect(events[3]).toMatchObject({ leaseId: 'lease-2', previousLeaseId: 'lease-1' });
    expect(driver.count('claim:fresh')).toBe(3);
    await registration.deregister({ signal });
  });

  it('promises no time that a lost entry does not have', async () => {
    const { clock, events, registration } = await keep((scripted) => {
      scripted.renewals.push({ state: 'gone', why: 'the lease is unknown' });
      scripted.claims.push(scripted.claimed(), ...fail(away, 3), () => new Promise(() => undefined));
    });
    await clock.advance(6_000);
    expect(types(events)).toEqual(['registered', 'lost', 'late']);
    expect(events[2]).toMatchObject({ leftSeconds: 0 });
    // The last claim, sent after 3.35 s, may have been carried out although nobody answered.
    expect(registration.remainingMs()).toBe(3_350 + TTL_MS - 6_000);
  });

  it('ends with E_MEMBERSHIP_LOST when lost and told to exit', async () => {
    const { clock, driver, registration } = await keep(
      ({ renewals }) => renewals.push({ state: 'gone', why: 'deleted' }),
      {
        onLost: 'exit',
      },
    );
    await clock.advance(3_000);
    expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST' });
    expect(driver.count('claim:fresh')).toBe(1);
    expect(driver.calls.at(-1)).toBe('close');
  });

  it('ends with E_MEMBERSHIP_LOST at zero when told to exit', async () => {
    const { clock, events, registration } = await keep(({ renewals }) => renewals.push(...fail(away, 100)), {
      onLost: 'exit',
    });
    await clock.advance(8_999);
    expect(types(events)).toEqual(['registered', 'late']);
    await clock.advance(2);
    expect(events.at(-1)).toMatchObject({ type: 'late', leftSeconds: 0 });
    expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST', cause: away });
  });

  it('reads credentials again after a refusal and ends after two TTLs of it', async () => {
    const { clock, driver, events, registration } = await keep(({ renewals }) =>
      renewals.push(...fail(refused, 100)),
    );
    await clock.advance(17_000);
    expect(types(events)).toEqual(['registered', 'late', 'late']);
    expect(driver.count('refresh')).toBeGreaterThanOrEqual(3);
    await clock.advance(6_000);
    expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST', cause: refused });
  });

  it('takes a credential file that is missing for a while as a refusal', async () => {
    const missing = new SdctlError('E_FILE', 'cannot read the file');
    const { clock, driver, events, registration } = await keep(({ renewals }) =>
      renewals.push(refused, missing),
    );
    await clock.advance(10_000);
    expect(types(events)).toEqual(['registered', 'late', 'renewed']);
    expect(driver.count('refresh')).toBe(2);
    await registration.deregister({ signal });
  });

  it('says once that it is refused, also when it was late before', async () => {
    const notices: string[] = [];
    const { clock, registration } = await keep(({ renewals }) => renewals.push(away, ...fail(refused, 100)), {
      notify: ({ level, text }) => notices.push(`${level}: ${text}`),
    });
    await clock.advance(23_000);
    expect(notices).toEqual(['warning: not allowed; trying again']);
    expect(await registration.ended).toMatchObject({ code: 'E_MEMBERSHIP_LOST', cause: refused });
  });

  it('leaves nothing behind where another run has the id', async () => {
    const driver = new ScriptedDriver(TTL_MS);
    const occupant = { instance: anInstance({ owner: anOwner({ pid: 7 }) }), token: 't', leftMs: null };
    driver.claims.push({ state: 'occupied', occupant });
    const deps = { clock: new FakeClock(), random: () => 0, processes: aProbe({ isAlive: () => true }) };
    await expect(keepRegistered(driver, deps, { signal, ttlMs: TTL_MS })).rejects.toMatchObject({
      code: 'E_CONFLICT',
    });
    expect(driver.calls).toEqual(['claim:fresh', 'release', 'close']);
  });

  it('ends with E_TAKEN_OVER and touches nothing any more', async () => {
    const by = anOwner({ host: 'other', pid: 7 });
    const { clock, driver, events, registration } = await keep(({ renewals }) =>
      renewals.push({ state: 'taken', by }),
    );
    await clock.advance(3_000);
    const error = await registration.ended;
    expect(error).toMatchObject({
      code: 'E_TAKEN_OVER',
      message: 'order/order-1 was taken over by other, pid 7',
    });
    await registration[Symbol.asyncDispose]();
    await clock.advance(60_000);
    expect(driver.calls).toEqual(['claim:fresh', 'renew', 'close']);
    expect(types(events)).toEqual(['registered']);
  });

  it('ends with E_TAKEN_OVER when somebody else came while it was lost', async () => {
    const { clock, registration } = await keep((scripted) => {
      scripted.renewals.push({ state: 'gone', why: 'deleted' });
      const occupant = { instance: anInstance({ owner: anOwner({ pid: 7 }) }), token: 't', leftMs: 5_000 };
      scripted.claims.push(scripted.claimed(), { state: 'occupied', occupant });
    });
    await clock.advance(3_000);
    expect(await registration.ended).toMatchObject({ code: 'E_TAKEN_OVER' });
  });

  it('renews at once when the connection breaks', async () => {
    let times = 1;
    const { clock, driver, events, registration } = await keep((scripted) => {
      scripted.disturb = () =>
        times-- > 0 ? Promise.resolve({ type: 'broken', why: 'reset' }) : new Promise(() => undefined);
    });
    await clock.settle();
    expect(driver.count('renew')).toBe(1);
    expect(types(events)).toEqual(['registered', 'late', 'renewed']);
    expect(events[2]).toMatchObject({ afterLate: true });
    await registration.deregister({ signal });
  });

  it('does not spin when it is disturbed again and again', async () => {
    const { clock, driver, registration } = await keep((scripted) => {
      scripted.disturb = () => Promise.resolve({ type: 'broken', why: 'reset' });
    });
    await clock.advance(60_000);
    expect(driver.count('renew')).toBeGreaterThan(55);
    expect(driver.count('renew')).toBeLessThan(70);
    await registration.deregister({ signal });
  });

  it('begins with a short pause again after 5 s of calm', async () => {
    const { clock, driver, registration } = await keep((scripted, fake) => {
      let times = 0;
      scripted.disturb = async () => {
        times += 1;
        if (times === 4) await fake.sleep(5_000);
        return { type: 'changed' };
      };
      scripted.renewals.push(
        ...Array.from({ length: 50 }, () => ({ state: 'renewed', ttlMs: 60_000 }) as const),
      );
    });
    await clock.advance(300);
    expect(driver.count('renew')).toBe(3);
    await clock.advance(5_000);
    expect(driver.count('renew')).toBe(4);
    await registration.deregister({ signal });
  });

  it('renews at its time when the driver cannot tell of disturbances', async () => {
    const { clock, driver, registration } = await keep((scripted) => {
      scripted.disturb = () => Promise.reject(new Error('no stream'));
    });
    await clock.advance(9_000);
    expect(driver.count('renew')).toBe(3);
    await registration.deregister({ signal });
  });

  it('counts the TTL from when the first write was sent', async () => {
    const { registration } = await keep(
      (scripted, clock) => {
        scripted.claims.push(async () => {
          await clock.sleep(2_000);
          return scripted.claimed();
        });
      },
      { retryStartMs: 2_000 },
    );
    expect(registration.remainingMs()).toBe(TTL_MS - 2_000);
    await registration.deregister({ signal });
  });

  it('tries the first write again for as long as asked', async () => {
    const { driver, registration } = await keep(({ claims }) => claims.push(away, away), {
      retryStartMs: 1_000,
    });
    expect(driver.count('claim:fresh')).toBe(3);
    await registration.deregister({ signal });
    await expect(keep(({ claims }) => claims.push(away))).rejects.toBe(away);
  });

  it('refuses a TTL under 2 s before any call', async () => {
    const driver = new ScriptedDriver();
    const deps = { clock: new FakeClock(), random: () => 0, processes: aProbe() };
    await expect(keepRegistered(driver, deps, { signal, ttlMs: 1_999 })).rejects.toMatchObject({
      code: 'E_USAGE',
    });
    expect(driver.calls).toEqual(['close']);
  });

  it('deregisters once, however often it is asked to', async () => {
    const { driver, events, registration } = await keep(() => undefined);
    expect(await registration.deregister({ signal })).toBe('removed');
    expect(await registration.deregister({ signal })).toBe('removed');
    await registration[Symbol.asyncDispose]();
    expect(driver.count('release')).toBe(1);
    expect(types(events)).toEqual(['registered', 'deregistered']);
    expect(await registration.ended).toBeNull();
  });

  it('reports a removal that could not be confirmed, and lets it be tried again', async () => {
    const { driver, registration } = await keep(({ releases }) => releases.push(away));
    await expect(registration.deregister({ signal })).rejects.toBe(away);
    expect(await registration.ended).toBeNull();
    expect(await registration.deregister({ signal })).toBe('removed');
    expect(driver.count('release')).toBe(2);
  });
});

import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { keepRegistered } from '../../src/lib/registry/keep-registered.js';
import { openScope } from '../../src/lib/registry/scope.js';
import { aProbe } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { ScriptedDriver } from '../support/scripted-driver.js';

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('a scope', () => {
  it('follows each of its parents and lets go of the others', () => {
    const parents = [new AbortController(), new AbortController()] as const;
    const scope = openScope(parents[0].signal, parents[1].signal);
    expect(scope.signal.aborted).toBe(false);
    parents[1].abort('why');
    expect(scope.signal.reason).toBe('why');
    expect(listeners(parents[0].signal)).toBe(0);
  });

  it('is over from the start when a parent is', () => {
    const live = new AbortController().signal;
    expect(openScope(live, AbortSignal.abort('early')).signal.reason).toBe('early');
    expect(listeners(live)).toBe(0);
  });

  it('lets go of its parents at its end', () => {
    const parent = new AbortController();
    const scopes = Array.from({ length: 50 }, () => openScope(parent.signal));
    expect(listeners(parent.signal)).toBe(50);
    for (const scope of scopes) scope.end();
    expect(listeners(parent.signal)).toBe(0);
    expect(scopes.every(({ signal }) => signal.aborted)).toBe(true);
  });
});

describe('a registration that is kept for days', () => {
  it('leaves nothing behind at a renewal', async () => {
    const any = vi.spyOn(AbortSignal, 'any');
    const clock = new FakeClock();
    const driver = new ScriptedDriver(2_000);
    const stop = new AbortController();
    const deps = { clock, random: () => 0, processes: aProbe() };
    const kept = await keepRegistered(driver, deps, { signal: stop.signal, ttlMs: 2_000 });
    await clock.advance(10_000);
    const before = listeners(stop.signal);
    await clock.advance(60_000);
    expect(driver.count('renew')).toBeGreaterThan(100);
    expect(listeners(stop.signal)).toBe(before);
    // Every one made with a long-lived signal keeps memory until that signal is gone.
    expect(any).not.toHaveBeenCalled();
    await kept.deregister({ signal: stop.signal });
    expect(listeners(stop.signal)).toBe(0);
  });
});

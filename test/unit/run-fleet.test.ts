import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FleetPlan } from '../../src/lib/demo/fleet-plan.js';
import { runFleet, startFleet } from '../../src/lib/demo/run-fleet.js';
import { LocalRegistry } from '../../src/lib/registry/local/local-registry.js';
import { MemoryStore } from '../../src/lib/registry/local/memory-store.js';
import { openLocal } from '../../src/lib/registry/local/open-local.js';
import { isExpired } from '../../src/lib/registry/local/store.js';
import { systemClock } from '../../src/lib/time/clock.js';
import {
  aConnection,
  anOwner,
  aProbe,
  aSpec,
  DEAD_PID,
  LIVE_PID,
  TEST_HOST,
  testDeps,
} from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';
import { FakeClock } from '../support/fake-clock.js';

const signal = new AbortController().signal;

/** What somebody sees who watches a fleet for some minutes. */
async function show(seed: string, minutes: number): Promise<string[]> {
  const clock = new FakeClock();
  const store = new MemoryStore(clock);
  const plan = new FleetPlan({ seed, services: 5, instances: 20, churnPerMinute: 6 });
  const fleet = await startFleet(
    store,
    plan,
    { clock, processes: aProbe() },
    { ttlMs: 10_000, signal, unlock: () => undefined },
  );
  const registry = new LocalRegistry(store, testDeps({ clock }), 'auto');
  const watching = new Watching(registry, null);
  await clock.advance(minutes * 60_000);
  const lines = watching.all.map((event) => {
    if (event.type === 'synced')
      return `${event.at} synced ${event.snapshot.instances.map(({ id }) => id).join(' ')}`;
    if (event.type === 'stale') return 'stale';
    const what = event.type === 'left' ? event.reason : event.instance.health;
    return `${event.at} ${event.type} ${event.instance.id} ${what}`;
  });
  await watching.stop();
  const stopping = fleet[Symbol.asyncDispose]();
  await clock.settle();
  await stopping;
  expect((await registry.listAll({ signal })).instances).toEqual([]);
  return lines;
}

describe('a simulated fleet', () => {
  it('plays the same for the same seed', async () => {
    const lines = await show('demo', 10);
    expect(await show('demo', 10)).toEqual(lines);
    expect(await show('another', 1)).not.toEqual(await show('demo', 1));
    expect(lines[0]).toMatch(/synced(?: \S+){20}$/);
    for (const kind of ['joined', 'updated', 'left'])
      expect(lines.some((line) => line.includes(` ${kind} `))).toBe(true);
    expect(lines.some((line) => line.endsWith(' expired'))).toBe(true);
    expect(lines.some((line) => line.endsWith(' deleted'))).toBe(true);
    // About six changes a minute.
    expect(lines.length).toBeGreaterThan(40);
    expect(lines.length).toBeLessThan(90);
  });
});

describe('runFleet', () => {
  let parent: string;
  let directory: string;
  const deps = { clock: systemClock, processes: aProbe() };

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'sdctl-fleet-'));
    directory = join(parent, 'registry');
  });

  afterEach(() => {
    rmSync(parent, { recursive: true, force: true });
  });

  it('announces all before it resolves, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const fleet = await runFleet({ directory, seed: 'demo', signal: stop.signal }, deps);
    await using handle = openLocal(aConnection({ directory }), testDeps());
    const { instances, undecoded } = await handle.operations.listAll({ signal });
    expect(instances).toHaveLength(20);
    expect(undecoded).toEqual([]);
    expect(instances.map(({ health }) => health)).toContain('passing');
    stop.abort();
    expect(await fleet.ended).toBeNull();
    expect((await handle.operations.listAll({ signal })).instances).toEqual([]);
    expect(existsSync(join(directory, 'dev.lock'))).toBe(false);
  });

  it('refuses a directory in which a fleet runs, and not afterwards', async () => {
    const options = { directory, seed: 'demo', signal };
    const first = await runFleet(options, deps);
    await expect(runFleet(options, deps)).rejects.toMatchObject({ code: 'E_CONFLICT', exitCode: 6 });
    await first[Symbol.asyncDispose]();
    const second = await runFleet(options, deps);
    await second[Symbol.asyncDispose]();
  });

  it.each([
    ['a process that has ended', { host: TEST_HOST, pid: DEAD_PID, started: 'x' }, true],
    ['an earlier process with our pid', { host: TEST_HOST, pid: deps.processes.pid, started: 'x' }, true],
    ['half a file', '{"host":', true],
    ['a process that runs', { host: TEST_HOST, pid: LIVE_PID, started: 'x' }, false],
    ['a process of another host', { host: 'other', pid: DEAD_PID, started: 'x' }, false],
  ])('and the lock of %s', async (_who, lock, isFree) => {
    const earlier = await runFleet({ directory, seed: 'demo', signal }, deps);
    await earlier[Symbol.asyncDispose]();
    writeFileSync(join(directory, 'dev.lock'), typeof lock === 'string' ? lock : JSON.stringify(lock));
    const attempt = runFleet({ directory, seed: 'demo', signal }, deps);
    if (isFree) await (await attempt)[Symbol.asyncDispose]();
    else await expect(attempt).rejects.toMatchObject({ code: 'E_CONFLICT' });
  });

  it('never touches an instance of somebody else, even under the name of one of its own', async () => {
    await using handle = openLocal(aConnection({ directory }), testDeps());
    const taken = new FleetPlan({ seed: 'demo', services: 5, instances: 20, churnPerMinute: 0 }).members[0]
      ?.spec;
    const spec = aSpec({ ...taken, version: 'real', owner: anOwner({ pid: LIVE_PID }) });
    const log = new EventLog();
    await handle.registry.register(spec, { signal, ttlMs: 2_000, onEvent: log.push });
    const fleet = await runFleet({ directory, seed: 'demo', churnPerMinute: 0, ttlMs: 2_000, signal }, deps);
    await log.until('renewed', 3_000, () => true, 2);
    await fleet[Symbol.asyncDispose]();
    const { instances } = await handle.operations.listAll({ signal });
    expect(instances.map(({ id, version }) => [id, version])).toEqual([[spec.id, 'real']]);
    expect(log.types).not.toContain('lost');
  });

  it('announces again what somebody removed', async () => {
    await using handle = openLocal(aConnection({ directory }), testDeps());
    const fleet = await runFleet({ directory, seed: 'demo', churnPerMinute: 0, ttlMs: 2_000, signal }, deps);
    await using watching = new Watching(handle.registry, null);
    await watching.until('synced', 2_000);
    rmSync(directory, { recursive: true });
    const left = await watching.until('left', 3_000);
    expect(left.reason).toBe('deleted');
    await watching.until('joined', 3_000);
    await expect
      .poll(async () => (await handle.operations.listAll({ signal })).instances.length, { timeout: 3_000 })
      .toBe(20);
    await fleet[Symbol.asyncDispose]();
  });

  it('clears away what has ended, though nobody asks for a list', async () => {
    const clock = new FakeClock();
    const store = new MemoryStore(clock);
    const plan = new FleetPlan({ seed: 'demo', services: 3, instances: 12, churnPerMinute: 60 });
    const options = { ttlMs: 10_000, signal, unlock: () => undefined };
    const fleet = await startFleet(store, plan, { clock, processes: aProbe() }, options);
    await clock.advance(30 * 60_000);
    const { stored } = await store.readAll(null, { signal, timeoutMs: 1_000 });
    const nowMs = clock.nowMs();
    const ended = stored.filter((one) => one.state === 'entry' && isExpired(one, nowMs));
    // What fell silent within the last two TTLs may still be there.
    expect(ended.length).toBeLessThan(12);
    expect(stored.length).toBeLessThan(30);
    const stopping = fleet[Symbol.asyncDispose]();
    await clock.settle();
    await stopping;
    expect((await store.readAll(null, { signal, timeoutMs: 1_000 })).stored).toEqual([]);
  });

  it('says what is wrong with the directory', async () => {
    writeFileSync(join(parent, 'file'), '');
    const attempt = runFleet({ directory: join(parent, 'file', 'registry'), seed: 'demo', signal }, deps);
    await expect(attempt).rejects.toMatchObject({ code: 'E_FILE' });
  });
});

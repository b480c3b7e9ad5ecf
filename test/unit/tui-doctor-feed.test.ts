/** When the doctor looks at what the view knows, and what it is told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { abortedError, SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { DoctorMirror, LeaseReading, MirrorReport } from '../../src/lib/tui/doctor/mirror.js';
import { DoctorFeed } from '../../src/lib/tui/feed/doctor-feed.js';
import { Book } from '../../src/lib/tui/model/book.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';
import { aFindingRow } from '../support/tui-models.js';

const one = anInstance({ id: 'one' });
const two = anInstance({ id: 'two', lease: null });
const keyOf = (instance: Instance): string => instance.key ?? '';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function scene({ isLoaded = true } = {}) {
  const clock = new FakeClock();
  const end = new AbortController();
  const book = new Book(100);
  const told: string[] = [];
  const runs: number[] = [];
  const mirrors: { closed: boolean; fail: (error: SdctlError) => void }[] = [];
  const world = {
    isLive: true,
    takesMs: 0,
    failure: null as Error | null,
    openFailure: null as Error | null,
    readings: [] as readonly LeaseReading[],
    states: [] as string[],
  };
  const ids = (instances: readonly Instance[]): string => instances.map(({ id }) => id).join(' ');
  const open = (fail: (error: SdctlError) => void): Promise<DoctorMirror> => {
    if (world.openFailure !== null) return Promise.reject(world.openFailure);
    const mirror = { closed: false, fail };
    mirrors.push(mirror);
    const closing = new AbortController();
    let readings: Iterable<LeaseReading> = [];
    return Promise.resolve({
      set: (instances, { undecoded }) => told.push(`set ${ids(instances)} (${undecoded.length})`),
      put: (instances) => {
        if (instances.length > 0) told.push(`put ${ids(instances)}`);
      },
      remove: (keys) => {
        if (keys.length > 0) told.push(`remove ${keys.join(' ')}`);
      },
      leases: (given) => {
        readings = given;
      },
      run: async (): Promise<MirrorReport> => {
        runs.push(clock.monotonicMs());
        world.readings = [...readings];
        await clock.sleep(world.takesMs, closing.signal);
        if (closing.signal.aborted) throw abortedError();
        if (world.failure !== null) throw world.failure;
        const { finding } = aFindingRow('SD101', 'warning', { service: 'order' }, '');
        return { findings: [finding], outcomes: [], takenAtMs: clock.nowMs(), tookMs: 1 };
      },
      close: () => {
        mirror.closed = true;
        closing.abort();
        return Promise.resolve();
      },
    } satisfies DoctorMirror);
  };
  const feed: DoctorFeed = new DoctorFeed({
    book,
    clock,
    signal: end.signal,
    open,
    isLive: () => world.isLive,
    onChange: () => world.states.push(feed.view.state),
  });
  book.onChange = ({ kind, key }) => {
    if (kind === 'instance') feed.touch(key);
    if (kind === 'all' || kind === 'unread') feed.touchAll();
  };
  const moment = () => ({ wallMs: clock.nowMs(), monotonicMs: clock.monotonicMs() });
  const common = { at: '', revision: '2', resync: false };
  const load = (): void => {
    const snapshot = {
      service: null,
      instances: [one],
      undecoded: [],
      skipped: [],
      revision: '1',
      takenAtMs: 0,
      partial: false,
    };
    book.apply({ type: 'synced', at: '', revision: '1', snapshot }, moment());
  };
  const join = (instance: Instance): void => {
    book.apply({ type: 'joined', ...common, instance }, moment());
  };
  const leave = (instance: Instance): void => {
    book.apply({ type: 'left', ...common, instance, reason: 'deleted' }, moment());
  };
  if (isLoaded) load();
  const run = feed.run();
  ends.push(async () => {
    end.abort();
    await run;
  });
  return { clock, end, book, feed, run, told, runs, mirrors, world, load, join, leave, moment };
}

describe('DoctorFeed', () => {
  it('looks for the first time once the screen stands', async () => {
    const { clock, feed, told, runs, world } = scene();
    expect(feed.view).toMatchObject({ state: 'never', ranAtMs: null, findings: [] });
    await clock.advance(499);
    expect(runs).toEqual([]);
    await clock.advance(1);
    expect(runs).toEqual([500]);
    expect(told).toEqual(['set one (0)']);
    expect(world.states).toEqual(['running', 'done']);
    expect(feed.view).toMatchObject({ state: 'done', ranAtMs: clock.nowMs(), problem: null });
    expect(feed.view.findings.map(({ key, finding }) => [key, finding.rule.id])).toEqual([
      ['SD101-order', 'SD101'],
    ]);
  });

  it('waits until something is known, and until the connection is there', async () => {
    const { clock, runs, world, load } = scene({ isLoaded: false });
    await clock.advance(5_000);
    expect(runs).toEqual([]);
    world.isLive = false;
    load();
    await clock.advance(5_000);
    expect(runs).toEqual([]);
    world.isLive = true;
    await clock.advance(500);
    expect(runs).toHaveLength(1);
  });

  it('looks again at most every thirty seconds, and not at all where nothing has changed', async () => {
    const { clock, runs, told, join } = scene();
    await clock.advance(120_000);
    expect(runs).toEqual([500]);
    join(two);
    await clock.advance(1_000);
    expect(runs).toHaveLength(2);
    join({ ...two, version: '2' });
    await clock.advance(29_000);
    expect(runs).toHaveLength(2);
    await clock.advance(1_250);
    expect(runs).toHaveLength(3);
    expect(told).toEqual(['set one (0)', 'set one two (0)', 'put two']);
  });

  it('keeps no thread while nothing changes, and one as long as something does', async () => {
    const { clock, told, mirrors, feed, join } = scene();
    await clock.advance(10_000);
    join(two);
    await clock.advance(30_000);
    expect(mirrors.map(({ closed }) => closed)).toEqual([false]);
    await clock.advance(32_000);
    expect(mirrors.map(({ closed }) => closed)).toEqual([true]);
    expect(feed.view.state).toBe('done');
    feed.ask();
    await clock.advance(250);
    expect(mirrors.map(({ closed }) => closed)).toEqual([true, false]);
    expect(told).toEqual(['set one (0)', 'put two', 'set one two (0)']);
  });

  it('looks at once when it is asked to, also while the connection is lost', async () => {
    const { clock, feed, runs, world } = scene();
    await clock.advance(1_000);
    world.isLive = false;
    feed.ask();
    await clock.advance(250);
    expect(runs).toHaveLength(2);
    await clock.advance(60_000);
    expect(runs).toHaveLength(2);
  });

  it('is told only of what has changed, and of each change once', async () => {
    const { clock, feed, told, join, leave, book, moment } = scene();
    await clock.advance(1_000);
    join(two);
    leave(one);
    feed.ask();
    await clock.advance(250);
    expect(told.slice(1)).toEqual(['put two', `remove ${keyOf(one)}`]);
    await clock.advance(10_000);
    book.tick(moment());
    join(one);
    feed.ask();
    await clock.advance(250);
    expect(told.slice(3)).toEqual(['put one']);
    feed.ask();
    await clock.advance(250);
    expect(told).toHaveLength(4);
  });

  it('does not lose what changes while it looks', async () => {
    const { clock, feed, told, world, join } = scene();
    world.takesMs = 5_000;
    await clock.advance(1_000);
    expect(feed.view.state).toBe('running');
    join(two);
    await clock.advance(5_000);
    feed.ask();
    await clock.advance(250);
    expect(told).toEqual(['set one (0)', 'put two']);
  });

  it('is told everything anew when something cannot be read any more', async () => {
    const { clock, book, feed, told } = scene();
    await clock.advance(1_000);
    const entry = {
      key: '/x',
      isBinaryKey: false,
      service: null,
      reason: 'no JSON',
      sizeBytes: 1,
      sha256: 'ab',
      leaseId: null,
    };
    book.noteUnread('/x', entry);
    feed.ask();
    await clock.advance(250);
    expect(told).toEqual(['set one (0)', 'set one (1)']);
  });

  it('has a reading of every lease, also of those that were not asked', async () => {
    const { clock, book, feed, world, join, moment } = scene();
    join(anInstance({ id: 'three', lease: { id: 'lease-3', ttlSeconds: null, leftSeconds: null } }));
    book.readTtl({ id: 'lease-1', grantedSeconds: 30, leftSeconds: 0, isOverdue: true }, moment());
    await clock.advance(2_000);
    expect(world.readings).toEqual([
      { id: 'lease-1', grantedSeconds: 30, leftSeconds: 0, isOverdue: true, overdueSeconds: 0.5 },
      { id: 'lease-3', grantedSeconds: null, leftSeconds: null, isOverdue: false },
    ]);
    feed.ask();
    await clock.advance(250);
    expect(world.readings[0]?.overdueSeconds).toBeGreaterThanOrEqual(2);
  });

  it('keeps what it found when a run breaks, says why, and begins with everything anew', async () => {
    const { clock, feed, told, mirrors, world } = scene();
    await clock.advance(1_000);
    world.failure = new SdctlError('E_FAILED', 'the doctor broke');
    feed.ask();
    await clock.advance(250);
    expect(feed.view).toMatchObject({ state: 'failed', problem: 'the doctor broke' });
    expect(feed.view.findings).toHaveLength(1);
    expect(mirrors[0]?.closed).toBe(true);
    world.failure = null;
    await clock.advance(30_000);
    expect(mirrors).toHaveLength(2);
    expect(told).toEqual(['set one (0)', 'set one (0)']);
    expect(feed.view).toMatchObject({ state: 'done', problem: null });
  });

  it('says so when the doctor cannot be had at all', async () => {
    const { clock, feed, world } = scene();
    world.openFailure = new SdctlError('E_FAILED', 'no thread');
    await clock.advance(1_000);
    expect(feed.view).toMatchObject({ state: 'failed', problem: 'no thread', ranAtMs: null });
  });

  it('opens another doctor when the first one has ended', async () => {
    const { clock, feed, told, mirrors } = scene();
    await clock.advance(1_000);
    mirrors[0]?.fail(new SdctlError('E_FAILED', 'ended'));
    feed.ask();
    await clock.advance(250);
    expect(mirrors).toHaveLength(2);
    expect(told).toEqual(['set one (0)', 'set one (0)']);
  });

  it('waits for no run at the end', async () => {
    const { clock, end, run, feed, mirrors, world } = scene();
    world.takesMs = 600_000;
    await clock.advance(1_000);
    expect(feed.view.state).toBe('running');
    end.abort();
    await run;
    expect(mirrors.map(({ closed }) => closed)).toEqual([true]);
  });

  it('closes the doctor at the end', async () => {
    const { clock, end, run, mirrors, runs } = scene();
    await clock.advance(1_000);
    end.abort();
    await run;
    expect(mirrors.map(({ closed }) => closed)).toEqual([true]);
    await clock.advance(60_000);
    expect(runs).toHaveLength(1);
    expect(clock.isIdle).toBe(true);
  });
});

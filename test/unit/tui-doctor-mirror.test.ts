/** The way between the view and its doctor: what is sent when, and what becomes of a mirror that ends. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { defaultSettings } from '../../src/lib/doctor/settings.js';
import type { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { ChannelEvents } from '../../src/lib/tui/doctor/channel.js';
import { openDoctorMirror, type Beside, type DoctorMirror } from '../../src/lib/tui/doctor/mirror.js';
import type { Order } from '../../src/lib/tui/doctor/protocol.js';
import { serveMirror } from '../../src/lib/tui/doctor/serve.js';
import { anInstance } from '../support/builders.js';
import { FakeClock } from '../support/fake-clock.js';

const nothing: Beside = { undecoded: [], skipped: [], partial: false };

/** Instances that SD203 finds: they announce an address that nobody else can reach. */
function many(count: number): Instance[] {
  return Array.from({ length: count }, (_, index) =>
    anInstance({
      service: `s-${index % 10}`,
      id: `i-${index}`,
      endpoints: [{ protocol: 'http', address: '0.0.0.0', port: 8_000 + index }],
    }),
  );
}

interface Opened {
  readonly mirror: DoctorMirror;
  /** What was sent, one list for each turn. */
  readonly turns: Order[][];
  readonly errors: SdctlError[];
  readonly clock: FakeClock;
  readonly opened: () => number;
  readonly closed: () => number;
  /** The thread ends by itself. */
  readonly die: (why: unknown) => void;
}

interface Faults {
  readonly cannotOpen?: Error;
  /** Takes everything, and answers nothing. */
  readonly isMute?: boolean;
  /** Time that each piece takes to be sent. */
  readonly sendMs?: number;
}

function open({ cannotOpen, isMute = false, sendMs = 0 }: Faults = {}): Opened {
  const clock = new FakeClock();
  let elapsedMs = 0;
  const turns: Order[][] = [[]];
  const errors: SdctlError[] = [];
  const count = { opened: 0, closed: 0 };
  let events: ChannelEvents | null = null;
  const mirror = openDoctorMirror({
    workerFile: '/nowhere/worker.js',
    backend: 'etcd',
    context: 'prod-eu',
    service: null,
    settings: defaultSettings,
    identity: 'here',
    clock: {
      nowMs: () => clock.nowMs(),
      monotonicMs: () => elapsedMs,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    },
    yieldTurn: async () => {
      await setImmediate();
      turns.push([]);
    },
    onError: (error) => errors.push(error),
    open: async (setup, heard) => {
      count.opened += 1;
      if (cannotOpen !== undefined) throw cannotOpen;
      events = heard;
      // Copies, as a thread would get.
      const serve = serveMirror(
        structuredClone(setup),
        (answer) => {
          if (!isMute) void setImmediate().then(() => heard.onAnswer(structuredClone(answer)));
        },
        () => 0,
      );
      return Promise.resolve({
        send: (order) => {
          elapsedMs += sendMs;
          turns.at(-1)?.push(order);
          serve(structuredClone(order));
        },
        close: async () => {
          count.closed += 1;
          return Promise.resolve();
        },
      });
    },
  });
  return {
    mirror,
    turns,
    errors,
    clock,
    opened: () => count.opened,
    closed: () => count.closed,
    die: (why) => events?.onEnd(why),
  };
}

const sizes = (turn: readonly Order[]): number =>
  turn.reduce((sum, order) => sum + ('items' in order ? order.items.length : 0), 0);

async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await setImmediate();
}

describe('openDoctorMirror', () => {
  it('starts nothing before it is told something, and sends nothing in the turn of the caller', async () => {
    const { mirror, turns, opened } = open();
    await settle();
    expect(opened()).toBe(0);
    mirror.set(many(10), nothing);
    expect(opened()).toBe(0);
    expect(turns.flat()).toEqual([]);
    await settle();
    expect(opened()).toBe(1);
    expect(sizes(turns.flat())).toBe(10);
  });

  it('sends at most 250 instances in a turn, and fewer where they take long', async () => {
    const quick = open();
    quick.mirror.set(many(1_000), nothing);
    await settle();
    expect(sizes(quick.turns.flat())).toBe(1_000);
    expect(Math.max(...quick.turns.map(sizes))).toBeLessThanOrEqual(250);
    const slow = open({ sendMs: 2 });
    slow.mirror.set(many(1_000), nothing);
    await settle();
    expect(sizes(slow.turns.flat())).toBe(1_000);
    expect(Math.max(...slow.turns.map(sizes))).toBeLessThanOrEqual(100);
  });

  it('puts changes of one turn together, in their order', async () => {
    const { mirror, turns } = open();
    const [a, b, c] = many(3) as [Instance, Instance, Instance];
    mirror.put([a]);
    mirror.put([b]);
    mirror.remove([a.key ?? '']);
    mirror.put([c]);
    await settle();
    expect(turns.flat()).toEqual([
      { type: 'put', items: [a, b] },
      { type: 'remove', items: [a.key] },
      { type: 'put', items: [c] },
    ]);
  });

  it('a later set replaces what was not sent yet, and a run that waits is about the later one', async () => {
    const { mirror, turns } = open();
    mirror.set(many(2_000), nothing);
    await setImmediate();
    const running = mirror.run();
    mirror.set(many(3), nothing);
    const { findings } = await running;
    expect(new Set(findings.map(({ subject }) => subject.instance))).toEqual(new Set(['i-0', 'i-1', 'i-2']));
    expect(sizes(turns.flat())).toBeLessThan(1_000);
  });

  it('answers all findings however many, with the moment of the run', async () => {
    const { mirror, turns, clock } = open();
    mirror.set(many(730), nothing);
    const { findings, outcomes, takenAtMs } = await mirror.run();
    expect(findings.filter(({ rule }) => rule.id === 'SD203')).toHaveLength(730);
    expect(outcomes.find(({ rule }) => rule.id === 'SD203')?.status).toBe('fail');
    expect(takenAtMs).toBe(clock.nowMs());
    expect(turns.flat().filter(({ type }) => type === 'more').length).toBeGreaterThan(6);
  });

  it('runs once at a time, and once more for all calls meanwhile', async () => {
    const { mirror, turns } = open();
    mirror.set(many(1), nothing);
    const first = mirror.run();
    const second = mirror.run();
    const third = mirror.run();
    expect(third).toBe(second);
    mirror.remove(many(1).map(({ key }) => key ?? ''));
    await Promise.all([first, second]);
    expect((await second).findings).toEqual([]);
    expect(turns.flat().filter(({ type }) => type === 'run')).toHaveLength(2);
    await mirror.run();
    expect(turns.flat().filter(({ type }) => type === 'run')).toHaveLength(3);
  });

  it('goes through the readings anew at each run, and not before', async () => {
    const { mirror, turns } = open();
    let looks = 0;
    const readings = {
      *[Symbol.iterator]() {
        looks += 1;
        for (let id = 0; id < 120; id += 1)
          yield { id: `l-${id}`, grantedSeconds: 10, leftSeconds: 9, isOverdue: false };
      },
    };
    mirror.leases(readings);
    await settle();
    expect(looks).toBe(0);
    await mirror.run();
    await mirror.run();
    expect(looks).toBe(2);
    const parts = turns.flat().filter((order) => order.type === 'leases');
    expect(parts.map(({ items, isFirst }) => [items.length, isFirst])).toEqual([
      [50, true],
      [50, false],
      [20, false],
      [50, true],
      [50, false],
      [20, false],
    ]);
  });

  it('a thread that ends is said once; runs reject, and nothing more is sent', async () => {
    const { mirror, errors, turns, closed, die } = open({ isMute: true });
    mirror.put(many(1));
    const running = mirror.run();
    const waiting = mirror.run();
    await settle();
    die(new Error('out of memory'));
    die(new Error('its thread ended with 1'));
    for (const run of [running, waiting, mirror.run()])
      await expect(run).rejects.toMatchObject({ code: 'E_FAILED', why: 'out of memory' });
    expect(errors).toHaveLength(1);
    expect(closed()).toBe(1);
    const sent = turns.flat().length;
    mirror.put(many(2));
    await settle();
    expect(turns.flat()).toHaveLength(sent);
  });

  it('a thread that cannot start is said as well', async () => {
    const { mirror, errors, opened } = open({ cannotOpen: new Error('no such file') });
    mirror.set(many(1), nothing);
    await expect(mirror.run()).rejects.toMatchObject({ code: 'E_FAILED', why: 'no such file' });
    expect(errors).toHaveLength(1);
    mirror.set(many(1), nothing);
    await settle();
    expect(opened()).toBe(1);
  });

  it('closing ends what runs, and is no failure', async () => {
    const { mirror, errors, closed, die } = open({ isMute: true });
    const running = mirror.run();
    const rejected = expect(running).rejects.toMatchObject({ code: 'E_ABORTED' });
    await settle();
    await mirror.close();
    die(new Error('its thread ended with 1'));
    await rejected;
    await expect(mirror.run()).rejects.toMatchObject({ code: 'E_ABORTED' });
    expect(errors).toEqual([]);
    expect(closed()).toBe(1);
  });
});

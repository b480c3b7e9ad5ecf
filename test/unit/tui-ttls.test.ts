/** Time that leases have left, minutes in which something happened, and the log of events. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Lease } from '../../src/lib/registry/types.js';
import { CHURN_MINUTES, Churn } from '../../src/lib/tui/model/churn.js';
import { EventLog } from '../../src/lib/tui/model/event-log.js';
import { Ttls } from '../../src/lib/tui/model/ttls.js';
import { anInstance } from '../support/builders.js';

const START_MS = Date.parse('2024-05-01T10:00:00Z');
const aLease = (leftSeconds: number | null, overrides: Partial<Lease> = {}): Lease => ({
  id: 'L',
  grantedSeconds: 30,
  leftSeconds,
  isOverdue: false,
  ...overrides,
});

/** Answers of one lease: milliseconds, seconds left. */
function read(...answers: readonly (readonly [number, number | null, Partial<Lease>?])[]): Ttls {
  const ttls = new Ttls();
  for (const [ms, leftSeconds, overrides] of answers)
    ttls.read(aLease(leftSeconds, overrides), ms, START_MS + ms);
  return ttls;
}
const leftAt = (ttls: Ttls, ms: number): number | null => ttls.view('L', ms).leftSeconds;

describe('time left', () => {
  it('is not known before it was asked', () => {
    const ttls = read();
    expect(ttls.view('L', 0)).toEqual({
      leaseId: 'L',
      grantedSeconds: null,
      leftSeconds: null,
      askedAtMs: null,
    });
    expect([ttls.get('L'), ttls.askedAtMs('L'), ttls.isRenewed('L'), ttls.overdueSeconds('L', 0)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(ttls.renewals('L')).toEqual([]);
  });

  it('goes down between two answers, and not below nothing', () => {
    const ttls = read([1_000, 20]);
    expect(ttls.view('L', 1_000)).toEqual({
      leaseId: 'L',
      grantedSeconds: 30,
      leftSeconds: 20,
      askedAtMs: 1_000,
    });
    expect(leftAt(ttls, 6_000)).toBe(15);
    expect(leftAt(read([0, 2]), 5_000)).toBe(0);
    // An answer that is newer than the picture.
    expect(leftAt(ttls, 0)).toBe(20);
  });

  it('does not follow from an old answer', () => {
    const ttls = read([0, 20]);
    expect(ttls.view('L', 60_000)).toEqual({
      leaseId: 'L',
      grantedSeconds: 30,
      leftSeconds: null,
      askedAtMs: null,
    });
    expect([ttls.askedAtMs('L'), ttls.get('L')?.leftSeconds]).toEqual([0, 20]);
  });

  it('stays unknown where the registry does not tell', () => {
    expect(leftAt(read([0, null]), 5_000)).toBeNull();
  });

  it('stands still while nobody answers, and goes on with all that went by', () => {
    const ttls = read([0, 20]);
    ttls.freeze(5_000);
    expect(leftAt(ttls, 5_000)).toBe(15);
    expect(leftAt(ttls, 60_000)).toBe(15);
    ttls.freeze(null);
    expect(leftAt(ttls, 8_000)).toBe(12);
  });

  it('is forgotten', () => {
    const ttls = read([0, 20]);
    ttls.forget('L');
    expect([ttls.size, leftAt(ttls, 0)]).toEqual([0, null]);
    const all = read([0, 20]);
    all.clear();
    expect(all.size).toBe(0);
  });

  it('counts for how long it has been over, from the first answer that says so', () => {
    const ttls = read([0, 0, { isOverdue: true }], [5_000, 0, { isOverdue: true }]);
    expect(ttls.overdueSeconds('L', 7_000)).toBe(7);
    ttls.read(aLease(29), 8_000, START_MS);
    expect(ttls.overdueSeconds('L', 9_000)).toBeNull();
  });
});

describe('renewals', () => {
  it('are seen when more is left than there can be', () => {
    expect(read([0, 20]).isRenewed('L')).toBeNull();
    expect(read([0, 20], [5_000, 15]).isRenewed('L')).toBeNull();
    expect(read([0, 20], [5_000, 29]).isRenewed('L')).toBe(true);
  });

  it('are missed only when half of the time has gone by without one', () => {
    expect(read([0, 20], [8_000, 12]).isRenewed('L')).toBe(false);
    expect(read([0, 20], [8_000, 12], [9_000, 29]).isRenewed('L')).toBe(true);
    // What was seen once stays until the contrary is.
    expect(read([0, 20], [5_000, 29], [10_000, 24]).isRenewed('L')).toBe(true);
    expect(read([0, 20], [5_000, 29], [25_000, 9]).isRenewed('L')).toBe(false);
  });

  it('are not made of whole seconds', () => {
    expect(read([0, 20], [1_900, 19]).isRenewed('L')).toBeNull();
    expect(read([0, 20], [2_400, 19]).isRenewed('L')).toBeNull();
  });

  it('are remembered by their moment, which follows from what is left', () => {
    const ttls = read([0, 25], [10_000, 28], [15_000, 23], [20_000, 29]);
    expect(ttls.renewals('L').map((ms) => ms - START_MS)).toEqual([-5_000, 8_000, 19_000]);
  });

  it('are remembered for the last sixteen', () => {
    const answers = Array.from({ length: 40 }, (_, index): [number, number] => [index * 10_000, 30]);
    const renewals = read(...answers).renewals('L');
    expect(renewals).toHaveLength(16);
    expect(renewals.at(-1)).toBe(START_MS + 390_000);
    expect(renewals.every((ms, index) => index === 0 || ms > (renewals[index - 1] ?? 0))).toBe(true);
  });

  it('are all seen, and no others, where each answer comes in time', () => {
    const scene = fc.record({
      every: fc.integer({ min: 4, max: 14 }),
      rounds: fc.integer({ min: 1, max: 12 }),
      whole: fc.boolean(),
    });
    fc.assert(
      fc.property(scene, ({ every, rounds, whole }) => {
        const ttls = new Ttls();
        const askEveryMs = 1_000;
        const untilMs = every * 1_000 * rounds + 500;
        for (let ms = 500; ms <= untilMs; ms += askEveryMs) {
          const left = 30 - ((ms / 1_000) % every);
          ttls.read(aLease(whole ? Math.ceil(left) : left), ms, START_MS + ms);
        }
        // The first one was before the first answer.
        expect(ttls.renewals('L')).toHaveLength(rounds + 1);
        expect(ttls.isRenewed('L')).toBe(true);
      }),
    );
  });
});

describe('Churn', () => {
  const minutes = (churn: Churn): readonly (readonly [number, number])[] =>
    churn.joined.map((count, minute): [number, number] => [count, churn.left[minute] ?? 0]);

  it('counts each minute for itself', () => {
    const churn = new Churn(START_MS);
    churn.add('joined', START_MS);
    churn.add('joined', START_MS + 59_999);
    churn.add('left', START_MS + 60_000);
    expect(minutes(churn).slice(-3)).toEqual([
      [0, 0],
      [2, 0],
      [0, 1],
    ]);
    expect(churn.joined).toHaveLength(CHURN_MINUTES);
  });

  it('rolls with the minutes, and says so only where something can be seen of it', () => {
    const churn = new Churn(START_MS);
    expect(churn.roll(START_MS + 60_000)).toBe(false);
    churn.add('left', START_MS + 60_000);
    expect(churn.roll(START_MS + 119_999)).toBe(false);
    expect(churn.roll(START_MS + 120_000)).toBe(true);
    expect(churn.left.slice(-2)).toEqual([1, 0]);
    expect(churn.roll(START_MS + 60_000 * CHURN_MINUTES)).toBe(true);
    expect(churn.left[0]).toBe(1);
    expect(churn.roll(START_MS + 60_000 * (CHURN_MINUTES + 1))).toBe(true);
    expect(churn.left.every((count) => count === 0)).toBe(true);
    expect(churn.roll(START_MS + 60_000 * (CHURN_MINUTES + 2))).toBe(false);
  });

  it('goes on when the wall clock was put back', () => {
    const churn = new Churn(START_MS);
    churn.add('joined', START_MS);
    expect(churn.roll(START_MS - 86_400_000)).toBe(false);
    churn.add('left', START_MS - 86_400_000);
    expect(churn.roll(START_MS - 86_340_000)).toBe(true);
    expect(minutes(churn).slice(-2)).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  it('is what a count of all moments gives', () => {
    const moment = fc.record({
      type: fc.constantFrom('joined' as const, 'left' as const),
      afterMs: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 5_000_000 })),
    });
    fc.assert(
      fc.property(fc.array(moment, { maxLength: 30 }), (moments) => {
        const churn = new Churn(START_MS);
        let nowMs = START_MS;
        const all: (readonly ['joined' | 'left', number])[] = [];
        for (const { type, afterMs } of moments) {
          nowMs += afterMs;
          churn.add(type, nowMs);
          all.push([type, Math.floor(nowMs / 60_000)]);
        }
        const last = Math.floor(nowMs / 60_000);
        for (const type of ['joined', 'left'] as const)
          expect(churn[type]).toEqual(
            Array.from(
              { length: CHURN_MINUTES },
              (_, index) =>
                all.filter(([one, minute]) => one === type && minute === last - CHURN_MINUTES + 1 + index)
                  .length,
            ),
          );
      }),
    );
  });
});

describe('EventLog', () => {
  const add = (log: EventLog, atMs: number, serviceKey = 'a'): void => {
    const event = {
      type: 'joined',
      at: '2024-05-01T10:00:00.000Z',
      revision: '1',
      instance: anInstance(),
      resync: false,
    } as const;
    log.add({ event, atMs, serviceKey, instanceKey: null });
  };

  it('keeps the last ones, the newest first, each with a key of its own', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 90 }), (most, count) => {
        const log = new EventLog(most);
        for (let atMs = 1; atMs <= count; atMs += 1) add(log, atMs);
        const wanted = Array.from({ length: Math.min(most, count) }, (_, index) => count - index);
        expect(log.size).toBe(wanted.length);
        expect(log.newest(Infinity).map(({ atMs }) => atMs)).toEqual(wanted);
        expect(log.newest(Infinity).map(({ key }) => Number(key))).toEqual(wanted);
        expect(log.newest(3).map(({ atMs }) => atMs)).toEqual(wanted.slice(0, 3));
        expect(log.added).toBe(count);
      }),
    );
  });

  it('finds those of one service among those that are kept', () => {
    const log = new EventLog(4);
    for (let atMs = 1; atMs <= 7; atMs += 1) add(log, atMs, atMs % 2 === 0 ? 'a' : 'b');
    const ofA = (most: number): readonly number[] =>
      log.newest(most, ({ serviceKey }) => serviceKey === 'a').map(({ atMs }) => atMs);
    expect(ofA(Infinity)).toEqual([6, 4]);
    expect(ofA(1)).toEqual([6]);
    log.clear();
    expect([log.size, ofA(9)]).toEqual([0, []]);
  });
});

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { DoctorState } from '../../../src/lib/command/doctor-state.js';
import {
  formatHistory,
  historyOf,
  nextHistory,
  noHistory,
  parseHistory,
  type HistoryState,
  type Observed,
} from '../../../src/lib/doctor/history.js';
import { vectors } from '../../support/hostile.js';
import { makeTempDir } from '../../support/servers/lifetime.js';

const minuteMs = 60_000;
const startMs = Date.parse('2026-03-02T10:00:00.000Z');
const judgesAll = (): boolean => true;

const critical = (key: string, of = 'order'): Observed => ({ kind: 'critical', key, of });

/** The state after runs a minute apart, each with what it has seen. */
function after(...runs: readonly (readonly Observed[])[]): HistoryState {
  return runs.reduce<HistoryState>(
    (state, observed, index) =>
      nextHistory(state, observed, { nowMs: startMs + index * minuteMs, judges: judgesAll }),
    noHistory,
  );
}

describe('history', () => {
  it('knows since when something was so in every run', () => {
    const history = historyOf(after([critical('a')], [critical('a'), critical('b')]));
    expect(history.firstRun).toBe('2026-03-02T10:00:00.000Z');
    expect(history.since('critical', 'a')).toBe('2026-03-02T10:00:00.000Z');
    expect(history.since('critical', 'b')).toBe('2026-03-02T10:01:00.000Z');
    expect(history.since('critical', 'c')).toBeNull();
    expect(history.since('maintenance', 'a')).toBeNull();
  });

  it('begins anew after a run in which it was not so', () => {
    const history = historyOf(after([critical('a')], [], [critical('a')]));
    expect(history.since('critical', 'a')).toBe('2026-03-02T10:02:00.000Z');
    expect(historyOf(after([critical('a')], [])).since('critical', 'a')).toBeNull();
  });

  it('knows nothing before the first run', () => {
    expect(historyOf(noHistory).firstRun).toBeNull();
  });

  it('keeps what a run could not judge: other services, undecided rules', () => {
    const first = after([critical('a'), critical('b', 'cart'), { kind: 'finding', key: 'f', of: 'SD101' }]);
    const judges = (kind: string, of: string): boolean => kind === 'critical' && of === 'order';
    const next = historyOf(nextHistory(first, [], { nowMs: startMs + minuteMs, judges }));
    expect(next.since('critical', 'a')).toBeNull();
    expect(next.since('critical', 'b')).toBe('2026-03-02T10:00:00.000Z');
    expect(next.since('finding', 'f')).toBe('2026-03-02T10:00:00.000Z');
  });
});

describe('the text of a state', () => {
  const names = [...Object.values(vectors), '__proto__', 'constructor', 'toString', ''];

  it('is read as it was written, whatever the names are', () => {
    const state = after(names.flatMap((name) => [critical(name), { kind: 'healthy', key: name, of: name }]));
    const parsed = parseHistory(formatHistory(state, 'r'), 'r', startMs);
    expect(parsed).toEqual({ ok: true, state });
  });

  it('does not depend on the order of what was seen', () => {
    expect(formatHistory(after([critical('a'), critical('b')]), 'r')).toBe(
      formatHistory(after([critical('b'), critical('a')]), 'r'),
    );
  });

  it('leaves out what lies in the future', () => {
    const text = formatHistory(after([critical('a')], [critical('a'), critical('b')]), 'r');
    const parsed = parseHistory(text, 'r', startMs + 1);
    expect(parsed.ok && historyOf(parsed.state).since('critical', 'a')).toBe('2026-03-02T10:00:00.000Z');
    expect(parsed.ok && historyOf(parsed.state).since('critical', 'b')).toBeNull();
    const before = parseHistory(text, 'r', startMs - 1);
    expect(before).toEqual({ ok: true, state: noHistory });
  });

  it.each([
    ['', 'it is not JSON'],
    ['{"apiVersion"', 'it is not JSON'],
    ['null', 'it is no state of doctor'],
    ['[]', 'it is no state of doctor'],
    ['{"apiVersion":"sdctl/v1","kind":"DoctorState","registry":"r","seen":{}}', 'it is no state of doctor'],
    ['{"apiVersion":"sdctl/v2","kind":"DoctorState","registry":"r","seen":[]}', 'it is no state of doctor'],
    ['{"apiVersion":"sdctl/v1","kind":"DoctorState","registry":"s","seen":[]}', 'it is of another registry'],
    [
      '{"apiVersion":"sdctl/v1","kind":"DoctorState","registry":"r","seen":[["critical","a"]]}',
      'an entry of it has another form',
    ],
    [
      '{"apiVersion":"sdctl/v1","kind":"DoctorState","registry":"r","seen":[["toString","a","b","c"]]}',
      'an entry of it has another form',
    ],
  ])('is refused: %j', (text, why) => {
    expect(parseHistory(text, 'r', startMs)).toEqual({ ok: false, why });
  });

  it('takes no time for one that is none', () => {
    const seen = [
      ['critical', 'a', '\u001b[2J', 'order'],
      ['critical', 'b', '2026-99-01T10:00:00Z', 'order'],
      ['critical', 'c', 7, 'order'],
    ];
    const text = JSON.stringify({
      apiVersion: 'sdctl/v1',
      kind: 'DoctorState',
      registry: 'r',
      firstRun: 1,
      seen,
    });
    expect(parseHistory(text, 'r', startMs)).toEqual({ ok: true, state: noHistory });
  });
});

describe('the state file', () => {
  interface Place {
    readonly folder: string;
    readonly warnings: string[];
    open(change?: {
      readonly identity?: string;
      readonly isOff?: boolean;
      readonly ci?: string;
      nowMs?: number;
    }): DoctorState;
    files(): readonly string[];
  }

  function aPlace(): Place {
    const folder = path.join(makeTempDir('state'), 'sdctl');
    const warnings: string[] = [];
    return {
      folder,
      warnings,
      open: ({ identity = 'prod', isOff = false, ci, nowMs = startMs } = {}) =>
        new DoctorState({
          env: { SDCTL_STATE_DIR: folder, CI: ci },
          identity,
          isOff,
          nowMs,
          warn: (text) => warnings.push(text),
        }),
      files: () =>
        readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
          entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
        ),
    };
  }

  it('remembers from run to run, for each registry by itself', () => {
    const place = aPlace();
    expect(place.open().history?.firstRun).toBeNull();
    place.open().save([critical('a')], judgesAll);
    place.open({ identity: 'stage' }).save([critical('b')], judgesAll);
    const later = { nowMs: startMs + minuteMs };
    expect(place.open(later).history?.since('critical', 'a')).toBe('2026-03-02T10:00:00.000Z');
    expect(place.open(later).history?.since('critical', 'b')).toBeNull();
    expect(place.files()).toHaveLength(2);
    expect(place.warnings).toEqual([]);
  });

  it('is for its owner alone, and nothing is left beside it', () => {
    const place = aPlace();
    place.open().save([], judgesAll);
    place.open().save([critical('a')], judgesAll);
    const [file = ''] = place.files();
    expect(place.files()).toHaveLength(1);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    expect(statSync(place.folder).mode & 0o777).toBe(0o700);
  });

  it('is neither read nor written with --no-state', () => {
    const place = aPlace();
    place.open().save([critical('a')], judgesAll);
    const [file = ''] = place.files();
    const before = readFileSync(file, 'utf8');
    const off = place.open({ isOff: true });
    expect(off.history).toBeNull();
    off.save([], judgesAll);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('is not created in CI, and used there if it is there', () => {
    const place = aPlace();
    const first = place.open({ ci: 'true' });
    expect(first.history).toBeNull();
    first.save([critical('a')], judgesAll);
    expect(() => place.files()).toThrow('ENOENT');
    place.open({ ci: 'false' }).save([critical('a')], judgesAll);
    const second = place.open({ ci: 'gitlab' });
    expect(second.history?.since('critical', 'a')).not.toBeNull();
    second.save([], judgesAll);
    expect(place.open().history?.since('critical', 'a')).toBeNull();
  });

  it('that is broken is left aside with a word, and written anew', () => {
    const place = aPlace();
    place.open().save([critical('a')], judgesAll);
    const [file = ''] = place.files();
    writeFileSync(file, '{"apiVer');
    const next = place.open();
    expect(next.history?.firstRun).toBeNull();
    expect(place.warnings).toEqual([
      `what earlier runs have seen cannot be read (${file}: it is not JSON): this run is the first one`,
    ]);
    next.save([critical('b')], judgesAll);
    expect(place.open().history?.since('critical', 'b')).not.toBeNull();
    expect(place.warnings).toHaveLength(1);
  });

  it('that cannot be written stops nothing', () => {
    const place = aPlace();
    mkdirSync(path.dirname(place.folder), { recursive: true });
    writeFileSync(place.folder, 'a file where the folder should be');
    const state = place.open();
    state.save([critical('a')], judgesAll);
    expect(place.warnings.at(-1)).toMatch(/^this run will not be remembered \(.*: (ENOTDIR|EEXIST)\)$/);
  });

  it('has no place where no variable names one', () => {
    const state = new DoctorState({
      env: {},
      identity: 'r',
      isOff: false,
      nowMs: startMs,
      warn: () => undefined,
    });
    expect(state.history).toBeNull();
    state.save([critical('a')], judgesAll);
  });
});

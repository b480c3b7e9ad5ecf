import { describe, expect, it } from 'vitest';
import type { PaintModel, Place, Size } from '../../src/lib/tui/model/paint-model.js';
import { paintFrame } from '../../src/lib/tui/paint/paint-frame.js';
import { hideableColumns } from '../../src/lib/config/tui-section.js';
import { columnsOf } from '../../src/lib/tui/paint/tables.js';
import { sortsOf } from '../../src/lib/tui/state/sorting.js';
import {
  aPaintModel,
  aServiceRow,
  aTtl,
  findingRows,
  NOW_MONOTONIC_MS,
  NOW_MS,
  places,
  serviceRows,
  textOf,
  unreachable,
} from '../support/tui-models.js';

const services: Place = { screen: 'services' };
const small: Size = { columns: 40, rows: 10 };
const wide: Size = { columns: 160, rows: 45 };

function shown(overrides: Partial<PaintModel> = {}, place: Place = services): readonly string[] {
  const model = aPaintModel(place, overrides);
  return textOf(paintFrame(model), model.size);
}

function withTable(overrides: Partial<PaintModel['table']>, place: Place = services): Partial<PaintModel> {
  return { table: { ...aPaintModel(place).table, ...overrides } };
}

const placeOf = (screen: Place['screen']): Place =>
  places.find((place) => place.screen === screen) ?? services;
const empty = withTable({ rows: [], total: 0, selected: -1 });

describe('the first lines', () => {
  it('say whose registry it is and whether it is true', () => {
    const [identity, path] = shown();
    expect(identity).toBe(' sdctl  prod-eu PROTECTED · etcd · READ-ONLY         ● LIVE  rev 48211  10:42:11');
    expect(path).toBe(' services (19) · instances 93 · ✖ 1  ▲ 2         / filter: none   sort: health ▼');
    expect(shown({ size: wide })[0]).toMatch(
      /^ sdctl {2}prod-eu PROTECTED · etcd · READ-ONLY · https:\/\/10\.0\.0\.5:2379, \.6, \.7 +● LIVE {2}rev 48211 {2}8 ms {2}10:42:11$/,
    );
  });

  it('give up clock, revision and backend in this order, never context, mode and state', () => {
    const first = (columns: number): string | undefined => shown({ size: { columns, rows: 24 } })[0];
    expect(first(72)).toMatch(/· etcd · READ-ONLY +● LIVE {2}rev 48211$/);
    expect(first(60)).toMatch(/· etcd · READ-ONLY +● LIVE$/);
    expect(first(50)).toMatch(/prod-eu PROTECTED · READ-ONLY +● LIVE$/);
    expect(first(40)).toBe(' prod-eu PROTECTED · READ-ONLY    ● LIVE');
  });

  it('cut a long context, and nothing else, when nothing else is left', () => {
    const identity = { ...aPaintModel(services).identity, context: 'x'.repeat(100) };
    const connection = { kind: 'stale', sinceMs: 0, problem: unreachable, retryAtMs: null } as const;
    expect(shown({ size: small, identity, connection, paused: 14 })[0]).toMatch(
      /^ x+… PROTECTED READ-ONLY ‖ \+14 {2}! STALE$/,
    );
  });

  it('name a registry without a context by its backend and servers', () => {
    const identity = { ...aPaintModel(services).identity, context: null, isProtected: false };
    expect(shown({ identity })[0]).toMatch(/^ sdctl {2}etcd https:\/\/10\.0\.0\.5:237… · READ-ONLY +● LIVE/);
  });

  it('tell the state of the connection', () => {
    const loading = {
      kind: 'loading',
      sinceMs: NOW_MONOTONIC_MS - 2_100,
      problem: null,
      retryAtMs: null,
    } as const;
    expect(shown({ connection: loading, ...empty })[0]).toContain('… LOADING 2.1s');
    const stale = {
      kind: 'stale',
      sinceMs: NOW_MONOTONIC_MS - 42_000,
      problem: unreachable,
      retryAtMs: NOW_MONOTONIC_MS + 800,
    } as const;
    expect(shown({ connection: stale })[0]).toContain('! STALE 42s  retry in 0.8s');
    expect(shown({ paused: 14 })[0]).toContain('‖ PAUSED +14  rev 48211  10:42:11');
    expect(shown({ connection: { kind: 'failed', problem: unreachable }, ...empty })[0]).toContain(
      '✖ FAILED',
    );
  });

  it('keep an active filter in sight', () => {
    expect(shown({ size: small, ...withTable({ filter: 'pay', rows: serviceRows.slice(0, 5) }) })[1]).toMatch(
      /^ services \(5 shown of 19\) {2}\/ filter: pay$/,
    );
    expect(shown(withTable({ problemsOnly: true }))[1]).toContain('only problems');
    expect(shown({}, placeOf('events'))[1]).toMatch(/\/ filter: none {3}types: all$/);
  });

  it('are the path of other places', () => {
    expect(shown({}, placeOf('instance'))[1]).toBe(' services › checkout › i-7f3a');
    expect(shown({}, placeOf('doctor'))[1]).toBe(
      ' doctor  ✖ 2 error  ▲ 3 warning  i 1 info  ● 1 passed      run 10:41:40, 31s ago',
    );
    expect(shown({}, placeOf('events'))[1]).toMatch(/^ events \(last 2,000 kept\) /);
  });
});

describe('rows', () => {
  it('are those of the mock-up', () => {
    const lines = shown();
    expect(lines[2]).toBe('   SERVICE                INST   ●   ▲   ✖   LOWEST TTL    CHURN 15 MIN');
    expect(lines[3]).toBe('▌✖ checkout                  6   4   1   1   █░░░░░   3s!  ▁▁▁▁▁█▁▇▁▁▁▁▁▁▁ +4 -3');
    expect(lines[11]).toContain(' ● geo                       3   3   ·   ·   █████░ ~25s ');
    expect(lines[13]).toContain(' ◌ legacy-batch              2   ·   ·   ·   no lease ');
  });

  it('are plain letters in ASCII', () => {
    const lines = shown({ dress: { color: false, ascii: true, wide: false } });
    expect(lines[2]).toBe('   SERVICE                INST   +   !   x   LOWEST TTL    CHURN 15 MIN');
    expect(lines[3]).toBe('>x checkout                  6   4   1   1   #.....   3s!  .....#.*....... +4 -3');
    expect(lines[10]).toContain(' m fraud-score ');
  });

  it('lose columns in a fixed order when narrow', () => {
    const header = (columns: number): string =>
      shown({ size: { columns, rows: 24 } })[2]?.replace(/ +/g, ' ') ?? '';
    expect(header(130)).toBe(' SERVICE INST ● ▲ ✖ LOWEST TTL CHURN 15 MIN LAST CHANGE VERSIONS LAYOUT');
    expect(header(111)).toBe(' SERVICE INST ● ▲ ✖ LOWEST TTL CHURN 15 MIN LAST CHANGE VERSIONS');
    expect(header(102)).toBe(' SERVICE INST ● ▲ ✖ LOWEST TTL CHURN 15 MIN LAST CHANGE');
    expect(header(86)).toBe(' SERVICE INST ● ▲ ✖ LOWEST TTL CHURN 15 MIN');
    expect(header(79)).toBe(' SERVICE INST LOWEST TTL');
    expect(header(60)).toBe(' SERVICE INST LOWEST TTL');
    expect(header(59)).toBe(' SERVICE HEALTH');
    expect(header(40)).toBe(' SERVICE HEALTH');
  });

  it('are longer on large terminals', () => {
    expect(shown({ size: wide })[2]).toMatch(/CHURN 30 MIN +LAST CHANGE +VERSIONS +LAYOUT$/);
    expect(shown({ size: wide })[3]).toContain('█░░░░░░░░░░░   3s!');
  });

  it('hide what the config hides and show what w asks for', () => {
    expect(shown({ hiddenColumns: new Set(['churn', 'service']) })[2]).toMatch(/SERVICE(?!.*CHURN)/);
    const dress = { color: false, ascii: false, wide: true };
    expect(shown({ dress })[2]).toMatch(/◼ +◌ +LOWEST TTL +LAST CHANGE$/);
  });

  it('are the visible ones only, with marks and the selection', () => {
    let formatted = 0;
    const many = Array.from({ length: 10_000 }, (_, index) =>
      aServiceRow({ key: String(index), name: `s${index}` }),
    );
    const table = {
      ...aPaintModel(services).table,
      rows: many,
      total: 10_000,
      top: 500,
      selected: 502,
      marks: new Set(['503']),
    };
    const lines = shown({
      table,
      lowestTtlOf: () => {
        formatted += 1;
        return { ttl: aTtl(20), isPartial: false };
      },
    });
    expect(lines.slice(3, 7).map((line) => line.slice(0, 7))).toEqual([
      ' ✖ s500',
      ' ✖ s501',
      '▌✖ s502',
      ' ✖*s503',
    ]);
    expect(lines[22]).toMatch(/1 marked {2}503 of 10,000$/);
    expect(formatted).toBe(19);
  });

  it('show what was not asked yet, and what is nearly over', () => {
    const ttls = [aTtl(null), aTtl(0), aTtl(5), aTtl(14), aTtl(30), aTtl(4_000, 7_200)];
    const rows = ttls.map((_, index) => aServiceRow({ key: String(index), name: `s${index}` }));
    const lines = shown({
      ...withTable({ rows, total: 6 }),
      lowestTtlOf: ({ key }) => ({ ttl: ttls[Number(key)] ?? aTtl(1), isPartial: false }),
    });
    expect(lines.slice(3, 9).map((line) => line.slice(45, 57))).toEqual([
      '······    ? ',
      '░░░░░░   0s!',
      '█░░░░░   5s!',
      '███░░░  14s ',
      '██████  30s ',
      '███░░░  66m ',
    ]);
  });

  it('of a registry with nodes show checks in place of times', () => {
    const identity = { ...aPaintModel(services).identity, hasNodes: true };
    expect(shown({ identity })[2]).toContain('CHECKS');
    const size = wide;
    expect(shown({ identity, size }, placeOf('service'))[3]).toMatch(
      /INSTANCE +NODE +ENDPOINT +CHECK +OUTPUT +AGE/,
    );
    expect(shown({ identity, size }, placeOf('service'))[4]).toMatch(/✖ critical +HTTP GET http/);
    expect(shown({ identity }, placeOf('leases'))[2]).toMatch(/LEASE +KIND +NODE +STATE +OUTPUT/);
    expect(shown({ identity, size }, placeOf('leases'))[2]).toMatch(/OUTPUT +BOUND TO/);
  });

  it('can be hidden by these names, and by no others', () => {
    const names = new Set<string>();
    for (const place of places)
      for (const hasNodes of [true, false])
        // What the sign says, and the first column, always stay.
        for (const { key } of columnsOf(place, hasNodes).slice(2)) names.add(key);
    // In place of others where those have no room.
    names.delete('word');
    expect([...hideableColumns].sort()).toEqual([...names].sort());
  });

  it('can be ordered by columns that have these names', () => {
    for (const place of places) {
      if (place.screen === 'instance') continue;
      const keys = columnsOf(place, false).map(({ key }) => key);
      const nodeKeys = columnsOf(place, true).map(({ key }) => key);
      for (const sort of sortsOf(place.screen)) expect([...keys, ...nodeKeys]).toContain(sort);
    }
  });
});

describe('colours', () => {
  const color = { color: true, ascii: false, wide: false };
  const lines = (overrides: Partial<PaintModel>, place: Place = services): readonly string[] =>
    paintFrame(aPaintModel(place, { dress: color, ...overrides })).slots.flatMap((slot) => slot.lines);

  it('mark the state, the selection and a protected context', () => {
    const [identity, , , first, second] = lines({});
    expect(identity).toContain('\u001b[0;1;7;31mprod-eu\u001b[0;1m PROTECTED\u001b[0;2m');
    expect(first).toMatch(/^\u001b\[0;1m▌\u001b\[0;1;31m✖/);
    expect(first).toContain('\u001b[0;1;31m1   █\u001b[0;2m░░░░░');
    expect(second).toMatch(/^ \u001b\[0;33m▲\u001b\[0m cart/);
  });

  it('fade in a row that has left and in bars that stand still', () => {
    const ghost = lines({}, placeOf('service')).find((line) => line.includes('i-55e0'));
    expect(ghost).toMatch(/^\u001b\[0;2m ○ i-55e0[^\u001b]*left 12s ago[^\u001b]*\u001b\[0m$/);
    const stale = lines({ connection: { kind: 'stale', sinceMs: 0, problem: unreachable, retryAtMs: null } });
    expect(stale[4]).toMatch(/\u001b\[0;2m· {3}██░░░░ {2}11s {3}\u001b\[0m/);
  });

  it('are left out where none are wanted', () => {
    const plain = paintFrame(aPaintModel(services)).slots.flatMap((slot) => slot.lines);
    expect(plain.join('')).not.toContain('\u001b');
  });
});

describe('the message', () => {
  const message = (overrides: Partial<PaintModel>, place: Place = services): string | undefined =>
    shown(overrides, place).at(-2);

  it('names the selected row and what is wrong with it', () => {
    expect(message({})).toMatch(/^ checkout: 1 critical, 1 warning; 3 left and 4 joined in 15 min +1 of 19$/);
    expect(message({}, placeOf('service'))).toMatch(
      /^ i-7f3a: warning, renewals 4s late on average +2 of 7$/,
    );
    expect(message({}, placeOf('leases'))).toMatch(
      /^ 694d8c1f2a3b4c11 ends in 2s unless renewed; 1 key goes with it +1 of 8$/,
    );
    expect(message({}, placeOf('doctor'))).toMatch(
      /^ unknown: SD102 \(leases: no read permission on \/locks\/\) +1 of 6$/,
    );
    expect(message({}, placeOf('instance'))).toBe(' same as: sdctl list checkout/i-7f3a -o yaml -c prod-eu');
  });

  it('says what is true of everything while the row is quiet', () => {
    const quiet = withTable({ selected: 4 });
    expect(message({ ...quiet, knownTtls: { known: 900, all: 10_000 } })).toMatch(
      /^ auth: 6 passing · TTL known for 900 of 10,000 +5 of 19$/,
    );
    expect(message({ ...quiet, partial: { hidden: false, undecoded: 2 } })).toContain(
      '2 entries could not be decoded',
    );
  });

  it('is that of the view where there is one', () => {
    expect(message({ message: { text: 'back after 51s', level: 'info' } })).toMatch(
      /^ back after 51s +1 of 19$/,
    );
    expect(message({ paused: 14 }, placeOf('events'))).toMatch(
      /^ paused: 14 newer events wait; p to resume \(nothing is lost up to 2,000\) +1 of 5$/,
    );
  });

  it('gives way to what is typed', () => {
    const frame = paintFrame(
      aPaintModel(services, { prompt: { kind: 'filter', text: 'pay', completion: '', problem: null } }),
    );
    expect(frame.chrome.find(({ kind }) => kind === 'prompt')).toMatchObject({
      area: { top: 22, left: 0, width: 80, height: 1 },
      label: '/',
      text: 'pay',
    });
    expect(frame.slots.some(({ area }) => area.top === 22)).toBe(false);
  });
});

describe('a body without rows', () => {
  const body = (overrides: Partial<PaintModel>, place: Place = services): string =>
    shown(overrides, place).slice(2, -2).join('\n');

  it('shows no made-up data while loading', () => {
    const loading = { kind: 'loading', sinceMs: 0, problem: null, retryAtMs: null } as const;
    expect(body({ connection: loading, ...empty }).trim()).toMatch(/^SERVICE.*CHURN 15 MIN$/);
    const failing = { ...loading, problem: unreachable, retryAtMs: NOW_MONOTONIC_MS + 800 };
    const said = body({ connection: failing, ...empty });
    expect(said).toContain(' Error: cannot reach etcd at 10.0.0.5:2379\n');
    expect(said).toContain('connection refused');
    expect(said).toContain(' retry in 0.8s');
  });

  it('says why', () => {
    expect(body(empty)).toContain(' No services under /microservices/ in prod-eu.');
    expect(body(withTable({ rows: [], selected: -1, filter: 'pay' }))).toContain(
      ' Filter "pay" hides 19 services. esc clears',
    );
    expect(body(withTable({ rows: [], selected: -1, problemsOnly: true }))).toContain(
      ' No problems: f shows all 19 services.',
    );
    expect(body(empty, placeOf('leases'))).toContain('No leases in prod-eu.');
    expect(body(empty, placeOf('events'))).toContain('Nothing has happened since this view began.');
    expect(body({ detail: null }, placeOf('instance'))).toContain(' i-7f3a is gone. esc goes back');
  });

  it('says what failed, why, and what is next', () => {
    const text = body({ connection: { kind: 'failed', problem: unreachable }, ...empty });
    expect(text).toContain('Error: cannot reach etcd at 10.0.0.5:2379\n   connection refused');
    expect(text).toContain('Try: sdctl context show prod-eu');
  });

  it('tells how the doctor is', () => {
    const doctor = { ...aPaintModel(services).doctor, findings: [] };
    const place = placeOf('doctor');
    expect(body({ ...empty, doctor: { ...doctor, state: 'never' } }, place)).toContain('r runs it');
    expect(body({ ...empty, doctor: { ...doctor, state: 'failed', problem: 'no answer' } }, place)).toContain(
      'The doctor could not look.\n no answer',
    );
    expect(body({ ...empty, doctor }, place)).toContain('Nothing found: 1 rule passed.');
  });

  it('has room for what is only partly seen', () => {
    const partial = { hidden: true, undecoded: 2 };
    const text = body({ ...withTable({ rows: serviceRows.slice(0, 2) }), partial });
    expect(text).toContain(' some entries hidden by access rules\n 2 entries could not be decoded');
    expect(shown({ partial })[1]).toContain('! incomplete');
  });
});

describe('panes', () => {
  it('show the chosen instance beside the list', () => {
    const text = shown({ size: wide }, placeOf('service')).join('\n');
    expect(text).toContain(' health    ▲ warning since 10:40:31 (1m 40s)');
    expect(text).toMatch(/ ttl left {2}█{9}░{15} {2}11s {3}last renewed/);
    expect(text).toMatch(/ renewals {2}█{15} {2}every 10s wanted, 14s seen/);
    expect(text).toContain('   note          line one\\nline two \\e[31mred\\e[0m');
    expect(text).toContain('   ▲ SD105 renewals late: 14s apart, TTL 30s');
    expect(text).toContain(' ~ 10:41:30  updated  checkout/i-91c2  passing → critical: 2 renewals missed');
  });

  it('show recent events below a service, without what is said already', () => {
    expect(shown({}, placeOf('service')).slice(14, 17)).toEqual([
      ' 10:42:08  joined   i-c7d1  http://10.0.4.17:8080',
      ' 10:41:59  left     i-55e0  expired, not renewed in time',
      ' 10:41:30  updated  i-91c2  passing → critical: 2 renewals missed',
    ]);
  });

  it('explain the chosen finding', () => {
    const guides = new Map([['SD204', { why: 'callers count it twice' }]]);
    const text = shown({ doctor: { ...aPaintModel(services).doctor, guides } }, placeOf('doctor')).join('\n');
    expect(text).toContain(' ✖ SD204 duplicate-endpoint\n checkout/i-91c2: same endpoint as i-02bd');
    expect(text).toContain(' Why it matters  callers count it twice');
    expect(text).toContain(' What to do      find which process owns the port, then:');
    expect(text).toContain('                 sdctl deregister checkout/i-91c2');
  });

  it('show the output of checks behind a gutter', () => {
    const identity = { ...aPaintModel(services).identity, hasNodes: true };
    expect(shown({ identity }, placeOf('instance')).join('\n')).toContain(
      '   ▲ warning  Service check (http)\n     │ HTTP GET http://10.0.4.17:8080/health: 200 OK\n     │ Output: ok',
    );
  });

  it('say how much does not fit', () => {
    expect(shown({ size: small }, placeOf('instance'))[7]).toMatch(/^ \d+ more lines: PgDn$/);
  });

  it('count churn of an hour below the event log', () => {
    expect(shown({}, placeOf('events'))[21]).toMatch(/^ churn 60 min {2}▁{29}█ {2}peak 1\/min at 10:4[12]$/);
  });

  it('show findings and events below the overview', () => {
    const lines = shown({ size: wide, doctor: { ...aPaintModel(services).doctor, findings: findingRows } });
    expect(lines[29]).toMatch(
      /^ ✖ SD204 {2}checkout\/i-91c2 {2}same endpoint as i-02bd, .* \+ 10:42:08 {2}joined/,
    );
  });
});

describe('a terminal that is too small', () => {
  it('says so in whatever room there is', () => {
    expect(shown({ size: { columns: 39, rows: 10 } })).toEqual([
      '39x10 is too small, need 40x10. q quits',
      ...new Array<string>(9).fill(''),
    ]);
    expect(shown({ size: { columns: 12, rows: 4 } })).toEqual([
      '12x4 is too',
      'small, need',
      '40x10. q',
      'quits',
    ]);
    expect(shown({ size: { columns: 1, rows: 1 } })).toEqual(['1']);
  });
});

describe('dialogs', () => {
  it('take the help from the keys, below the identity', () => {
    const { chrome, slots } = paintFrame(aPaintModel(services, { dialog: { kind: 'help', top: 0 } }));
    expect(slots.map(({ area }) => area)).toEqual([{ top: 0, left: 0, width: 80, height: 1 }]);
    expect(chrome[0]).toMatchObject({ kind: 'title', text: 'help' });
    expect(JSON.stringify(chrome[1])).toContain('MOVE');
  });

  it('put a raw entry behind a gutter, below the identity', () => {
    const dialog = {
      kind: 'text',
      title: 'checkout/i-7f3a',
      lines: ['{"a": 1}', 'x'.repeat(100)],
      top: 0,
    } as const;
    const { chrome, slots } = paintFrame(aPaintModel(services, { dialog, nowMs: NOW_MS }));
    expect(slots.map(({ area }) => area)).toEqual([{ top: 0, left: 0, width: 80, height: 1 }]);
    expect(chrome[0]).toMatchObject({ kind: 'title', text: 'checkout/i-7f3a' });
    expect(chrome[1]).toMatchObject({
      lines: [' │ {"a": 1}', ` │ ${'x'.repeat(76)}`, ` │ ${'x'.repeat(24)}`],
    });
  });
});

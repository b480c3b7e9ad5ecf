/** Where everything stands beside text that would do harm, or takes more or fewer cells than it has letters. */
import xterm from '@xterm/headless';
import stringWidth from 'string-width';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Instance } from '../../src/lib/model/instance.js';
import type { LeaseRecord } from '../../src/lib/model/lease.js';
import { leak, vectors } from '../support/hostile.js';
import { PICTURE_MS, type Fixture } from '../support/view/fixture.js';
import { hostileError, hostileFixture, wideFixture } from '../support/view/fixtures/others.js';
import { ScriptedView } from '../support/view/scripted-view.js';
import {
  keys,
  outputSince,
  press,
  rerunDoctor,
  resize,
  WITHIN_MS,
  type Check,
} from '../support/view/steps.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

// The machine may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

const all = Object.values(vectors).join(' ');
const HARMLESS = 'plain';
const CROWD = 'crowd';

/** What the view itself writes besides text: styles, places, erasing, and its own modes. */
const OWN = /\x1b\[(?:[\d;]*m|\d+G|\d+;\d+H|2J|K|\?(?:25|7|1049|2004|2026)[hl])/g;

/** Everything in the bytes that neither the view's own sequences nor text can hold. */
function strange(output: string, ascii: boolean): readonly string[] {
  const text = Buffer.from(output, 'latin1').toString('utf8').replace(OWN, '');
  const wrong = ascii ? /[^\x20-\x7e]/gu : new RegExp(`\\p{Cc}|\ufffd|${leak.source}`, 'gu');
  return [...text.matchAll(wrong)].map(({ index }) =>
    JSON.stringify(text.slice(Math.max(0, index - 30), index + 10)),
  );
}

/** Cells of a screen, by row. The second one of a wide character is empty. */
type Cells = readonly (readonly string[])[];

const widths = new Map<string, number>();

function widthOf(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  const width = widths.get(character) ?? stringWidth(character);
  widths.set(character, width);
  return width;
}

function cellsOf(terminal: ViewTerminal): Cells {
  return terminal.rows().map((row) => {
    const cells: string[] = [];
    for (const character of row) {
      const width = widthOf(character);
      if (width === 0 && cells.length > 0) cells.push(`${cells.pop() ?? ''}${character}`);
      else cells.push(character, ...(width === 2 ? [''] : []));
    }
    return cells;
  });
}

/** The same picture on a terminal that knows the widths of another Unicode. */
async function cellsElsewhere(view: ScriptedView): Promise<Cells> {
  const { terminal } = view;
  const from = terminal.received;
  await press(view, '\x0c', (now) => /\x1b\[2J.*\x1b\[\?2026l/s.test(outputSince(now, from)));
  const other = new xterm.Terminal({ cols: terminal.columns, rows: terminal.height, allowProposedApi: true });
  await new Promise<void>((resolve) => {
    other.write(Buffer.from(`\x1b[?7l${outputSince(terminal, from)}`, 'latin1'), resolve);
  });
  const { active } = other.buffer;
  const cells = Array.from({ length: terminal.height }, (_row, row) =>
    Array.from({ length: terminal.columns }, (_column, column) => {
      const cell = active.getLine(row)?.getCell(column);
      return cell?.getWidth() === 0 ? '' : cell?.getChars() || ' ';
    }),
  );
  other.dispose();
  return cells;
}

const textOf = (cells: readonly string[]): string =>
  cells.map((cell) => (cell === '' ? '\0' : cell)).join('');

/** A table, by what stands above its columns. */
interface Table {
  readonly headers: readonly string[];
  /** Columns in which all rows say the same, from a header to before another one, or to the end. */
  readonly same: readonly (readonly [from: string, to: string | null])[];
  /** Signs before its rows. */
  readonly signs: string;
}

/** Line 1 is whole: the state stands at its right end. */
const STATE = /(?:LIVE|LOADING|STALE|FAILED).*\S$/;
const HEALTH = '●▲✖◼◌○+!xm?o';

/** Where columns, divider and panes stand is not for the registry to say. */
function expectAligned(cells: Cells, columns: number, table: Table | null): void {
  for (const row of cells) expect(row, textOf(row)).toHaveLength(columns);
  const [first = '', second = ''] = cells.map(textOf);
  expect(first).toMatch(STATE);
  // One that hides nothing may go when a name is long; how long disputed letters are, nobody knows.
  if (/\/ filter: (?:none|[ -~]*$)/.test(second)) expect(second).toMatch(/\S$/);
  if (table === null) return;
  expect(textOf(cells.at(-2) ?? [])).toMatch(/ \d+ of \d+$/);
  const at = cells.findIndex((row) => table.headers.every((header) => textOf(row).includes(` ${header}`)));
  const head = textOf(cells[at] ?? []);
  expect(head, `no table with ${table.headers.join(' ')}: ${cells.map(textOf).join('\n')}`).not.toBe('');
  const end = head.includes('│') || /\|/.test(head) ? head.search(/[│|]/) : columns;
  const rows: (readonly string[])[] = [];
  for (const row of cells.slice(at + 1, -2)) {
    if (!table.signs.includes(row[1] || '!none')) break;
    rows.push(row);
  }
  expect(rows.length).toBeGreaterThan(2);
  // Of the crowd there are more than its columns were made for.
  const usual = rows.filter((row) => !textOf(row).slice(3).startsWith(`${CROWD} `));
  const starts = [...head.slice(0, end).matchAll(/(?<= )[^ ]+(?: [^ ]+)*/g)].map(({ index }) => index);
  for (const row of usual) {
    for (const start of starts.slice(1))
      expect(row[start - 1], `before ${start} of ${head}: ${textOf(row)}`).toBe(' ');
    if (end < columns) expect(row[end], textOf(row)).toBe(head[end]);
  }
  for (const [from, to] of table.same) {
    const begin = head.indexOf(` ${from}`) + 1;
    const until = to === null || !head.includes(` ${to}`) ? end : head.indexOf(` ${to}`);
    const parts = usual.map((row) => textOf(row.slice(begin, until)));
    if (head.includes(` ${from}`)) expect([...new Set(parts)], `${from} to ${to}`).toHaveLength(1);
  }
}

/** Every vector in a service of its own, and all in one more; a harmless one beside them that says the same. */
function withCrowd(fixture: Fixture): Fixture {
  const harmless: Instance | undefined = fixture.instances[0];
  if (harmless === undefined) throw new Error('the fixture has no instances');
  const lease = { id: 'lease-plain', ttlSeconds: null, leftSeconds: null };
  const plain: Instance = {
    ...harmless,
    service: HARMLESS,
    id: HARMLESS,
    endpoints: [{ protocol: 'http', address: HARMLESS, port: 8_080 }],
    version: HARMLESS,
    zone: HARMLESS,
    registeredAt: null,
    metadata: {},
    tags: [],
    node: harmless.node === null ? null : HARMLESS,
    owner: null,
    key: `/microservices/${HARMLESS}/1`,
    lease: harmless.lease === null ? null : lease,
  };
  const each = [...fixture.instances, plain].map((instance): Instance => ({
    ...instance,
    health: 'critical',
    healthReason: instance.healthReason ?? all,
  }));
  const host = `${vectors['clipboard'] ?? ''}${vectors['cjk'] ?? ''}${vectors['override'] ?? ''}`;
  const crowd = each.map((instance): Instance => ({
    ...instance,
    service: CROWD,
    node: host,
    key: `${instance.key ?? ''}-crowd`,
  }));
  const leases = each.flatMap((one) => (one.lease === null ? [] : [one.lease.id]));
  return {
    ...fixture,
    instances: [...each, ...crowd],
    leases: leases.map((id) => ({
      id,
      grantedSeconds: 3_600,
      leftSeconds: 3_000,
      atMs: PICTURE_MS,
      renewEverySeconds: null,
    })),
    partial: true,
  };
}

function oneOfEach(fixture: Fixture): Fixture {
  const first = new Map(fixture.instances.map((instance) => [instance.service, instance]));
  return { ...fixture, instances: [...first.values()] };
}

/** The same with nodes and checks. */
function onConsul(fixture: Fixture): Fixture {
  const instances = fixture.instances.map((instance): Instance => ({ ...instance, key: null }));
  const records = instances.flatMap((of): readonly LeaseRecord[] => {
    const { service, id, node, layout } = of;
    if (of.service === CROWD) return [];
    const output = of.checks[0]?.output ?? '';
    return [
      {
        kind: id === HARMLESS ? 'ttl-check' : 'session',
        id: of.lease?.id ?? id,
        node,
        name: output,
        grantedSeconds: 30,
        leftSeconds: null,
        isOverdue: false,
        isRenewed: null,
        health: 'critical',
        output,
        onEnd: 'release',
        bindings: [
          {
            kind: 'instance',
            key: null,
            isBinaryKey: false,
            name: { service, id, node },
            instance: of,
            layout,
          },
        ],
        knowsBindings: true,
      },
    ];
  });
  const capabilities = { readableTtl: false, nodes: true, adviseMinTtlMs: null, remote: true };
  return { ...fixture, backend: 'consul', capabilities, instances, records, leases: [], roots: [] };
}

interface Registry {
  readonly name: string;
  readonly fixture: () => Fixture;
  readonly services: Table;
  readonly instances: Table;
  readonly leases: Table | null;
}

const overview = {
  headers: ['SERVICE', 'INST'],
  same: [
    ['INST', 'VERSIONS'],
    ['LAYOUT', 'ROOT'],
  ],
  signs: HEALTH,
} as const;
const findings: Table = { headers: ['RULE', 'SUBJECT'], same: [], signs: '✖▲ix!' };
const events: Table = { headers: ['TIME', 'INSTANCE'], same: [['EVENT', 'INSTANCE']], signs: '+-~*!' };
const onEtcd = {
  services: overview,
  instances: {
    headers: ['ENDPOINT', 'TTL'],
    same: [
      ['TTL', 'VERSION'],
      ['AGE', null],
    ],
    signs: HEALTH,
  },
  leases: { headers: ['LEASE', 'TTL LEFT'], same: [['TTL LEFT', 'KEYS']], signs: HEALTH },
} as const;

const registries: readonly Registry[] = [
  { name: 'etcd', fixture: () => withCrowd(hostileFixture()), ...onEtcd },
  {
    name: 'consul',
    fixture: () => onConsul(withCrowd(hostileFixture())),
    services: overview,
    instances: {
      headers: ['NODE', 'CHECK'],
      same: [
        ['CHECK', 'OUTPUT'],
        ['AGE', null],
      ],
      signs: HEALTH,
    },
    leases: { headers: ['NODE', 'OUTPUT'], same: [['STATE', 'OUTPUT']], signs: HEALTH },
  },
  { name: 'wide names', fixture: () => withCrowd(oneOfEach(wideFixture())), ...onEtcd, leases: null },
];

const dresses = [
  { dress: 'colour', ascii: false, args: ['watch', '-i'] },
  { dress: 'ASCII', ascii: true, args: ['watch', '-i', '--ascii'] },
] as const;
const sizes = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 45 },
] as const;

const pasted = (text: string): string => `\x1b[200~${text}\x1b[201~`;
const position = (terminal: ViewTerminal): string =>
  /\d+ of \d+$/.exec(terminal.text().split('\n').at(-2) ?? '')?.[0] ?? '';

describe.each(dresses)('in $dress', ({ ascii, args }) => {
  // Where all is ASCII, no letter is wide.
  const these = registries.filter(({ leases }) => !ascii || leases !== null);
  describe.each(these)('$name', ({ fixture, services, instances, leases }) => {
    let view: ScriptedView;

    beforeAll(async () => {
      view = await ScriptedView.open(fixture(), { args, ...sizes[1] });
      await view.shown();
      await view.advance(3_000);
    });

    afterEach(({ task }) => {
      // What was left open by one test must not fail all others.
      if (task.result?.state === 'fail')
        for (let count = 0; count < 3; count += 1) view.terminal.press(keys.escape);
    });

    afterAll(async () => {
      await view[Symbol.asyncDispose]();
    });

    /** Looks at a screen at all sizes, at each of its rows, and with all its columns. */
    async function inspect(table: Table | null): Promise<void> {
      const { terminal } = view;
      const from = terminal.received;
      for (const size of sizes) {
        if (terminal.columns !== size.columns) await resize(view, size);
        await terminal.until((now) => STATE.test(now.rows()[0] ?? ''), WITHIN_MS);
        expectAligned(cellsOf(terminal), size.columns, table);
        expectAligned(await cellsElsewhere(view), size.columns, table);
        if (table === null) continue;
        await press(view, 'g', (now) => /^1 of/.test(position(now)));
        const rows = Number(/\d+$/.exec(position(terminal))?.[0] ?? 0);
        // Beside the table stands what is selected.
        const each = size.columns > 120 ? Math.min(rows, 30) : 1;
        for (let row = 2; row <= each; row += 1) {
          await press(view, 'j', (now) => position(now) === `${row} of ${rows}`);
          expectAligned(cellsOf(terminal), size.columns, table);
        }
        for (let before = ''; position(terminal) !== `${rows} of ${rows}`;) {
          before = position(terminal);
          await press(view, keys.pageDown, (now) => position(now) !== before);
          expectAligned(cellsOf(terminal), size.columns, table);
        }
      }
      expect(strange(outputSince(terminal, from), ascii)).toEqual([]);
      expect(terminal.heard).toEqual({ bells: 0, titles: [], clipboard: [], commands: [] });
    }

    const here = async (way: string, check: Check): Promise<void> => press(view, way, check);

    test('overview, events and findings beside it', async () => {
      await here('1', /^ services \(/m);
      await inspect(services);
      await here('w', / wide$/m);
      await inspect(services);
      await here('w', (now) => !/ wide$/m.test(now.text()));
    });

    test('service', async () => {
      await here(`:svc ${CROWD}\r`, /services [›>] crowd/);
      await inspect(instances);
      await here('w', / wide$/m);
      await inspect(instances);
      await here('w', (now) => !/ wide$/m.test(now.text()));
    });

    test('instance, and its value as stored', async () => {
      const from = view.terminal.received;
      const look = (): void => expectAligned(cellsOf(view.terminal), view.terminal.columns, null);
      await here(`:svc ${CROWD}\r`, /services [›>] crowd/);
      await here('g', /1 of \d+$/m);
      const count = Number(/\d+$/.exec(position(view.terminal))?.[0] ?? 0);
      for (let row = 1; row <= count; row += 1) {
        await here(keys.enter, /crowd [›>] /);
        look();
        await here('y', /^[▌>]\S.* [─-]/m);
        look();
        await here('q', /crowd [›>] /);
        await here('[', (now) => position(now) === `${row} of ${count}`);
        if (row < count) await here('j', (now) => position(now) === `${row + 1} of ${count}`);
      }
      await here(keys.enter, /crowd [›>] /);
      await inspect(null);
      expect(strange(outputSince(view.terminal, from), ascii)).toEqual([]);
    });

    test('host', async () => {
      await here(`:svc ${CROWD}\r`, /services [›>] crowd/);
      await here('g', /1 of \d+$/m);
      await here('h', /^ host [›>] /m);
      await inspect(instances);
    });

    test('leases', async () => {
      await here('2', /^ leases/m);
      await view.advance(2_500);
      await inspect(leases);
      if (leases === null) return;
      await here(keys.enter, /^ leases [›>] /m);
      await inspect(null);
    });

    test('lease of an instance', async () => {
      await here(`:svc ${CROWD}\r`, /services [›>] crowd/);
      await here('g', /1 of \d+$/m);
      if (leases === null) return;
      await here('l', /^ leases [›>] /m);
      await inspect(null);
    });

    test('doctor', async () => {
      await here('4', /^ doctor/m);
      await rerunDoctor(view);
      await inspect(findings);
      await here('y', /^[▌>]SD\d+ /m);
      await inspect(null);
      await here(keys.escape, /^ doctor/m);
    });

    test('events', async () => {
      const { instances: all } = fixture();
      for (const { service, id, node } of all.filter((one) => one.service !== CROWD)) {
        const name = { service, id, ...(node === null ? {} : { node }) };
        await view.emit({ type: 'updated', ...name, change: { health: 'warning', healthReason: id } });
      }
      await view.advance(500);
      await here('3', /^ events/m);
      await here('/updated\r', /filter: updated/);
      await here('g', /1 of \d+$/m);
      await inspect(events);
      await here(keys.escape, /filter: none/);
      for (const { service, id, node } of all.filter((one) => one.service !== CROWD))
        await view.emit({ type: 'left', service, id, ...(node === null ? {} : { node }) });
      await view.advance(500);
      await inspect(null);
      // Those that have left stand there for a while.
      await here('1', /^ services \(/m);
      await inspect({ ...services, same: [], signs: ascii ? '-x!' : HEALTH });
    });
  });

  test('what is typed, completed and said stays on its line', async () => {
    await using view = await ScriptedView.open(withCrowd(hostileFixture()), { args, ...sizes[0] });
    await view.shown();
    const { terminal } = view;
    const prompt = (now: ViewTerminal): string => now.rows().at(-2) ?? '';
    const look = (): void => expectAligned(cellsOf(terminal), terminal.columns, null);
    const names = wideFixture().instances.map(({ service }) => service);
    for (const text of [...Object.values(vectors), all, ...new Set(names)]) {
      await press(view, '/', (now) => prompt(now).startsWith('/'));
      await press(view, pasted(`Z${text}`), /\/ filter: Z/);
      look();
      await press(view, keys.enter, (now) => !prompt(now).startsWith('/'));
      look();
      await press(view, keys.escape, /filter: none/);
      await press(view, ':', (now) => prompt(now).startsWith(':'));
      await press(view, pasted(`Z${text}`), /^:\S/m);
      look();
      await press(view, keys.enter, /no command /);
      look();
    }
    // What tab adds comes from the registry; of a very long name there is no room for all.
    for (const name of Object.keys(vectors).filter((each) => each !== 'long')) {
      await press(view, ':', (now) => prompt(now).startsWith(':'));
      await press(view, `svc ${name}-`, (now) => prompt(now).includes(`${name}-`));
      look();
      await press(view, `${keys.tab}Z`, /^:.*Z/m);
      look();
      await press(view, keys.enter, /no service of that name/);
    }
    expect(strange(terminal.output, ascii)).toEqual([]);
  });

  describe('what a server says', () => {
    const shown = /cannot reach a\\e\]52;c;cm0=\\ab/;

    async function look(view: ScriptedView, check: RegExp): Promise<void> {
      const { terminal } = view;
      for (const size of sizes) {
        if (terminal.columns !== size.columns) await resize(view, size);
        await terminal.until((now) => STATE.test(now.rows()[0] ?? '') && check.test(now.text()), WITHIN_MS);
        expectAligned(cellsOf(terminal), size.columns, null);
        expectAligned(await cellsElsewhere(view), size.columns, null);
      }
      expect(strange(terminal.output, ascii)).toEqual([]);
    }

    test.each([
      ['LOADING', { watch: { error: hostileError, retryInMs: 60_000 } }],
      ['FAILED', { open: { error: { ...hostileError, code: 'E_CONFIG', hint: all } } }],
    ] as const)('%s', async (state, faults) => {
      await using view = await ScriptedView.open(hostileFixture({ faults }), { args, ...sizes[1] });
      await view.terminal.until(state, WITHIN_MS);
      await view.advance(2_000);
      await look(view, shown);
      for (const way of ['2', '3', '4', '1']) {
        await press(view, way, state);
        await look(view, new RegExp(state));
      }
    });

    test('STALE, and every call refused', async () => {
      await using view = await ScriptedView.open(withCrowd(hostileFixture()), { args, ...sizes[1] });
      await view.shown();
      await press(view, '2', /^ leases/m);
      await view.advance(2_000);
      for (const method of [
        'leases',
        'leaseIds',
        'listLeases',
        'readLease',
        'readEntry',
        'status',
        'readFacts',
      ] as const)
        await view.fail(method, hostileError);
      await view.advance(11_000);
      await look(view, /^ leases/m);
      await view.fail('watch', hostileError, 8_000);
      await view.advance(9_000);
      await look(view, /STALE/);
      await press(view, '4', /^ doctor/m);
      await rerunDoctor(view);
      await look(view, /^ doctor/m);
      await press(view, '3', /^ events/m);
      await look(view, shown);
      await press(view, '1', /^ services/m);
      await look(view, shown);
      await press(view, keys.enter, /^ services [›>]/m);
      await look(view, shown);
      await press(view, 'y', /esc close/);
      await view.advance(200);
      await look(view, shown);
    });
  });
});

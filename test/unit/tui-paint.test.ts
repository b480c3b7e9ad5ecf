import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import { subjectOf } from '../../src/lib/model/finding.js';
import type { Frame } from '../../src/lib/tui/model/frame.js';
import type { Identity, PaintModel, Size } from '../../src/lib/tui/model/paint-model.js';
import type { Row } from '../../src/lib/tui/model/rows.js';
import { paintFrame } from '../../src/lib/tui/paint/paint-frame.js';
import { panesOf } from '../../src/lib/tui/paint/panes.js';
import { cellsOf } from '../../src/lib/tui/paint/shown-text.js';
import { leak, vectors } from '../support/hostile.js';
import {
  aFindingRow,
  aLeaseRow,
  anEventRow,
  anInstanceRow,
  aPaintModel,
  aServiceRow,
  aTtl,
  cellsOfLine,
  eventRows,
  NOW_MS,
  places,
  sizes,
} from '../support/tui-models.js';

const dresses = [
  { color: true, ascii: false, wide: false },
  { color: false, ascii: false, wide: true },
  { color: true, ascii: true, wide: false },
];

const onConsul: Identity = {
  context: 'stage',
  isProtected: false,
  color: null,
  backend: 'consul',
  servers: 'http://127.0.0.1:8500',
  hasNodes: true,
  flags: [],
};

/** Sequences that may stand in a line: ours. */

const OWN = /\x1b\[(?:0|0(?:;(?:1|2|7|3[1-7]))+|\d+G)?m?/g;

/** Every cell of a frame belongs to one part at most, none lies outside, and lines are as wide as their place. */
function check(frame: Frame, { columns, rows }: Size, { ascii }: { readonly ascii: boolean }): void {
  const isTaken = new Uint8Array(columns * rows);
  const claim = (area: Frame['slots'][number]['area'], who: string): void => {
    if (area.left < 0 || area.top < 0 || area.left + area.width > columns || area.top + area.height > rows)
      throw new Error(`${who} lies outside: ${JSON.stringify(area)} of ${columns}x${rows}`);
    for (let row = area.top; row < area.top + area.height; row += 1)
      for (let column = area.left; column < area.left + area.width; column += 1) {
        const cell = row * columns + column;
        if (isTaken[cell] === 1) throw new Error(`${who} shares ${row},${column} with another`);
        isTaken[cell] = 1;
      }
  };
  for (const part of frame.chrome) {
    claim(part.area, part.kind);
    if (stringsOf(part).some((text) => leak.test(text) || /[\t\n]/.test(text)))
      throw new Error(`${part.kind} leaks`);
    if (part.kind === 'keys') {
      const cells = part.keys.reduce((sum, { key, does }) => sum + cellsOf(`${key} ${does}`) + 2, -1);
      if (cells > part.area.width) throw new Error(`keys are ${cells} wide of ${part.area.width}`);
    }
    if (part.kind === 'lines' && part.lines.some((line) => cellsOf(line) > part.area.width))
      throw new Error('a line of a dialog is too wide');
  }
  for (const [index, { area, lines }] of frame.slots.entries()) {
    claim(area, `slot ${index}`);
    if (lines.length !== area.height)
      throw new Error(`slot ${index} has ${lines.length} lines of ${area.height}`);
    for (const line of lines) checkLine(line, area, ascii);
  }
}

function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}

function checkLine(line: string, area: Frame['slots'][number]['area'], ascii: boolean): void {
  const cells = cellsOfLine(line, area.left);
  const isWhole = cells.length === area.width && !cells.includes(undefined);
  if (!isWhole) throw new Error(`${cells.length} cells of ${area.width}: ${JSON.stringify(line)}`);
  const plain = line.replace(OWN, '');
  if (leak.test(plain) || /[\t\n]/.test(plain)) throw new Error(`leaks: ${JSON.stringify(line)}`);
  if (ascii && /[^\x20-\x7e]/.test(plain)) throw new Error(`is not ASCII: ${JSON.stringify(line)}`);
}

describe('every place at every size in every dress', () => {
  for (const place of places) {
    it(place.screen, () => {
      for (const size of sizes) {
        for (const dress of dresses) {
          for (const identity of [aPaintModel(place).identity, onConsul]) {
            check(paintFrame(aPaintModel(place, { size, dress, identity })), size, dress);
            const { focus: _focus, ...stale } = aPaintModel(place, {
              size,
              dress,
              identity,
              connection: {
                kind: 'stale',
                sinceMs: 0,
                problem: new SdctlError('E_TIMEOUT', 'no answer'),
                retryAtMs: 500_500,
              },
              paused: 3,
              partial: { hidden: true, undecoded: 2 },
              prompt: { kind: 'filter', text: 'pay', completion: '', problem: null },
            });
            check(paintFrame({ ...stale, focus: 'events' }), size, dress);
          }
        }
      }
    });
  }

  it('shows as many rows as the panes say', () => {
    for (const place of places) {
      for (const size of sizes) {
        const { tableRows, panes } = panesOf(place, size);
        expect(tableRows > 0).toBe(place.screen !== 'instance');
        expect(panes[0]).toBe(place.screen === 'instance' ? 'detail' : 'table');
      }
    }
    const many = Array.from({ length: 500 }, (_, index) =>
      aServiceRow({ key: String(index), name: `s${index}` }),
    );
    const base = aPaintModel({ screen: 'services' });
    const frame = paintFrame({
      ...base,
      table: { ...base.table, rows: many, total: 500, top: 100, selected: 120 },
    });
    const shown = frame.slots
      .flatMap(({ lines }) => lines)
      .filter((line) => /^.. ?s\d+ |^▌✖ s\d+ /.test(line.trim()));
    expect(shown.length).toBe(panesOf({ screen: 'services' }, base.size).tableRows);
    expect(shown[0]).toContain('s100 ');
  });
});

/** A model with the same text wherever anybody else may choose one. */
function hostileModel(place: PaintModel['place'], text: string, overrides: Partial<PaintModel>): PaintModel {
  const check_ = { id: text, name: text, type: text, health: 'critical' as const, output: text, notes: text };
  const instance = {
    service: text,
    id: text,
    endpoints: [{ protocol: 'http', address: text, port: 1 }],
    healthReason: text,
    metadata: { [text]: text, plain: text },
    tags: [text],
    version: text,
    zone: text,
    node: text,
    lease: { id: text, ttlSeconds: 1, leftSeconds: 1 },
    key: text,
    layout: text,
    revision: text,
    checks: [check_],
    owner: { host: text, pid: 1, started: text, run: text },
    registeredAt: text,
  };
  const problem = new SdctlError('E_FAILED', text, { why: text, hint: text });
  const row = anInstanceRow({ reason: text, health: 'critical' }, instance);
  const found = aFindingRow(text, 'error', { service: text, instance: text }, text);
  const finding = {
    ...found,
    finding: {
      ...found.finding,
      subject: subjectOf({ service: text, instance: text, node: text }),
      evidence: [{ name: text, value: text }],
      fix: { text, commands: [[text, text]] },
      rule: { ...found.finding.rule, slug: text },
    },
  };
  const at = new Date(NOW_MS).toISOString();
  const events = [
    anEventRow({ type: 'joined', at, revision: text, instance: row.instance, resync: false }, '1'),
    anEventRow(
      {
        type: 'updated',
        at,
        revision: text,
        instance: row.instance,
        previous: { ...row.instance, health: 'passing', version: '1', metadata: {} },
        resync: true,
      },
      '2',
    ),
    anEventRow({ type: 'stale', at, revision: text, cause: problem, attempt: 2, retryInMs: 1 }, '3'),
    ...eventRows,
  ];
  const lease = aLeaseRow({ id: text, node: text, name: text, output: text, bound: [text, text] });
  const service = aServiceRow({ name: text, root: text, layouts: [text], versions: [text, 'b', text] });
  const rows: Readonly<Record<PaintModel['place']['screen'], readonly Row[]>> = {
    services: [service],
    service: [row],
    instance: [],
    host: [row],
    leases: [lease],
    lease: [row],
    doctor: [finding],
    events,
  };
  const base = aPaintModel(place);
  return {
    ...base,
    identity: { ...base.identity, context: text, backend: text, servers: text },
    connection: { kind: 'stale', sinceMs: 0, problem, retryAtMs: 1 },
    revision: text,
    table: { ...base.table, rows: rows[place.screen], total: 5, selected: 0, filter: text },
    service,
    detail: row,
    lease,
    events,
    doctor: {
      state: 'failed',
      ranAtMs: null,
      findings: [finding],
      outcomes: [{ rule: finding.finding.rule, status: 'unknown', reason: text }],
      problem: text,
    },
    ttlOf: () => ({ ...aTtl(1), leaseId: text }),
    ...overrides,
  };
}

describe('text of others', () => {
  for (const [name, text] of Object.entries(vectors)) {
    it(`neither acts nor shifts anything: ${name}`, () => {
      for (const screen of places) {
        const named =
          'of' in screen
            ? { ...screen, of: text }
            : { ...screen, name: text, id: text, host: text, service: text };
        for (const size of sizes.slice(1, 3)) {
          const dress = dresses[size.columns % dresses.length] ?? { color: true, ascii: false, wide: false };
          for (const more of [
            {},
            { message: { text, level: 'error' as const } },
            { identity: { ...onConsul, context: null, backend: text, servers: text } },
            { dialog: { kind: 'text' as const, title: text, lines: [text, text], top: 0 } },
            { prompt: { kind: 'command' as const, text, completion: text, problem: text } },
            { table: { ...aPaintModel(screen).table, rows: [], filter: text } },
          ])
            check(paintFrame(hostileModel(named, text, { size, dress, ...more })), size, dress);
        }
      }
    });
  }

  it('keeps what follows in its column where terminals dispute about widths', () => {
    const row = aServiceRow({ name: '日本語👨👩' });
    const base = aPaintModel({ screen: 'services' });
    const frame = paintFrame({ ...base, table: { ...base.table, rows: [row], total: 1 } });
    const [, table] = frame.slots;
    // Blanks of the whole cell first, back to its beginning, then on to what follows.
    expect(table?.lines[1]).toMatch(/^▌✖ {11}\u001b\[4G日本語👨👩\u001b\[14G {15,}\d/u);
  });
});

describe('whatever the values', () => {
  const numbers = [NaN, Infinity, -Infinity, -1, 0, 1e300, 0.5];

  it('never throws, at any size', () => {
    const size = fc.record({
      columns: fc.integer({ min: -1, max: 60 }),
      rows: fc.integer({ min: -1, max: 20 }),
    });
    fc.assert(
      fc.property(fc.constantFrom(...places), size, fc.constantFrom(...dresses), (place, at, dress) => {
        const frame = paintFrame(aPaintModel(place, { size: at, dress }));
        check(frame, { columns: Math.max(0, at.columns), rows: Math.max(0, at.rows) }, dress);
        panesOf(place, at);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws, at any number', () => {
    for (const value of numbers) {
      for (const place of places) {
        const base = aPaintModel(place);
        const rows = base.table.rows.map((row): Row => {
          if (row.kind === 'service')
            return {
              ...row,
              instances: value,
              churn: [value],
              joined: [value, value],
              left: [value],
              lastChangeMs: value,
            };
          if (row.kind === 'instance') return { ...row, leftAtMs: value, sinceMs: value };
          if (row.kind === 'lease') return { ...row, ttl: aTtl(value, value) };
          return row.kind === 'event' ? { ...row, atMs: value } : row;
        });
        const model: PaintModel = {
          ...base,
          size: { columns: 200, rows: 50 },
          nowMs: value,
          monotonicMs: value,
          roundTripMs: value,
          paused: value,
          keepEvents: value,
          connection: { kind: 'loading', sinceMs: value, problem: null, retryAtMs: value },
          table: { ...base.table, rows, top: value, selected: value, total: value },
          totals: { services: value, instances: value, critical: value, warning: value },
          partial: { hidden: false, undecoded: value },
          knownTtls: { known: value, all: value },
          events: base.events.map((row) => ({ ...row, atMs: value })),
          ttlOf: () => aTtl(value, value),
          lowestTtlOf: () => ({ ttl: aTtl(value, value), isPartial: true }),
          renewalsOf: () => [value, 1, value],
        };
        check(paintFrame(model), model.size, model.dress);
      }
    }
    for (const columns of numbers)
      paintFrame(aPaintModel({ screen: 'services' }, { size: { columns, rows: 5 } }));
  });
});

describe('what ink draws', () => {
  it('changes only with what the user does', () => {
    for (const place of places) {
      for (const size of sizes) {
        const before = aPaintModel(place, { size });
        const { chrome } = paintFrame(before);
        const later = paintFrame({
          ...before,
          nowMs: NOW_MS + 61_000,
          monotonicMs: 900_000,
          revision: '48300',
          roundTripMs: 900,
          connection: {
            kind: 'stale',
            sinceMs: 0,
            problem: new SdctlError('E_TIMEOUT', 'x'),
            retryAtMs: null,
          },
          table: { ...before.table, rows: before.table.rows.slice(1), total: 3, selected: 0 },
          totals: { services: 1, instances: 2, critical: 0, warning: 0 },
          partial: { hidden: true, undecoded: 1 },
          detail: null,
          lease: null,
          service: null,
          events: [],
        });
        expect(later.chrome).toEqual(chrome);
        expect(later.slots.map(({ area }) => area)).toEqual(paintFrame(before).slots.map(({ area }) => area));
      }
    }
  });
});

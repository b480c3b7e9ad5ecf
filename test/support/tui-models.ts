import { SdctlError } from '../../src/lib/errors.js';
import { subjectOf, type Finding, type Severity } from '../../src/lib/model/finding.js';
import { healthStates, type Health, type Instance } from '../../src/lib/model/instance.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { PaintModel, Place, Size } from '../../src/lib/tui/model/paint-model.js';
import type {
  EventRow,
  FindingRow,
  InstanceRow,
  LeaseRow,
  Row,
  ServiceRow,
  TtlView,
} from '../../src/lib/tui/model/rows.js';
import { cellsOf } from '../../src/lib/tui/paint/shown-text.js';
import type { Frame } from '../../src/lib/tui/model/frame.js';
import { anInstance } from './builders.js';

/** 10:42:11 local time, so that clocks read the same everywhere. */
export const NOW_MS = new Date(2024, 4, 1, 10, 42, 11).getTime();
/** Monotonic milliseconds of the same moment. */
export const NOW_MONOTONIC_MS = 500_000;

const atText = (ms: number): string => new Date(ms).toISOString();

export function aTtl(leftSeconds: number | null, grantedSeconds: number | null = 30): TtlView {
  return {
    leaseId: '694d8c1f2a3b4c0c',
    grantedSeconds,
    leftSeconds,
    askedAtMs: leftSeconds === null ? null : NOW_MONOTONIC_MS,
  };
}

const zeros = (): number[] => new Array<number>(60).fill(0);

export function aServiceRow(overrides: Partial<ServiceRow> = {}): ServiceRow {
  const name = overrides.name ?? 'checkout';
  const counts = Object.fromEntries(healthStates.map((state) => [state, 0])) as Record<Health, number>;
  return {
    kind: 'service',
    key: name,
    name,
    root: null,
    layouts: ['kratos'],
    versions: ['1.8.1', '1.8.2'],
    instances: 6,
    counts: { ...counts, passing: 4, warning: 1, critical: 1 },
    health: 'critical',
    hasLeases: true,
    churn: zeros(),
    joined: zeros(),
    left: zeros(),
    lastChangeMs: NOW_MS - 12_000,
    ...overrides,
  };
}

export function anInstanceRow(
  overrides: Partial<InstanceRow> = {},
  instance: Partial<Instance> = {},
): InstanceRow {
  const whole = anInstance({
    service: 'checkout',
    id: 'i-7f3a',
    endpoints: [{ protocol: 'http', address: '10.0.4.17', port: 8_080 }],
    lease: { id: '694d8c1f2a3b4c0c', ttlSeconds: 30, leftSeconds: 11 },
    version: '1.8.2',
    zone: 'eu-west-1b',
    weight: 100,
    layout: 'kratos',
    key: '/microservices/checkout/i-7f3a',
    revision: '48207',
    registeredAt: atText(NOW_MS - 120_000),
    ...instance,
  });
  return {
    kind: 'instance',
    key: whole.key ?? whole.id,
    serviceKey: whole.service,
    instance: whole,
    health: whole.health,
    reason: null,
    sinceMs: null,
    leftAtMs: null,
    ...overrides,
  };
}

export function aLeaseRow(overrides: Partial<LeaseRow> = {}): LeaseRow {
  const id = overrides.id ?? '694d8c1f2a3b4c11';
  return {
    kind: 'lease',
    key: id,
    leaseKind: 'lease',
    id,
    node: null,
    name: null,
    health: 'passing',
    output: null,
    ttl: aTtl(12, 15),
    isOverdue: false,
    isRenewed: null,
    bound: ['payments/i-88'],
    instances: [],
    knowsBindings: true,
    ...overrides,
  };
}

export function aFindingRow(
  id: string,
  severity: Severity,
  subject: { readonly service: string; readonly instance?: string },
  detail: string,
): FindingRow {
  const finding: Finding = {
    severity,
    subject: subjectOf(subject),
    detail,
    evidence: [{ name: 'endpoint', value: 'http://10.0.4.11:8080' }],
    fix: {
      text: 'find which process owns the port, then:',
      commands: [['sdctl', 'deregister', 'checkout/i-91c2']],
    },
    rule: {
      id,
      slug: 'duplicate-endpoint',
      group: 'data',
      title: 'Two instances at one endpoint',
      severity,
      mode: 'instant',
    },
    fingerprint: `${id}-${subject.service}`,
    suppression: null,
    knownSince: null,
  };
  return { kind: 'finding', key: finding.fingerprint, finding };
}

export function anEventRow(event: MembershipEvent, key: string): EventRow {
  const serviceKey = 'instance' in event ? event.instance.service : null;
  const instanceKey = 'instance' in event ? event.instance.key : null;
  return { kind: 'event', key, event, atMs: Date.parse(event.at), serviceKey, instanceKey };
}

interface Sample {
  readonly name: string;
  readonly counts: Partial<Record<Health, number>>;
  readonly ttl: number | null;
  readonly joined?: number;
  readonly left?: number;
}

const samples: readonly Sample[] = [
  { name: 'checkout', counts: { passing: 4, warning: 1, critical: 1 }, ttl: 3, joined: 4, left: 3 },
  { name: 'cart', counts: { passing: 3, warning: 1 }, ttl: 11, joined: 1, left: 1 },
  {
    name: 'search-indexer-eu-west-canary-with-a-very-long-name',
    counts: { passing: 2, warning: 1 },
    ttl: 22,
  },
  { name: 'api-gateway', counts: { passing: 12 }, ttl: 24, joined: 1 },
  { name: 'auth', counts: { passing: 6 }, ttl: 26 },
  { name: 'billing', counts: { passing: 4 }, ttl: 13, joined: 1, left: 1 },
  { name: 'catalog', counts: { passing: 8 }, ttl: 21 },
  { name: 'fraud-score', counts: { maintenance: 2 }, ttl: 28 },
  { name: 'geo', counts: { passing: 3 }, ttl: 25 },
  { name: 'inventory', counts: { passing: 6 }, ttl: 20, joined: 2, left: 1 },
  { name: 'legacy-batch', counts: { unknown: 2 }, ttl: null },
  { name: 'mailer', counts: { passing: 2 }, ttl: 25 },
  { name: 'media', counts: { passing: 5 }, ttl: 26 },
  { name: 'notify', counts: { passing: 3 }, ttl: 23 },
  { name: 'orders', counts: { passing: 9 }, ttl: 27, joined: 1 },
  { name: 'payments', counts: { passing: 6 }, ttl: 14 },
  { name: 'pricing', counts: { passing: 4 }, ttl: 22 },
  { name: 'profile', counts: { passing: 6 }, ttl: 29 },
  { name: 'ratings', counts: { passing: 2 }, ttl: 24 },
];

function sampleRow({ name, counts, ttl, joined = 0, left = 0 }: Sample): ServiceRow {
  const all = Object.fromEntries(healthStates.map((state) => [state, counts[state] ?? 0])) as Record<
    Health,
    number
  >;
  const [came, went] = [zeros().with(50, joined), zeros().with(52, left)];
  return aServiceRow({
    name,
    counts: all,
    instances: Object.values(all).reduce((sum, count) => sum + count, 0),
    health: healthStates.find((state) => all[state] > 0) ?? 'passing',
    hasLeases: ttl !== null,
    joined: came,
    left: went,
    churn: came.map((count, minute) => count + (went[minute] ?? 0)),
  });
}

const lowest = new Map(samples.map(({ name, ttl }) => [name, ttl]));

export const serviceRows: readonly ServiceRow[] = samples.map(sampleRow);

const instanceSamples: readonly (readonly [string, string, Health, number])[] = [
  ['i-91c2', '10.0.4.11', 'critical', 3],
  ['i-7f3a', '10.0.4.17', 'warning', 11],
  ['i-02bd', '10.0.4.11', 'passing', 29],
  ['i-1c55', '10.0.4.12', 'passing', 27],
  ['i-3e80', '10.0.4.13', 'passing', 24],
  ['i-a9f4', '10.0.4.20', 'passing', 22],
];

const times = new Map(instanceSamples.map(([id, , , left]) => [id, left]));

function instanceSample([id, address, health]: (typeof instanceSamples)[number]): InstanceRow {
  const key = `/microservices/checkout/${id}`;
  const isIll = health === 'warning';
  const row = anInstanceRow(
    { sinceMs: isIll ? NOW_MS - 100_000 : null, reason: isIll ? 'renewals 4s late on average' : null },
    {
      id,
      key,
      health,
      endpoints: [{ protocol: 'http', address, port: 8_080 }],
      metadata: {
        zone: 'eu-west-1b',
        commit: '9f2c41e',
        note: 'line one\nline two \u001b[31mred\u001b[0m',
        'owner-team': 'payments',
      },
    },
  );
  return { ...row, key };
}

const instanceRows: readonly InstanceRow[] = [
  ...instanceSamples.map(instanceSample),
  anInstanceRow(
    { health: 'left', leftAtMs: NOW_MS - 12_000, key: '/microservices/checkout/i-55e0' },
    { id: 'i-55e0', key: '/microservices/checkout/i-55e0', version: '1.8.1' },
  ),
];

/** The same on a registry with nodes: checks in place of leases. */
const nodeInstanceRows: readonly InstanceRow[] = instanceRows.map((row) => {
  const check = {
    id: `service:${row.instance.id}`,
    name: 'Service check',
    type: 'http',
    health: row.instance.health,
    output: 'HTTP GET http://10.0.4.17:8080/health: 200 OK\nOutput: ok\n',
    notes: '',
  };
  return { ...row, instance: { ...row.instance, lease: null, key: null, node: 'node-2', checks: [check] } };
});

const leaseRows: readonly LeaseRow[] = [
  aLeaseRow({ id: '694d8c1f2a3b4c11', health: 'critical', ttl: aTtl(2, 15) }),
  aLeaseRow({ id: '694d8c1f2a3b4c1d', health: 'warning', ttl: aTtl(4, 15), bound: ['payments/i-41'] }),
  aLeaseRow({ id: '694d8c1f2a3b4c2a', bound: ['payments/i-40'] }),
  aLeaseRow({
    id: '694d8c1f2a3b4c2d',
    ttl: aTtl(14, 15),
    bound: ['payments/i-39', 'payments/i-38', '/locks/payments'],
  }),
  aLeaseRow({ id: '694d8c1f2a3b4c30', health: null, ttl: aTtl(55, 60), bound: [], isRenewed: true }),
  aLeaseRow({ id: '694d8c1f2a3b4c31', isOverdue: true, ttl: aTtl(0, 60) }),
  aLeaseRow({ id: '694d8c1f2a3b4c32', ttl: aTtl(null, null), bound: [], knowsBindings: false }),
  aLeaseRow({ id: '694d8c1f2a3b4c33', bound: [] }),
];

const nodeLeaseRows: readonly LeaseRow[] = [
  aLeaseRow({
    id: 'service:payments-1',
    leaseKind: 'ttl-check',
    node: 'node-1',
    name: 'payments TTL',
    health: 'critical',
    output: 'TTL expired',
    ttl: null,
  }),
  aLeaseRow({
    id: '7c1e0b1c-5d3f-4c8e-9a51-0f5f6b1c2d3e',
    leaseKind: 'session',
    node: 'node-2',
    name: 'lock',
    health: null,
    ttl: null,
    bound: ['/locks/payments'],
  }),
];

export const findingRows: readonly FindingRow[] = [
  aFindingRow(
    'SD204',
    'error',
    { service: 'checkout', instance: 'i-91c2' },
    'same endpoint as i-02bd, metadata differ',
  ),
  aFindingRow('SD203', 'error', { service: 'geo', instance: 'i-3' }, 'announces 127.0.0.1:8080'),
  aFindingRow('SD101', 'warning', { service: 'legacy-batch' }, '2 keys without lease: they never expire'),
  aFindingRow(
    'SD105',
    'warning',
    { service: 'checkout', instance: 'i-7f3a' },
    'renewals late: 14s apart, TTL 30s',
  ),
  aFindingRow('SD501', 'warning', { service: 'mailer' }, 'both instances on one host'),
  aFindingRow('SD210', 'info', { service: 'payments' }, 'three versions: 1.8.0 x1, 1.8.1 x1, 1.8.2 x4'),
];

export const unreachable = new SdctlError('E_UNREACHABLE', 'cannot reach etcd at 10.0.0.5:2379', {
  why: 'connection refused',
  hint: 'sdctl context show prod-eu',
});

const seen = (id: string, overrides: Partial<Instance> = {}): Instance =>
  anInstanceRow({}, { id, key: `/microservices/checkout/${id}`, ...overrides }).instance;

export const eventRows: readonly EventRow[] = (
  [
    {
      type: 'joined',
      at: atText(NOW_MS - 3_000),
      instance: seen('i-c7d1', { service: 'orders' }),
      resync: false,
    },
    { type: 'left', at: atText(NOW_MS - 12_000), instance: seen('i-55e0'), reason: 'expired', resync: false },
    {
      type: 'updated',
      at: atText(NOW_MS - 41_000),
      instance: seen('i-91c2', { health: 'critical', healthReason: '2 renewals missed' }),
      previous: seen('i-91c2'),
      resync: false,
    },
    {
      type: 'stale',
      at: atText(NOW_MS - 239_000),
      cause: unreachable,
      attempt: 1,
      retryInMs: 4_000,
    },
    {
      type: 'synced',
      at: atText(NOW_MS - 241_000),
      snapshot: {
        service: 'checkout',
        instances: [seen('i-7f3a')],
        undecoded: [],
        skipped: [],
        revision: '48102',
        takenAtMs: NOW_MS,
        partial: false,
      },
    },
  ] as const
).map((event, index) => anEventRow({ ...event, revision: '48211' }, String(index)));

const rowsOf: Readonly<
  Record<Place['screen'], { readonly plain: readonly Row[]; readonly nodes: readonly Row[] }>
> = {
  services: { plain: serviceRows, nodes: serviceRows },
  service: { plain: instanceRows, nodes: nodeInstanceRows },
  instance: { plain: [], nodes: [] },
  host: { plain: instanceRows, nodes: nodeInstanceRows },
  leases: { plain: leaseRows, nodes: nodeLeaseRows },
  lease: { plain: instanceRows, nodes: nodeInstanceRows },
  doctor: { plain: findingRows, nodes: findingRows },
  events: { plain: eventRows, nodes: eventRows },
};

export const places: readonly Place[] = [
  { screen: 'services' },
  { screen: 'service', serviceKey: 'checkout', name: 'checkout' },
  { screen: 'instance', key: '/microservices/checkout/i-7f3a', service: 'checkout', id: 'i-7f3a' },
  { screen: 'host', host: '10.0.4.11' },
  { screen: 'leases' },
  { screen: 'lease', key: 'x', id: '694d8c1f2a3b4c11' },
  { screen: 'doctor' },
  { screen: 'events', serviceKey: null, instanceKey: null, of: null },
];

export const sizes = [
  { columns: 40, rows: 10 },
  { columns: 80, rows: 24 },
  { columns: 160, rows: 45 },
  { columns: 200, rows: 50 },
] as const;

/** A live picture of a place, as the mock-ups have it. */
export function aPaintModel(place: Place, overrides: Partial<PaintModel> = {}): PaintModel {
  const hasNodes = overrides.identity?.hasNodes === true;
  const rows = hasNodes ? rowsOf[place.screen].nodes : rowsOf[place.screen].plain;
  const instances = hasNodes ? nodeInstanceRows : instanceRows;
  const leases = hasNodes ? nodeLeaseRows : leaseRows;
  const sorts: Partial<Record<Place['screen'], string>> = {
    leases: 'ttl',
    doctor: 'severity',
    events: 'time',
  };
  return {
    size: { columns: 80, rows: 24 },
    dress: { color: false, ascii: false, wide: false },
    nowMs: NOW_MS,
    monotonicMs: NOW_MONOTONIC_MS,
    identity: {
      context: 'prod-eu',
      isProtected: true,
      color: 'red',
      backend: 'etcd',
      servers: 'https://10.0.0.5:2379, .6, .7',
      flags: ['-c', 'prod-eu'],
      hasNodes: false,
    },
    connection: { kind: 'live' },
    revision: '48211',
    roundTripMs: 8,
    paused: null,
    place,
    table: {
      rows,
      total: rows.length,
      top: 0,
      selected: Math.min(rows.length - 1, rows === instances ? 1 : 0),
      marks: new Set(),
      sort: {
        column: sorts[place.screen] ?? 'health',
        descending: place.screen === 'services' || place.screen === 'events',
      },
      filter: '',
      problemsOnly: false,
      narrowed: '',
    },
    isReading: false,
    totals: { services: 19, instances: 93, critical: 1, warning: 2 },
    partial: { hidden: false, undecoded: 0 },
    knownTtls: null,
    service: serviceRows[0] ?? null,
    detail: instances[1] ?? null,
    lease: leases[0] ?? null,
    doctor: {
      state: 'done',
      ranAtMs: NOW_MS - 31_000,
      findings: findingRows,
      outcomes: findingRows.slice(0, 1).flatMap(({ finding: { rule } }) => [
        { rule, status: 'pass' as const, reason: null },
        {
          rule: { ...rule, id: 'SD102' },
          status: 'unknown' as const,
          reason: 'leases: no read permission on /locks/',
        },
      ]),
      problem: null,
    },
    events: eventRows,
    keepEvents: 2_000,
    focus: 'table',
    isTop: place.screen === 'services',
    only: null,
    prompt: null,
    dialog: null,
    message: null,
    emptyHint: '/microservices/',
    hiddenColumns: new Set(),
    ttlOf: (row) => (row.kind === 'lease' ? row.ttl : aTtl(times.get(row.instance.id) ?? null, 30)),
    lowestTtlOf: (row) => {
      const left = lowest.get(row.name) ?? null;
      return left === null ? null : { ttl: aTtl(left), isPartial: row.name === 'geo' };
    },
    renewalsOf: () => Array.from({ length: 16 }, (_, index) => NOW_MS - (16 - index) * 14_000),
    ...overrides,
  };
}

/** Our own sequences: colours, and the column to go on in. */

const SEQUENCE = /\x1b\[(?:[\d;]*m|(\d+)G)/g;

/**
 * What stands in the cells of a line once a terminal has obeyed it; the second cell of a wide character is empty.
 *
 * @param left column of the screen that it begins in, from 0
 */
export function cellsOfLine(line: string, left: number): readonly (string | undefined)[] {
  const cells: (string | undefined)[] = [];
  let at = 0;
  let from = 0;
  const write = (text: string): void => {
    for (const character of text) {
      cells[at] = character;
      for (let more = 1; more < cellsOf(character); more += 1) cells[at + more] = '';
      at += cellsOf(character);
    }
  };
  for (const match of line.matchAll(SEQUENCE)) {
    write(line.slice(from, match.index));
    from = match.index + match[0].length;
    if (match[1] !== undefined) at = Number(match[1]) - 1 - left;
  }
  write(line.slice(from));
  return cells;
}

/** What the slots of a frame show, a line for each row; cells of ink are blank. */
export function textOf(frame: Frame, size: Size): readonly string[] {
  const rows = Array.from({ length: size.rows }, () => new Array<string>(size.columns).fill(' '));
  for (const { area, lines } of frame.slots)
    for (const [index, line] of lines.entries())
      for (const [column, cell] of cellsOfLine(line, area.left).entries()) {
        const row = rows[area.top + index];
        if (row !== undefined) row[area.left + column] = cell ?? ' ';
      }
  return rows.map((row) => row.join('').trimEnd());
}

/** Which rows a place has, what a saved table holds, and what an entry looks like as it is stored. */
import { describe, expect, it } from 'vitest';
import { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import type { LeaseRecord } from '../../src/lib/model/lease.js';
import type { MembershipEvent } from '../../src/lib/model/membership.js';
import type { ReadOnlyRegistry } from '../../src/lib/registry/read-only.js';
import type { EntryText } from '../../src/lib/registry/types.js';
import { Book } from '../../src/lib/tui/model/book.js';
import type { Place } from '../../src/lib/tui/model/paint-model.js';
import type { FindingRow, LeaseRow, Row } from '../../src/lib/tui/model/rows.js';
import { endpointsText, findingLines, rawLines } from '../../src/lib/tui/state/raw-text.js';
import { holds, hostOf, instancesBehind, rowsOf } from '../../src/lib/tui/state/table-source.js';
import { tableTsv } from '../../src/lib/tui/state/table-tsv.js';
import type { World } from '../../src/lib/tui/world.js';
import { anInstance } from '../support/builders.js';
import { leak, vectors } from '../support/hostile.js';
import { aFindingRow, aLeaseRow, anEventRow, anInstanceRow } from '../support/tui-models.js';

const moment = { wallMs: Date.parse('2024-05-01T10:00:00Z'), monotonicMs: 0 };
const at = '2024-05-01T10:00:00.000Z';

const one = anInstance({ service: 'pay', id: 'p-1', node: 'n1', key: '/pay/p-1' });
const two = anInstance({ service: 'pay', id: 'p-2', node: 'n2', key: '/pay/p-2', health: 'critical' });
const cart = anInstance({ service: 'cart', id: 'c-1', node: 'n1', key: '/cart/c-1', lease: null });

function aBook(instances: readonly Instance[]): Book {
  const book = new Book(100);
  const snapshot = {
    service: null,
    instances,
    undecoded: [],
    skipped: [],
    revision: '7',
    takenAtMs: moment.wallMs,
    partial: false,
  };
  book.apply({ type: 'synced', at, revision: '7', snapshot }, moment);
  return book;
}

function aWorld(book: Book, leases: readonly LeaseRow[] = [], findings: readonly FindingRow[] = []): World {
  return {
    book,
    leases: { rows: () => leases, row: (key: string) => leases.find((row) => row.key === key) ?? null },
    doctor: { view: { findings } },
  } as unknown as World;
}

const keysOf = (world: World, place: Place, narrowed = ''): readonly string[] =>
  [...rowsOf(world, { place, narrowed })].map(({ key }) => key);
const events = { screen: 'events', serviceKey: null, instanceKey: null, of: null } as const;
const left = (instance: Instance): MembershipEvent => ({
  type: 'left',
  at,
  revision: '8',
  instance,
  reason: 'expired',
  resync: false,
});

describe('the rows of a place', () => {
  const lease = aLeaseRow({ key: 'L', instances: ['/pay/p-1', '/gone'] });

  it('are services, instances, those of one host, leases and what hangs on one', () => {
    const world = aWorld(aBook([one, two, cart]), [lease]);
    expect(keysOf(world, { screen: 'services' })).toEqual(['pay', 'cart']);
    expect(keysOf(world, { screen: 'service', serviceKey: 'pay', name: 'pay' })).toEqual([
      '/pay/p-1',
      '/pay/p-2',
    ]);
    expect(keysOf(world, { screen: 'service', serviceKey: 'x', name: 'x' })).toEqual([]);
    expect(keysOf(world, { screen: 'host', host: 'n1' })).toEqual(['/pay/p-1', '/cart/c-1']);
    expect(keysOf(world, { screen: 'leases' })).toEqual(['L']);
    expect(keysOf(world, { screen: 'lease', key: 'L', id: 'x' })).toEqual(['/pay/p-1']);
    expect(keysOf(world, { screen: 'instance', key: '/pay/p-1', service: 'pay', id: 'p-1' })).toEqual([]);
  });

  it('are none where nothing is open yet', () => {
    const world = { book: new Book(10), leases: null, doctor: null } as unknown as World;
    for (const screen of ['services', 'leases', 'doctor'] as const)
      expect(keysOf(world, { screen })).toEqual([]);
    expect(keysOf(world, { screen: 'lease', key: 'L', id: 'x' })).toEqual([]);
    expect(keysOf(world, events)).toEqual([]);
  });

  it('keep one that has just left', () => {
    const book = aBook([one, two]);
    book.apply(left(one), moment);
    expect(keysOf(aWorld(book), { screen: 'service', serviceKey: 'pay', name: 'pay' })).toHaveLength(2);
  });

  it('are the findings from one severity on', () => {
    const findings = (['error', 'warning', 'info'] as const).map((severity) =>
      aFindingRow(severity, severity, { service: 'a' }, ''),
    );
    const world = aWorld(aBook([]), [], findings);
    const shown = (narrowed: string): number => keysOf(world, { screen: 'doctor' }, narrowed).length;
    expect([shown(''), shown('warning'), shown('error')]).toEqual([3, 2, 1]);
  });

  it('are the events of everything, of a service, of an instance, or of one type, newest first', () => {
    const book = aBook([one, two, cart]);
    for (const instance of [one, two, cart]) book.apply(left(instance), moment);
    const world = aWorld(book);
    expect(keysOf(world, events)).toEqual(['4', '3', '2', '1']);
    expect(keysOf(world, { ...events, serviceKey: 'pay' })).toEqual(['3', '2']);
    expect(keysOf(world, { ...events, serviceKey: 'pay', instanceKey: '/pay/p-2' })).toEqual(['3']);
    expect(keysOf(world, events, 'synced')).toEqual(['1']);
    expect(keysOf(world, { ...events, serviceKey: 'cart' }, 'joined')).toEqual([]);
  });

  it('hold an instance where reading them anew would find it', () => {
    const world = aWorld(aBook([one, two, cart]), [lease]);
    const places: readonly Place[] = [
      { screen: 'service', serviceKey: 'pay', name: 'pay' },
      { screen: 'host', host: 'n1' },
      { screen: 'lease', key: 'L', id: 'x' },
    ];
    for (const place of places)
      for (const row of world.book.allInstances())
        expect(holds(world, place, row)).toBe(keysOf(world, place).includes(row.key));
  });

  it('stand for instances, for selectors', () => {
    const world = aWorld(aBook([one, two, cart]), [lease]);
    const idsOf = (row: Row | null): readonly string[] =>
      row === null ? [] : [...instancesBehind(world, row)].map(({ id }) => id);
    expect(idsOf(world.book.service('pay'))).toEqual(['p-1', 'p-2']);
    expect(idsOf(world.book.instance('/pay/p-1'))).toEqual(['p-1']);
    expect(idsOf(lease)).toEqual(['p-1']);
    expect(idsOf(anEventRow(left(cart), '1'))).toEqual(['c-1']);
    expect(idsOf(aFindingRow('SD101', 'error', { service: 'pay' }, ''))).toEqual([]);
  });

  it.each([
    [{ node: 'n1' }, 'n1'],
    [{}, '10.0.0.1'],
    [{ endpoints: [] }, null],
    [{ endpoints: [{ protocol: null, address: '', port: 80 }] }, null],
    [{ endpoints: [{ protocol: null, address: '127.0.0.1', port: 80 }] }, '127.0.0.1'],
    [
      {
        endpoints: [{ protocol: null, address: '127.0.0.1', port: 80 }],
        owner: { host: 'h1', pid: 1, started: at, run: 'r' },
      },
      'h1',
    ],
  ] as const)('%j runs on %s', (overrides, host) => {
    expect(hostOf({ instance: anInstance(overrides) })).toBe(host);
  });
});

describe('a saved table', () => {
  const table = (rows: readonly Row[], book = aBook([one, two, cart])): readonly (readonly string[])[] =>
    tableTsv(rows, book, 0)
      .split('\n')
      .slice(0, -1)
      .map((line) => line.split('\t'));
  const value = (lines: readonly (readonly string[])[], row: number, column: string): string | undefined =>
    lines[row + 1]?.[lines[0]?.indexOf(column) ?? -1];

  it('is nothing without rows', () => {
    expect(tableTsv([], aBook([]), 0)).toBe('');
  });

  it('has the health that is shown, and nothing that has left', () => {
    const book = aBook([one, two, cart]);
    book.readTtl({ id: 'lease-1', grantedSeconds: 30, leftSeconds: 4, isOverdue: false }, moment);
    book.apply(left(two), moment);
    const instances = table([...book.allInstances()], book);
    expect(instances).toHaveLength(3);
    expect(value(instances, 0, 'instance')).toBe('p-1');
    expect(value(instances, 0, 'health')).toBe('critical');
    const services = table([...book.services()], book);
    expect(value(services, 0, 'service')).toBe('pay');
    expect(value(services, 0, 'instances')).toBe('1');
    expect(value(services, 0, 'critical')).toBe('1');
  });

  it('has leases, findings and events with the same number of fields in each line', () => {
    const leases = table([aLeaseRow({ id: 'abc', bound: ['a,b', 'c'] }), aLeaseRow({ ttl: null })]);
    expect(value(leases, 0, 'bound')).toBe(String.raw`a\x2cb,c`);
    const findings = table([aFindingRow('SD204', 'error', { service: 'a' }, 'tab\there')]);
    expect(value(findings, 0, 'detail')).toBe(String.raw`tab\there`);
    const log = table([anEventRow(left(one), '1')]);
    expect(value(log, 0, 'at')).toBe(at);
    expect(value(log, 0, 'type')).toBe('left');
    for (const lines of [leases, findings, log])
      for (const line of lines) expect(line).toHaveLength(lines[0]?.length ?? 0);
  });

  it('holds nothing that a terminal would obey', () => {
    const hostile = Object.values(vectors).map((text, index) =>
      anInstance({
        service: text,
        id: `${index}${text}`,
        key: `/${index}`,
        tags: [text],
        metadata: { a: text },
      }),
    );
    const book = aBook(hostile);
    const all = [
      tableTsv([...book.allInstances()], book, 0),
      tableTsv([...book.services()], book, 0),
      tableTsv(
        hostile.map((instance, index) => anEventRow(left(instance), String(index))),
        book,
        0,
      ),
      tableTsv([aLeaseRow({ id: vectors['title'] ?? '', bound: Object.values(vectors) })], book, 0),
    ].join('');
    expect(all).not.toMatch(leak);
  });
});

const signal = new AbortController().signal;
const reading = { ascii: false, signal };
const entryOf = (value: string | Uint8Array, key: string | null = '/pay/p-1'): EntryText => ({
  key,
  isBinaryKey: false,
  value: typeof value === 'string' ? new TextEncoder().encode(value) : value,
});
const aRegistry = (parts: Partial<ReadOnlyRegistry>): ReadOnlyRegistry =>
  parts as unknown as ReadOnlyRegistry;
const stored = (value: string | Uint8Array, key?: string | null): Promise<readonly string[]> =>
  rawLines(aRegistry({ readEntry: () => Promise.resolve(entryOf(value, key)) }), anInstanceRow(), reading);

describe('an entry as it is stored', () => {
  it('is shown line by line, under its key', async () => {
    expect(await stored('one\ntwo')).toEqual(['key  /pay/p-1', '', 'one', 'two']);
    expect(await stored('one', null)).toEqual(['one']);
  });

  it('is indented where it is JSON on one line, with every value as it stands', async () => {
    const text = String.raw`{"id":12345678901234567890,"a":[],"b":{ },"c":[1.0,{"d":"x: {y}, \"z\""}],"e":"\u202e","a":null}`;
    const lines = await stored(text, null);
    expect(lines).toEqual([
      '{',
      '  "id": 12345678901234567890,',
      '  "a": [],',
      '  "b": {},',
      '  "c": [',
      '    1.0,',
      '    {',
      String.raw`      "d": "x: {y}, \"z\""`,
      '    }',
      '  ],',
      String.raw`  "e": "\u202e",`,
      '  "a": null',
      '}',
    ]);
  });

  it('is left alone where it is not JSON, or has lines already', async () => {
    expect(await stored('{"a": ', null)).toEqual(['{"a": ']);
    expect(await stored('{"a":\n1}', null)).toEqual(['{"a":', '1}']);
    expect(await stored('', null)).toEqual(['']);
  });

  it('is only named where it is not text', async () => {
    const [line] = await stored(new Uint8Array([0xff, 0xfe, 0x00]), null);
    expect(line).toMatch(/^<binary 3 B, sha256 [0-9a-f]{8}…>$/);
  });

  it('says that it is gone, and why it could not be read', async () => {
    const gone = aRegistry({
      readEntry: () => Promise.resolve(null),
      readLease: () => Promise.resolve(null),
    });
    expect(await rawLines(gone, anInstanceRow(), reading)).toEqual(['It is not there any more.']);
    expect(await rawLines(gone, aLeaseRow(), reading)).toEqual(['It is not there any more.']);
    const refusing = aRegistry({
      readEntry: () =>
        Promise.reject(new SdctlError('E_UNREACHABLE', 'cannot reach\x1b[2J', { why: 'refused' })),
    });
    expect(await rawLines(refusing, anInstanceRow(), reading)).toEqual([
      String.raw`cannot reach\e[2J`,
      'refused',
    ]);
  });

  it('does not hide a defect', async () => {
    const broken = aRegistry({ readEntry: () => Promise.reject(new TypeError('broken')) });
    await expect(rawLines(broken, anInstanceRow(), reading)).rejects.toThrow('broken');
  });

  it('of a lease names all that hangs on it', async () => {
    const record: LeaseRecord = {
      kind: 'ttl-check',
      id: 'service:pay',
      node: 'n1',
      name: 'alive',
      grantedSeconds: null,
      leftSeconds: null,
      isOverdue: false,
      isRenewed: null,
      health: 'passing',
      output: 'line one\nline two',
      onEnd: null,
      bindings: [
        {
          kind: 'instance',
          key: '/pay/p-1',
          isBinaryKey: false,
          name: { service: 'pay', id: 'p-1', node: null },
          instance: null,
          layout: null,
        },
      ],
      knowsBindings: false,
    };
    const lines = await rawLines(
      aRegistry({ readLease: () => Promise.resolve(record) }),
      aLeaseRow(),
      reading,
    );
    expect(lines).toContain('keys (1, maybe more)');
    expect(lines.some((line) => /^ {2}\/pay\/p-1 +pay\/p-1$/.test(line))).toBe(true);
    expect(lines.slice(-2)).toEqual(['line one', 'line two']);
  });

  it.each(Object.entries(vectors))('%s cannot act on the terminal', async (_name, text) => {
    const lines = [...(await stored(text, text)), ...(await stored(JSON.stringify({ [text]: text }), text))];
    for (const line of lines) expect(line).not.toMatch(leak);
    for (const line of lines) expect(line).not.toContain('\n');
  });
});

describe('a finding as text', () => {
  it('holds what it is about, why, and what to do', () => {
    const { finding } = aFindingRow('SD204', 'error', { service: 'pay', instance: 'p-1' }, 'same endpoint');
    const lines = findingLines(finding, { flags: [] }, false);
    expect(lines[0]).toBe('SD204 duplicate-endpoint (error)');
    expect(lines).toContain('service   pay');
    expect(lines).toContain('  sdctl deregister checkout/i-91c2');
    expect(lines.at(-1)).toBe('  sdctl doctor --explain SD204');
  });

  it('offers no command with hidden characters', () => {
    const { finding } = aFindingRow('SD204', 'error', { service: 'pay' }, '');
    const fix = { text: 'do', commands: [['sdctl', 'deregister', `pay/${vectors['override'] ?? ''}`]] };
    expect(findingLines({ ...finding, fix }, { flags: [] }, false).join('\n')).not.toContain('deregister');
  });
});

describe('endpoints to copy', () => {
  it('are the first of each row, none without any, refused when one is not safe', () => {
    const row = (address: string): Row =>
      anInstanceRow({}, { endpoints: [{ protocol: 'http', address, port: 80 }] });
    expect(endpointsText([row('10.0.0.1'), row('10.0.0.2')])).toBe('http://10.0.0.1:80\nhttp://10.0.0.2:80');
    expect(endpointsText([anInstanceRow({}, { endpoints: [] }), aLeaseRow()])).toBe('');
    expect(endpointsText([row('10.0.0.1'), row(vectors['clipboard'] ?? '')])).toBeNull();
  });
});

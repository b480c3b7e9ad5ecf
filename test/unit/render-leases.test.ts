import { describe, expect, it } from 'vitest';
import type { LeaseEventType } from '../../src/lib/model/lease-event.js';
import { leaseEventTypes } from '../../src/lib/model/lease-event.js';
import { renderTable } from '../../src/lib/render/columns.js';
import { renderTsv, sortByField } from '../../src/lib/render/fields.js';
import { leaseColumns, leaseFields, ttlField } from '../../src/lib/render/lease-columns.js';
import { leaseDetails, leaseDetailsTsv } from '../../src/lib/render/lease-details.js';
import { leaseEventDocument, leaseList } from '../../src/lib/render/lease-documents.js';
import {
  leaseEventFields,
  leaseEventLine,
  leaseIdWidth,
  leaseSummary,
} from '../../src/lib/render/lease-lines.js';
import { revokeLines } from '../../src/lib/render/lease-revoke-lines.js';
import { ownText } from '../../src/lib/render/safe-text.js';
import { aBinding, aCheck, aKey, aLease, aLeaseOf, aSession } from './lease-samples.js';
import { at, aView, hostile, LEAK, nowMs } from './render-samples.js';

const etcd = { backend: 'etcd', hasNodes: false, isObserved: false };
const consul = { backend: 'consul', hasNodes: true, isObserved: false };
const ledger = aBinding({
  key: '/microservices/ledger/i-39',
  name: { service: 'ledger', id: 'i-39', node: null },
});
const many = aLease({ bindings: [aKey('undecoded', '/locks/payments-cron'), aBinding(), ledger] });

const leases = [
  aLease({ id: '694d8c1f2a3b4c11', leftSeconds: 0, isOverdue: true }),
  many,
  aLease({ id: '694d8c1f2a3b4c30', grantedSeconds: 60, leftSeconds: 55.8, bindings: [], isRenewed: true }),
  aLease({ id: '694d8c1f2a3b4c31', leftSeconds: 5, bindings: [], isRenewed: false }),
  aLease({
    id: '694d8c1f2a3b4c32',
    leftSeconds: null,
    grantedSeconds: null,
    bindings: [],
    knowsBindings: false,
  }),
  aLease({ id: '694d8c1f2a3b4c33', knowsBindings: false }),
];

describe('leases', () => {
  it('stand in aligned columns', async () => {
    expect(await renderTable(leaseColumns({ ...etcd, isObserved: true }), leases, aView())).toBe(
      [
        'LEASE             TTL LEFT  GRANTED  RENEWED  KEYS  BOUND TO',
        '694d8c1f2a3b4c11  overdue   15s      -        1     payments/i-39',
        '694d8c1f2a3b4c2d  14s       15s      -        3     ledger/i-39, 2 more',
        '694d8c1f2a3b4c30  55s       60s      yes      0     nothing, yet renewed',
        '694d8c1f2a3b4c31  5s        15s      no       0     nothing',
        '694d8c1f2a3b4c32  -         -        -        -     -',
        '694d8c1f2a3b4c33  14s       15s      -        -     payments/i-39, maybe more',
        '',
      ].join('\n'),
    );
    const [head] = (await renderTable(leaseColumns(etcd), leases, aView())).split('\n');
    expect(head).toBe('LEASE             TTL LEFT  GRANTED  KEYS  BOUND TO');
  });

  it('show all that hangs on them and their decimal id with wide', async () => {
    const text = await renderTable(leaseColumns(etcd), [many], aView({ format: 'wide', width: 20 }));
    expect(text).toBe(
      [
        'LEASE             TTL LEFT  GRANTED  KEYS  BOUND TO                                          DECIMAL',
        '694d8c1f2a3b4c2d  14s       15s      3     ledger/i-39, payments/i-39, /locks/payments-cron  7587875012669557805',
        '',
      ].join('\n'),
    );
  });

  it('of Consul say their state, with the node in their name', async () => {
    const rows = [aCheck({ health: 'critical', isOverdue: true }), aSession()];
    expect(await renderTable(leaseColumns(consul), rows, aView())).toBe(
      [
        'LEASE                                 KIND       NODE    TTL LEFT  GRANTED  STATE       BOUND TO',
        'service:i-39@node-2                   TTL check  node-2  overdue   15s      ✖ critical  payments/i-39',
        '0a3c1d5e-1111-2222-3333-444455556666  session    node-2  -         15s      -           -',
        '',
      ].join('\n'),
    );
    const wide = await renderTable(leaseColumns(consul), rows, aView({ format: 'wide' }));
    expect(wide).toMatch(/BOUND TO +NAME +OUTPUT\n/);
    expect(wide).toMatch(/payments\/i-39@node-2 +ttl +ok\n/);
    const plain = await renderTable(leaseColumns(consul), rows, aView({ plain: true, color: true }));
    expect(plain).toContain('  critical  ');
  });

  it.each([40, 60, 80])('fit into %d cells', async (width) => {
    const long = aCheck({ id: `service:${'x'.repeat(80)}` });
    for (const [options, word] of [
      [etcd, 'overdue'],
      [consul, '● passing'],
    ] as const) {
      const text = await renderTable(leaseColumns(options), [long, ...leases], aView({ width }));
      expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(text).toContain(word);
    }
  });

  it('have fixed fields', () => {
    const rows = [many, aCheck({ isRenewed: true }), aSession()];
    expect(renderTsv(leaseFields('etcd'), rows, { headers: true })).toBe(
      [
        'lease\tkind\tnode\tgrantedSeconds\tleftSeconds\toverdue\trenewed\thealth\tkeys\tservices\tbound\tname\toutput\tdecimal',
        '694d8c1f2a3b4c2d\tlease\t\t15\t14\tfalse\t\t\t3\tledger,payments\tledger/i-39,payments/i-39,/locks/payments-cron\t\t\t7587875012669557805',
        'service:i-39@node-2\tttl-check\tnode-2\t15\t\tfalse\ttrue\tpassing\t1\tpayments\tpayments/i-39@node-2\tttl\tok\t',
        '0a3c1d5e-1111-2222-3333-444455556666\tsession\tnode-2\t15\t\tfalse\t\t\t\t\t\tcron\t\t',
        '',
      ].join('\n'),
    );
  });

  it('are sorted by ttl, overdue first and unknown last', () => {
    const order = sortByField(leases, ttlField).map(({ id }) => id.slice(-2));
    expect(order).toEqual(['11', '31', '2d', '33', '30', '32']);
  });

  it('are counted by kind', () => {
    const origin = { context: 'prod-eu', backend: 'etcd' };
    const revision = ownText('48211');
    expect(leaseSummary([many, many, many], revision, origin, aView())).toBe(
      '3 leases in prod-eu (etcd), rev 48211',
    );
    expect(leaseSummary([], revision, origin, aView())).toBe('0 leases in prod-eu (etcd), rev 48211');
    const stage = { context: null, backend: 'consul' };
    expect(leaseSummary([aSession(), aCheck(), aCheck()], ownText('9'), stage, aView())).toBe(
      '2 TTL checks, 1 session in consul, rev 9',
    );
  });
});

describe('one lease', () => {
  const details = { backend: 'etcd', at };
  const time = /\d\d:\d\d:\d\d/;

  it('stands on lines of a word and what it is', () => {
    const marker = aKey('marker', '/rpcx/payments', { layout: 'rpcx' });
    const lease = aLease({ bindings: [...many.bindings, marker, aKey('unread', '/secret')] });
    expect(leaseDetails(lease, details, aView()).replace(time, '10:42:11')).toBe(
      [
        'lease     694d8c1f2a3b4c2d  (decimal 7587875012669557805)',
        'granted   15s',
        'left      14s at 10:42:11',
        'renewed   unknown: sdctl lease list --observe tells',
        'keys (5)  /microservices/ledger/i-39    ledger/i-39 (kratos)',
        '          /microservices/payments/i-39  payments/i-39 (kratos)',
        '          /locks/payments-cron          not an instance',
        '          /rpcx/payments                marker of rpcx',
        '          /secret                       not read',
        '',
      ].join('\n'),
    );
    expect(leaseDetails(aLease({ bindings: [], isOverdue: true, leftSeconds: 0 }), details, aView())).toMatch(
      /left {6}overdue, and still there at .*\nrenewed .*\nkeys \(0\) {2}nothing\n$/,
    );
    expect(leaseDetails(aLease({ knowsBindings: false }), details, aView())).toMatch(
      /keys {5}\/micro.*\n {9}what else hangs on it could not be seen\n$/,
    );
  });

  it('of Consul has a state, and what it says behind a gutter', () => {
    const check = aCheck({ output: 'ok\nlease     forged', health: 'warning' });
    expect(leaseDetails(check, { ...details, backend: 'consul' }, aView()).replace(time, '10:42:11')).toBe(
      [
        'lease     service:i-39@node-2',
        'kind      TTL check',
        'name      ttl',
        'node      node-2',
        'granted   15s',
        'left      unknown at 10:42:11',
        'renewed   unknown: sdctl lease list --observe tells',
        'state     ▲ warning',
        'output    │ ok',
        '          │ lease     forged',
        'bound to  payments/i-39@node-2 (kratos)',
        '',
      ].join('\n'),
    );
    const session = aSession({
      onEnd: 'delete',
      knowsBindings: true,
      bindings: [aKey('lock', 'locks/cron')],
    });
    const text = leaseDetails(session, { ...details, backend: 'consul' }, aView());
    expect(text).toContain('renewed     unknown\nat its end  its locks are deleted\n');
    expect(text).toMatch(/keys \(1\) +locks\/cron {2}lock\n$/);
  });

  it('has a field and a value on each line in a pipe', () => {
    const lines = leaseDetailsTsv(many, 'etcd').slice(0, -1).split('\n');
    expect(lines.map((line) => line.split('\t')[0])).toEqual([
      ...leaseFields('etcd').map(({ key }) => key),
      'onEnd',
      'key',
      'key',
      'key',
    ]);
    expect(lines).toContain('leftSeconds\t14');
    expect(lines).toContain('decimal\t7587875012669557805');
    expect(lines.at(-1)).toBe('key\t/locks/payments-cron\tundecoded');
  });
});

describe('what falls with a lease', () => {
  const place = ownText('lab (etcd)');
  const textOf = (lease: Parameters<typeof revokeLines>[0]) => revokeLines(lease, place, aView()).join('\n');

  it('is named on one line, or on a line each', () => {
    expect(textOf(many)).toBe(
      'Revoking 694d8c1f2a3b4c2d in lab (etcd) removes 3 keys: ledger/i-39, payments/i-39, /locks/payments-cron.',
    );
    expect(textOf(aLease())).toBe('Revoking 694d8c1f2a3b4c2d in lab (etcd) removes 1 key: payments/i-39.');
    expect(textOf(aLease({ bindings: [] }))).toBe('Revoking 694d8c1f2a3b4c2d in lab (etcd) removes no key.');
    const keys = ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => aKey('undecoded', key));
    expect(textOf(aLease({ bindings: keys })).split('\n')).toEqual([
      'Revoking 694d8c1f2a3b4c2d in lab (etcd) removes 6 keys:',
      ...['a', 'b', 'c', 'd', 'e', 'f'].map((key) => `  ${key}`),
    ]);
  });

  it('is released or deleted with a session', () => {
    const locks = [aKey('lock', 'a'), aKey('lock', 'b')];
    const known = { knowsBindings: true, bindings: locks };
    expect(textOf(aSession(known))).toContain(' releases 2 locks: a, b.');
    expect(textOf(aSession({ ...known, onEnd: 'delete' }))).toContain(' deletes 2 keys: a, b.');
    expect(textOf(aSession())).toMatch(/ releases what it holds\.\nWhat hangs on it could not be seen\.$/);
  });
});

describe('an event', () => {
  const event = (type: LeaseEventType, lease = aLease()) => ({ type, at, lease });
  const line = (type: LeaseEventType, lease = aLease()) =>
    leaseEventLine(event(type, lease), leaseIdWidth([lease]), aView()).replace(/^\S+/, '10:41:09');

  it('is a line with the time left', () => {
    expect(line('left')).toBe('10:41:09  694d8c1f2a3b4c2d  14s/15s      payments/i-39');
    expect(line('renewed', many)).toBe(
      '10:41:09  694d8c1f2a3b4c2d  14s/15s      ledger/i-39, 2 more  renewed',
    );
    expect(line('ended', aLease({ leftSeconds: null }))).toBe(
      '10:41:09  694d8c1f2a3b4c2d  -/15s        payments/i-39  ended',
    );
    expect(line('changed', aCheck({ health: 'critical' }))).toBe(
      '10:41:09  service:i-39@node-2  ✖ critical   payments/i-39  changed',
    );
    const long = aLease({ id: 'x'.repeat(100) });
    expect(leaseIdWidth([long, aLease()])).toBe(48);
  });

  it('has fixed fields', () => {
    expect(renderTsv(leaseEventFields, [event('renewed', many)], { headers: true })).toBe(
      [
        'at\ttype\tlease\tleftSeconds\tgrantedSeconds\tservices\tbound\thealth\toverdue',
        `${at}\trenewed\t694d8c1f2a3b4c2d\t14\t15\tledger,payments\tledger/i-39,payments/i-39,/locks/payments-cron\t\tfalse`,
        '',
      ].join('\n'),
    );
  });

  it('is a document in which nothing has two meanings', () => {
    expect(leaseEventDocument(event('new', aSession()), 'consul')).toMatchObject({
      kind: 'LeaseEvent',
      type: 'new',
      at,
      leaseType: 'session',
      idDecimal: null,
      keys: null,
      bindings: [],
    });
  });
});

it('a document says what was seen and what was not', () => {
  const binary = aKey('unread', '\u00ff\u00fe', { isBinaryKey: true });
  const marker = aKey('marker', '/m', { name: { service: 'payments', id: '', node: null }, layout: 'rpcx' });
  const listing = { revision: '48211', takenAtMs: nowMs, hidden: ['leases of others'] };
  const lease = aLease({ bindings: [aBinding(), binary, marker], isRenewed: false });
  expect(leaseList([lease], listing, { context: 'lab', backend: 'etcd' })).toMatchObject({
    kind: 'LeaseList',
    revision: '48211',
    takenAt: '2026-03-02T10:38:10.551Z',
    partial: true,
    hidden: ['leases of others'],
    items: [
      {
        type: 'lease',
        idDecimal: '7587875012669557805',
        overdue: false,
        renewed: false,
        keys: 3,
        services: ['payments'],
        bindings: [
          { type: 'instance', service: 'payments', instance: 'i-39', layout: 'kratos' },
          { type: 'marker', key: '/m', keyBase64: null, service: 'payments', instance: null, layout: 'rpcx' },
          { type: 'unread', key: null, keyBase64: '//4=', service: null, instance: null },
        ],
      },
    ],
  });
  expect(leaseList([], { ...listing, hidden: [] }, { context: null, backend: 'local' })).toMatchObject({
    partial: false,
    items: [],
  });
});

describe.each(Object.entries(hostile))('%s in every field', (_name, text) => {
  const evil = [
    aLeaseOf(text),
    aLeaseOf(text, { kind: 'ttl-check', health: 'critical' }),
    aLeaseOf(text, { kind: 'session' }),
  ];

  it.each(['table', 'wide'] as const)('stays harmless in %s', async (format) => {
    for (const ascii of [false, true]) {
      const view = aView({ format, ascii, width: 120 });
      const tables = [
        await renderTable(leaseColumns(etcd), evil, view),
        await renderTable(leaseColumns(consul), evil, view),
      ];
      for (const table of tables) {
        expect(table.split('\n')).toHaveLength(evil.length + 2);
        expect(table).not.toContain('\t');
      }
      const lines = evil.flatMap((lease) => [
        ...revokeLines(lease, ownText('x'), view),
        ...leaseEventTypes.map((type) => leaseEventLine({ type, at, lease }, 10, view)),
      ]);
      for (const line of lines) expect(line).not.toMatch(/[\n\t]/);
      const details = evil.map((lease) => leaseDetails(lease, { backend: 'etcd', at }, view));
      for (const detail of details) expect(detail).not.toMatch(/^(?:Error|forged)/m);
      // Joiners are language in free text, which is what a check says.
      const free = details.map((detail) => detail.replaceAll('\u200d', ''));
      const all = [...tables, ...lines, ...free].join('\n');
      expect(all).not.toMatch(LEAK);
      if (ascii) expect(all).toMatch(/^[\x20-\x7e\n]*$/);
    }
  });

  it('stays harmless in tsv', () => {
    const tsv = renderTsv(leaseFields('etcd'), evil);
    expect(tsv.split('\n')).toHaveLength(evil.length + 1);
    for (const line of tsv.slice(0, -1).split('\n'))
      expect(line.split('\t')).toHaveLength(leaseFields('etcd').length);
    const details = evil.map((lease) => leaseDetailsTsv(lease, 'etcd')).join('');
    for (const line of details.slice(0, -1).split('\n'))
      expect(line.split('\t')).toHaveLength(line.startsWith('key\t') ? 3 : 2);
    const events = renderTsv(
      leaseEventFields,
      evil.map((lease) => ({ type: 'left' as const, at, lease })),
    );
    expect(tsv + details + events).not.toMatch(LEAK);
  });
});

import { formatInstanceName } from '../../src/lib/model/instance-name.js';
import { describe, expect, it } from 'vitest';
import { renderTable } from '../../src/lib/render/columns.js';
import { chooseFields, renderNames, renderTsv, sortByField } from '../../src/lib/render/fields.js';
import { instanceColumns, instanceFields } from '../../src/lib/render/instance-columns.js';
import { serviceColumns, serviceFields } from '../../src/lib/render/service-columns.js';
import { toService } from '../../src/lib/model/instance.js';
import { anInstance, anInstanceOf, aView, hostile, LEAK, nowMs, servicesOf } from './render-samples.js';

const rows = [
  anInstance({
    id: 'i-91c2',
    health: 'critical',
    lease: { id: '694d8c1f2a3b4c01', ttlSeconds: 30, leftSeconds: 3 },
    zone: null,
    tags: [],
  }),
  anInstance({ health: 'warning' }),
  anInstance({ id: 'i-1', lease: null, endpoints: [], version: null, registeredAt: null, health: 'unknown' }),
];

describe('instances', () => {
  it('stand in aligned columns', async () => {
    expect(await renderTable(instanceColumns(), rows, aView())).toBe(
      [
        'INSTANCE  HEALTH      ENDPOINT                TTL       VERSION  ZONE        AGE',
        'i-91c2    ✖ critical  http://10.0.4.17:8080  3s/30s    1.8.2    -           2m',
        'i-7f3a    ▲ warning   http://10.0.4.17:8080  11s/30s   1.8.2    eu-west-1b  2m',
        'i-1       ◌ unknown   -                      no lease  -        eu-west-1b  -',
        '',
      ]
        .join('\n')
        .replace('ENDPOINT                TTL', 'ENDPOINT               TTL'),
    );
  });

  it('show more with wide and cut nothing', async () => {
    const long = anInstance({ id: 'i'.repeat(400), tags: ['a', 'b'] });
    const text = await renderTable(instanceColumns(), [long], aView({ format: 'wide', width: 20 }));
    expect(text).toMatch(
      /^INSTANCE +HEALTH +ENDPOINT +TTL +LEASE +VERSION +ZONE +NODE +AGE +WEIGHT +TAGS +LAYOUT +OWNER +KEY\n/,
    );
    expect(text).toContain('i'.repeat(400));
    expect(text).toContain('694d8c1f2a3b4c0c');
  });

  it('show services and nodes where they tell instances apart', async () => {
    const text = await renderTable(instanceColumns({ services: true, nodes: true }), rows, aView());
    expect(text.split('\n')[0]).toBe(
      'SERVICE   INSTANCE  HEALTH      ENDPOINT               TTL       VERSION  ZONE        NODE  AGE',
    );
  });

  it.each([20, 40, 60, 80, 100])('fit into %d cells', async (width) => {
    const long = anInstance({ id: `very-long-${'x'.repeat(80)}-end`, zone: 'z'.repeat(60) });
    const text = await renderTable(instanceColumns(), [long, ...rows], aView({ width }));
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(Math.max(width, 'INSTANCE  ✖ critical'.length));
    expect(text).toContain('…');
    expect(text).toContain('✖ critical');
    expect(text).toMatch(/very.*(nd|end) /);
  });

  it('let ports be read before zones', async () => {
    const ids = [anInstance({ id: `checkout-${'0'.repeat(30)}` })];
    const text = await renderTable(instanceColumns(), ids, aView({ width: 76 }));
    expect(text).toContain('http://10.0.4.17:8080');
    expect(text).not.toContain('ZONE');
    expect(text).toContain('AGE');
    expect(await renderTable(instanceColumns(), ids, aView({ width: 40 }))).toContain('http://10.0.4');
  });

  it('use ASCII, words and no header where asked to', async () => {
    const ascii = await renderTable(
      instanceColumns(),
      [anInstance({ id: 'x'.repeat(60) })],
      aView({ ascii: true, width: 70 }),
    );
    expect(ascii).toMatch(/^[\x20-\x7e\n]*$/);
    expect(ascii).toContain('+ passing');
    expect(ascii).toContain('...');
    const plain = await renderTable(instanceColumns(), rows, aView({ plain: true, headers: false }));
    expect(plain).not.toMatch(/[●▲✖]|INSTANCE/);
    expect(plain).toContain('critical');
  });

  it('colour only the glyph, with palette colours', async () => {
    const text = await renderTable(instanceColumns(), rows.slice(0, 1), aView({ color: true }));
    expect(text).toContain('\x1b[31m✖\x1b[39m critical');
    expect(text.replace(/\p{Cc}\[\d+m/gu, '')).toBe(
      await renderTable(instanceColumns(), rows.slice(0, 1), aView()),
    );
  });

  it('align wide characters by the cells they take', async () => {
    const text = await renderTable(
      instanceColumns(),
      [anInstance({ id: '日本語' }), anInstance({ id: 'abcdef' })],
      aView(),
    );
    const [, wide, narrow] = text.split('\n');
    expect((wide ?? '').indexOf('●') + 3).toBe((narrow ?? '').indexOf('●'));
    const cut = await renderTable(
      instanceColumns(),
      [anInstance({ id: '日本語'.repeat(20) })],
      aView({ width: 60 }),
    );
    expect(cut).toMatch(/日本語.*….*語/);
  });

  it('print nothing without rows', async () => {
    expect(await renderTable(instanceColumns(), [], aView())).toBe('');
    expect(renderTsv(instanceFields, [])).toBe('');
  });

  it('have fixed fields', () => {
    expect(renderTsv(instanceFields, rows.slice(1), { headers: true })).toBe(
      [
        'instance\thealth\tendpoint\tttlLeftSeconds\tttlSeconds\tlease\tversion\tzone\tnode\tregisteredAt\tlayout\tkey\ttags\tservice\tendpoints\tweight\teffectiveWeight\tnamespace\twarnings\towner',
        'i-7f3a\twarning\thttp://10.0.4.17:8080\t11\t30\t694d8c1f2a3b4c0c\t1.8.2\teu-west-1b\t\t2026-03-02T10:36:00.000Z\tsdctl\t/services/checkout/i-7f3a\tcanary\tcheckout\thttp://10.0.4.17:8080\t10\t\t\t\t',
        'i-1\tunknown\t\t\t\t\t\teu-west-1b\t\t\tsdctl\t/services/checkout/i-7f3a\tcanary\tcheckout\t\t10\t\t\t\t',
        '',
      ].join('\n'),
    );
  });

  it('are chosen and sorted by field name', () => {
    const choice = chooseFields(instanceFields, ['zone', 'instance']);
    expect(choice.ok && renderTsv(choice.fields, rows.slice(0, 1))).toBe('\ti-91c2\n');
    expect(chooseFields(instanceFields, ['zone', 'nope'])).toMatchObject({ ok: false, unknown: ['nope'] });
    const [by] = instanceFields.filter((field) => field.key === 'ttlLeftSeconds');
    if (by === undefined) throw new Error('no such field');
    expect(sortByField(rows, by).map((row) => row.id)).toEqual(['i-91c2', 'i-7f3a', 'i-1']);
    expect(sortByField(rows, by, true).map((row) => row.id)).toEqual(['i-7f3a', 'i-91c2', 'i-1']);
    const [health] = instanceFields.filter((field) => field.key === 'health');
    if (health === undefined) throw new Error('no such field');
    expect(sortByField(rows, health).map((row) => row.health)).toEqual(['critical', 'warning', 'unknown']);
  });
});

describe('services', () => {
  const services = [
    toService('checkout', [...rows.slice(0, 2), anInstance(), anInstance()]),
    toService('legacy-batch', [anInstance({ lease: null, health: 'unknown', layout: 'plain' })]),
    toService('consul', [anInstance({ lease: { id: 'service:a', ttlSeconds: null, leftSeconds: null } })]),
  ];

  it('show states with counts', async () => {
    expect(await renderTable(serviceColumns, services, aView())).toBe(
      [
        'SERVICE       INSTANCES  HEALTH         LOWEST TTL  LAYOUT',
        'checkout      4          ● 2  ▲ 1  ✖ 1  3s          sdctl',
        'legacy-batch  1          ◌ 1            no lease    plain',
        'consul        1          ● 1            -           sdctl',
        '',
      ].join('\n'),
    );
    const plain = await renderTable(serviceColumns, services, aView({ plain: true }));
    expect(plain).toContain('2 passing, 1 warning, 1 critical');
  });

  it('have fixed fields', () => {
    expect(renderTsv(serviceFields, services, { headers: true })).toBe(
      [
        'service\tinstances\tpassing\twarning\tcritical\tmaintenance\tunknown\tlowestTtlSeconds\tlayouts\tdisabled\troot',
        'checkout\t4\t2\t1\t1\t0\t0\t3\tsdctl\t0\t',
        'legacy-batch\t1\t0\t0\t0\t0\t1\t\tplain\t0\t',
        'consul\t1\t1\t0\t0\t0\t0\t\tsdctl\t0\t',
        '',
      ].join('\n'),
    );
  });
});

describe.each(Object.entries(hostile))('%s in every field', (_name, text) => {
  const evil = [anInstanceOf(text)];

  it.each(['table', 'wide'] as const)('stays harmless in %s', async (format) => {
    for (const ascii of [false, true]) {
      const view = aView({ format, ascii, width: 120 });
      for (const table of [
        await renderTable(instanceColumns({ services: true, nodes: true }), evil, view),
        await renderTable(serviceColumns, servicesOf(evil), view),
      ]) {
        expect(table).not.toMatch(LEAK);
        expect(table).not.toContain('\t');
        expect(table.split('\n')).toHaveLength(3);
        if (ascii) expect(table).toMatch(/^[\x20-\x7e\n]*$/);
      }
    }
  });

  it('stays harmless in tsv and name', () => {
    const tsv =
      renderTsv(instanceFields, evil) +
      renderTsv(serviceFields, servicesOf(evil)) +
      renderNames(evil.map((one) => formatInstanceName(one)));
    expect(tsv).not.toMatch(LEAK);
    expect(tsv.split('\n')).toHaveLength(4);
    expect(tsv.split('\t')).toHaveLength(instanceFields.length + serviceFields.length - 1);
  });
});

it('writes 10 000 instances in well under a second', async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => anInstance({ id: `i-${index}` }));
  const start = performance.now();
  renderTsv(instanceFields, many);
  const tsvMs = performance.now() - start;
  await renderTable(instanceColumns(), many, aView({ nowMs }));
  const tableMs = performance.now() - start - tsvMs;
  console.log(`10 000 rows: tsv ${tsvMs.toFixed(0)} ms, table ${tableMs.toFixed(0)} ms`);
  // Far above what it takes, so that a busy machine does not fail; a quadratic writer would.
  expect(tsvMs).toBeLessThan(500);
  expect(tableMs).toBeLessThan(1_000);
});

import { describe, expect, it } from 'vitest';
import { mixedLayouts } from '../../../src/lib/doctor/rules/sd207-mixed-layouts.js';
import {
  at,
  consulWith,
  earlier,
  etcdWith,
  foundAbout,
  kratos,
  onConsul,
  type RawPair,
} from './entry-premises.js';
import { anExamination, run } from './premises.js';

/** An instance of a service in kratos, below its own root unless told otherwise. */
function inKratos(service: string, host: number, root = '/microservices/'): RawPair {
  return [`${root}${service}/${host}`, kratos(service, String(host), `http://10.0.0.${host}:80`)];
}

function plain(service: string, host: number, root = '/services/'): RawPair {
  return [`${root}${service}/10.0.0.${host}:80`, `10.0.0.${host}:80`];
}

function goKit(service: string, host: number): RawPair {
  return [`/services/${service}/10.0.0.${host}:80`, `http://10.0.0.${host}:80`];
}

function goframe(service: string, version: string, namespace = 'default'): RawPair {
  return [`/service/default/${namespace}/${service}/${version}/10.0.0.1:80`, '{"protocol":"http"}'];
}

describe('finds a service in parts', () => {
  it('under two layouts that share some instances', () => {
    const moving = etcdWith([
      inKratos('order', 1),
      inKratos('order', 2),
      plain('order', 2),
      plain('order', 3),
    ]);
    expect(run(mixedLayouts, moving)).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order', instance: null },
        evidence: [
          { name: 'kratos below /microservices/', value: '2 instances' },
          { name: 'only in kratos below /microservices/', value: '10.0.0.1:80' },
          { name: 'plain below /services/', value: '2 instances' },
          { name: 'only in plain below /services/', value: '10.0.0.3:80' },
        ],
      },
    ]);
  });

  it('under two roots that share some instances', () => {
    const moving = etcdWith([
      inKratos('order', 1),
      inKratos('order', 1, '/new/'),
      inKratos('order', 2, '/new/'),
    ]);
    expect(run(mixedLayouts, moving)).toMatchObject([{ severity: 'warning' }]);
  });

  it('in two forms below one root, where everybody looks', () => {
    expect(run(mixedLayouts, etcdWith([plain('order', 1), goKit('order', 2)]))).toMatchObject([
      { severity: 'warning', identity: ['order', 'parts'] },
    ]);
  });

  it('an info where two layouts elsewhere share nothing but a name', () => {
    expect(run(mixedLayouts, etcdWith([inKratos('order', 1), plain('order', 2)]))).toMatchObject([
      { severity: 'info' },
    ]);
  });
});

describe('leaves a service alone', () => {
  it.each<[string, RawPair[]]>([
    ['with the same instances in both places', [inKratos('order', 1), plain('order', 1)]],
    ['that each of two environments has', [inKratos('order', 1), inKratos('order', 2, '/stage/')]],
    ['that each of two namespaces has', [goframe('order', 'v1'), goframe('order', 'v1', 'stage')]],
    [
      'that a gateway is configured for',
      [inKratos('order', 1), ['/apisix/upstreams/1', '{"name":"order","nodes":{"10.0.0.9:80":1}}']],
    ],
    [
      'of Dubbo in Go and Java',
      [
        [`/dubbo/com.Order/providers/${encodeURIComponent('dubbo://10.0.0.1:1/com.Order')}`, ''],
        [
          `/dubbo/com.Order/providers/${encodeURIComponent('dubbo://10.0.0.2:1/com.Order')}`,
          '7587875012669557760',
        ],
      ],
    ],
    ['under one layout', [plain('order', 1), plain('order', 2), plain('pay', 3)]],
  ])('%s', (_what, pairs) => {
    expect(run(mixedLayouts, etcdWith(pairs))).toEqual([]);
  });

  it('whose stray entry SD201 has found', () => {
    const mixed = etcdWith([inKratos('order', 1), plain('order', 2, '/microservices/')]);
    const stray = mixed.snapshot.instances.find(({ layout }) => layout === 'plain');
    expect(run(mixedLayouts, mixed)).toHaveLength(1);
    if (stray === undefined) throw new Error('it is an instance');
    expect(run(mixedLayouts, { ...mixed, ...earlier({ SD201: [foundAbout(stray)] }) })).toEqual([]);
  });
});

describe('names that begin with another one', () => {
  it('are a warning under go-kit, once for the shorter name', () => {
    const names = etcdWith([
      goKit('order', 1),
      goKit('order-admin', 2),
      goKit('order-api', 3),
      goKit('pay', 4),
    ]);
    expect(run(mixedLayouts, names)).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order' },
        detail: 'a lookup of order by go-kit may be answered with the instances of order-admin, order-api',
      },
    ]);
  });

  it('are an info under kratos, which compares them afterwards', () => {
    expect(run(mixedLayouts, etcdWith([inKratos('order', 1), inKratos('order-admin', 2)]))).toMatchObject([
      { severity: 'info', subject: { service: 'order' } },
    ]);
  });

  it('are versions under GoFrame', () => {
    const names = etcdWith([
      goframe('order', 'v1'),
      goframe('order', 'v10'),
      goframe('order', 'v2'),
      goframe('order-admin', 'v22'),
    ]);
    expect(run(mixedLayouts, names)).toMatchObject([
      {
        severity: 'warning',
        subject: { service: 'order' },
        detail: expect.stringContaining('version v1 of order') as unknown,
      },
    ]);
  });

  it('do no harm elsewhere', () => {
    const fine = [
      plain('order', 1),
      plain('order-admin', 2),
      inKratos('pay', 1),
      inKratos('pay-admin', 2, '/other/'),
    ];
    expect(run(mixedLayouts, etcdWith(fine))).toEqual([]);
  });
});

describe('on Consul', () => {
  it('finds one name in several spellings', () => {
    const two = [
      onConsul({ service: 'order-api' }),
      onConsul({ service: 'Order_API', id: 'b', ...at('10.0.0.2') }),
    ];
    expect(run(mixedLayouts, consulWith(two))).toMatchObject([
      {
        severity: 'warning',
        evidence: expect.arrayContaining([{ name: 'order-api', value: '1 instance' }]) as unknown,
      },
    ]);
  });

  it.each([
    [
      'the same instances under both',
      [onConsul({ service: 'order-api' }), onConsul({ service: 'order_api', id: 'b' })],
    ],
    [
      'numbers',
      [onConsul({ service: 'svc-1--1' }), onConsul({ service: 'svc-11', id: 'b', ...at('10.0.0.2') })],
    ],
    [
      'other names',
      [onConsul({ service: 'order' }), onConsul({ service: 'orders', id: 'b', ...at('10.0.0.2') })],
    ],
  ])('leaves %s alone', (_what, instances) => {
    expect(run(mixedLayouts, consulWith(instances))).toEqual([]);
  });
});

it('is unknown where a part is hidden', () => {
  const examination = anExamination();
  expect(run(mixedLayouts, { ...examination, facts: { ...examination.facts, isFiltered: true } })).toBe(
    'unknown',
  );
  expect(run(mixedLayouts, { ...examination, snapshot: { ...examination.snapshot, partial: true } })).toBe(
    'unknown',
  );
});

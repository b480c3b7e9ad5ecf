import { describe, expect, it } from 'vitest';
import { duplicateInstanceId } from '../../../src/lib/doctor/rules/sd206-duplicate-instance-id.js';
import {
  at,
  consulWith,
  earlier,
  etcdWith,
  expiredOnConsul,
  found,
  foundAbout,
  kratos,
  onConsul,
} from './entry-premises.js';
import { run } from './premises.js';

const here = onConsul({ revision: '7' });
const there = onConsul({ node: 'node-2', revision: '30' });

describe('on Consul', () => {
  it('finds one instance on two nodes, and suspects the older copy', () => {
    expect(run(duplicateInstanceId, consulWith([there, here]))).toMatchObject([
      {
        severity: 'error',
        subject: { service: 'order', instance: 'order-1', node: 'node-1' },
        detail: 'order/order-1 is registered on node-1 and on node-2',
        fix: { commands: [['sdctl', 'deregister', 'order/order-1@node-1']] },
        identity: ['order', 'order-1', 'node-1', 'node-2'],
      },
    ]);
  });

  it('suspects the copy that is not well', () => {
    const ill = expiredOnConsul({ node: 'node-2', revision: '99' });
    expect(run(duplicateInstanceId, consulWith([here, ill]))).toMatchObject([
      { subject: { node: 'node-2' } },
    ]);
  });

  it.each([
    ['the same id at another address', [here, { ...there, ...at('10.0.0.2') }]],
    ['another id', [here, { ...there, id: 'order-2' }]],
    ['another service', [here, onConsul({ service: 'pay', node: 'node-2' })]],
    [
      'no port to tell by',
      [
        { ...here, ...at('10.0.0.1', null) },
        { ...there, ...at('10.0.0.1', null) },
      ],
    ],
    ["Consul's own entry", [here, there].map((one) => ({ ...one, service: 'consul' }))],
  ])('leaves %s alone', (_what, instances) => {
    expect(run(duplicateInstanceId, consulWith(instances))).toEqual([]);
  });

  it('leaves copies alone whose address tells nothing, or whose node is lost', () => {
    const bad = earlier({ SD203: [foundAbout(here), foundAbout(there)] });
    expect(run(duplicateInstanceId, consulWith([here, there], bad))).toEqual([]);
    const lost = earlier({ SD403: [found({ node: 'node-1' })] });
    expect(run(duplicateInstanceId, consulWith([here, there], lost))).toEqual([]);
  });
});

describe('on etcd', () => {
  it('finds one id under two keys', () => {
    const twice = etcdWith([
      ['/services/order/v1/10.0.0.1:80', '10.0.0.1:80'],
      ['/services/order/v2/10.0.0.1:80', '10.0.0.1:80'],
    ]);
    expect(run(duplicateInstanceId, twice)).toMatchObject([
      {
        severity: 'error',
        subject: { key: '/services/order/v1/10.0.0.1:80' },
        fix: { commands: [['sdctl', 'list', 'order', '--id', '10.0.0.1:80']] },
      },
    ]);
  });

  const url = (query: string): string =>
    `/dubbo/com.Order/providers/${encodeURIComponent(`dubbo://10.0.0.1:20880/com.Order?${query}`)}`;

  it('leaves versions and groups of one process alone', () => {
    const fine = etcdWith([
      [url('version=1.0.0'), ''],
      [url('version=2.0.0'), ''],
      [url('version=2.0.0&group=b'), ''],
      ['/service/default/default/order/v1/10.0.0.1:80', '{"protocol":"http"}'],
      ['/service/default/default/order/v2/10.0.0.1:80', '{"protocol":"http"}'],
    ]);
    expect(fine.snapshot.instances).toHaveLength(5);
    expect(run(duplicateInstanceId, fine)).toEqual([]);
  });

  it('leaves two ids, two services and two roots alone', () => {
    const fine = etcdWith([
      ['/microservices/order/a', kratos('order', 'a', 'http://10.0.0.1:80')],
      ['/microservices/order/b', kratos('order', 'b', 'http://10.0.0.2:80')],
      ['/microservices/pay/a', kratos('pay', 'a', 'http://10.0.0.1:80')],
      ['/stage/microservices/order/a', kratos('order', 'a', 'http://10.0.0.1:80')],
    ]);
    expect(run(duplicateInstanceId, fine)).toEqual([]);
  });

  it('leaves a key to SD202 that contradicts its value', () => {
    const copied = etcdWith([
      ['/microservices/order/a', kratos('order', 'a', 'http://10.0.0.1:80')],
      ['/microservices/order/b', kratos('order', 'a', 'http://10.0.0.1:80')],
    ]);
    const [, twin] = copied.snapshot.instances;
    expect(run(duplicateInstanceId, copied)).toHaveLength(1);
    if (twin === undefined) throw new Error('both are instances');
    const known = earlier({ SD202: [foundAbout(twin)] });
    expect(run(duplicateInstanceId, { ...copied, ...known })).toEqual([]);
  });
});

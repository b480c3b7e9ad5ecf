import { describe, expect, it } from 'vitest';
import { unparsableValue } from '../../../src/lib/doctor/rules/sd201-unparsable-value.js';
import { consulWith, etcdWith, kratos } from './entry-premises.js';
import { anExamination, run } from './premises.js';
import { bound } from './lease-premises.js';
import { aLease } from '../lease-samples.js';

const order = ['/microservices/order/a', kratos('order', 'a', 'grpc://10.0.0.1:9000')] as const;
const goframe = ['/service/default/default/pay/latest/10.0.0.2:80', '{"protocol":"http"}'] as const;

describe('finds', () => {
  it('a value that no layout knows, with what is known of it', () => {
    expect(run(unparsableValue, etcdWith([['/services/order/x', 'hello', null]]))).toMatchObject([
      {
        severity: 'warning',
        subject: { service: '/services/order', key: '/services/order/x' },
        detail: '/services/order/x cannot be read: no layout knows this value',
        evidence: expect.arrayContaining([{ name: 'size', value: '5 bytes' }]) as unknown,
        fix: { commands: [['sdctl', 'list', '/services/order']] },
      },
    ]);
  });

  it('whose process wrote it, by what else hangs on its lease', () => {
    const raw = etcdWith([['/services/order/x', 'hello'], order]);
    const lease = aLease({ id: '694d000000000001', bindings: bound(raw.snapshot.instances) });
    const leases = { leases: [lease], revision: '1', takenAtMs: 0, hidden: [] };
    expect(run(unparsableValue, { ...raw, leases })).toMatchObject([
      {
        evidence: expect.arrayContaining([{ name: 'on the same lease', value: 'order/a' }]) as unknown,
        fix: { commands: [['sdctl', 'lease', 'inspect', '694d000000000001']] },
      },
    ]);
  });

  it('what breaks the lookups of kratos, also of names that it begins with', () => {
    const broken = run(unparsableValue, etcdWith([order, ['/microservices/order-admin/x', 'hello']]));
    expect(broken).toMatchObject([
      {
        severity: 'error',
        detail: expect.stringContaining('breaks the lookups of order by kratos') as unknown,
      },
    ]);
  });

  it('what breaks answers of CoreDNS, and of kratos where nobody is registered yet', () => {
    const broken = run(
      unparsableValue,
      etcdWith([
        ['/skydns/local/x', 'a'],
        ['/microservices/pay/x', 'a'],
      ]),
    );
    expect(broken).toMatchObject([
      {
        severity: 'error',
        detail: expect.stringContaining('breaks the lookups there by coredns') as unknown,
      },
      { severity: 'error', detail: expect.stringContaining('breaks the lookups there by kratos') as unknown },
    ]);
  });

  it('an entry of another layout among those of kratos and of GoFrame', () => {
    const strays = etcdWith([
      order,
      ['/microservices/order/10.0.0.9:80', '10.0.0.9:80'],
      goframe,
      ['/service/default/default/pay/latest/x', 'http://10.0.0.9:80'],
    ]);
    expect(run(unparsableValue, strays)).toMatchObject([
      { severity: 'error', subject: { key: '/microservices/order/10.0.0.9:80', address: '10.0.0.9:80' } },
      { severity: 'error', subject: { key: '/service/default/default/pay/latest/x' } },
    ]);
  });

  it('a key that is no text, by its bytes', () => {
    const { snapshot } = anExamination();
    const entry = {
      key: 'a\xff',
      isBinaryKey: true,
      service: null,
      reason: 'r',
      sizeBytes: 1,
      sha256: '',
      leaseId: null,
    };
    const examination = anExamination([], { snapshot: { ...snapshot, undecoded: [entry] } });
    expect(run(unparsableValue, examination)).toMatchObject([{ subject: { key: 'a\\xff' } }]);
  });

  it('an entry of Consul that cannot be named', () => {
    const { snapshot } = anExamination();
    const entry = {
      key: 'service ..',
      isBinaryKey: false,
      service: '..',
      reason: 'r',
      sizeBytes: 0,
      sha256: '',
      leaseId: null,
    };
    const examination = consulWith([], { snapshot: { ...snapshot, undecoded: [entry] } });
    expect(run(unparsableValue, examination)).toMatchObject([
      { severity: 'warning', subject: { service: '..' } },
    ]);
  });
});

describe('leaves alone', () => {
  it('entries that can be read, markers, and JSON of others among kratos', () => {
    const fine = etcdWith([
      order,
      goframe,
      [
        '/microservices/order/b',
        JSON.stringify({ network: 'tcp', address: '10.0.0.3:1', weight: 1, tags: null }),
      ],
      ['/dubbo/com.example.Order/providers', '', null],
      ['/services/pay/10.0.0.9:80', '10.0.0.9:80'],
    ]);
    expect(run(unparsableValue, fine)).toEqual([]);
  });

  it('the severity of what stands beside kratos, and not below it', () => {
    expect(run(unparsableValue, etcdWith([order, ['/services/x/y', 'hello']]))).toMatchObject([
      { severity: 'warning' },
    ]);
  });
});

/** The rules about data and health over one registry: one fault is one finding, whichever rule comes first. */
import { describe, expect, it } from 'vitest';
import { examine } from '../../../src/lib/doctor/examine.js';
import { keyWithoutLease } from '../../../src/lib/doctor/rules/sd101-key-without-lease.js';
import { unparsableValue } from '../../../src/lib/doctor/rules/sd201-unparsable-value.js';
import { keyValueMismatch } from '../../../src/lib/doctor/rules/sd202-key-value-mismatch.js';
import { unroutableAddress } from '../../../src/lib/doctor/rules/sd203-unroutable-address.js';
import { duplicateEndpoint } from '../../../src/lib/doctor/rules/sd204-duplicate-endpoint.js';
import { duplicateInstanceId } from '../../../src/lib/doctor/rules/sd206-duplicate-instance-id.js';
import { mixedLayouts } from '../../../src/lib/doctor/rules/sd207-mixed-layouts.js';
import { orphanMarker } from '../../../src/lib/doctor/rules/sd212-orphan-marker.js';
import { noHealthyInstance } from '../../../src/lib/doctor/rules/sd301-no-healthy-instance.js';
import { unreachable } from '../../../src/lib/doctor/rules/sd302-unreachable.js';
import { criticalTooLong } from '../../../src/lib/doctor/rules/sd303-critical-too-long.js';
import { ttlCheckExpired } from '../../../src/lib/doctor/rules/sd304-ttl-check-expired.js';
import { noHealthCheck } from '../../../src/lib/doctor/rules/sd305-no-health-check.js';
import { maintenanceForgotten } from '../../../src/lib/doctor/rules/sd307-maintenance-forgotten.js';
import { outsideDeclaredRange } from '../../../src/lib/doctor/rules/sd309-outside-declared-range.js';
import { defaultSettings } from '../../../src/lib/doctor/settings.js';
import type { Examination, Rule } from '../../../src/lib/doctor/types.js';
import { subjectName } from '../../../src/lib/model/subject-name.js';
import { instanceKey, type Instance } from '../../../src/lib/model/instance.js';
import {
  aCheck,
  at,
  consulWith,
  etcdWith,
  expiredOnConsul,
  historyOf,
  kratos,
  onConsul,
  probed,
  type RawPair,
} from './entry-premises.js';

const rules: readonly Rule[] = [
  keyWithoutLease,
  unparsableValue,
  keyValueMismatch,
  unroutableAddress,
  duplicateEndpoint,
  duplicateInstanceId,
  mixedLayouts,
  orphanMarker,
  noHealthyInstance,
  unreachable,
  criticalTooLong,
  ttlCheckExpired,
  noHealthCheck,
  maintenanceForgotten,
  outsideDeclaredRange,
];

/** `SD203 order/a`, sorted; the same whatever order the rules are listed in. */
function findings(examination: Examination): readonly string[] {
  const choice = { only: null, skip: new Set<string>() };
  const [there, back] = [rules, rules.toReversed()].map((all) =>
    examine(examination, all, choice, 'test')
      .findings.map(({ rule, subject }) => `${rule.id} ${subjectName(subject)}`)
      .sort(),
  );
  expect(back).toEqual(there);
  return there ?? [];
}

const services = ['order', 'order-admin', 'pay', 'svc-1', 'svc-10'];

function healthyOnEtcd(): readonly RawPair[] {
  return Array.from({ length: 200 }, (_one, index): RawPair => {
    const service = services[index % services.length] ?? 'order';
    const address = `10.${index % 3}.0.${index}:8080`;
    const value = {
      sdctl: 1,
      service,
      id: `i-${index}`,
      endpoints: [`http://${address}`],
      zone: 'a',
      metadata: {},
    };
    return [`/services/${service}/i-${index}`, JSON.stringify(value), index.toString(16).padStart(16, '0')];
  });
}

function healthyOnConsul(): readonly Instance[] {
  const all = Array.from({ length: 200 }, (_one, index) => {
    const id = `i-${index}`;
    const check = aCheck({ id: `service:${id}`, type: 'ttl' });
    const lease = { id: check.id, ttlSeconds: 30, leftSeconds: null };
    const place = at(`10.${index % 3}.0.${index}`);
    const service = services[index % services.length] ?? 'order';
    return onConsul({ service, id, node: `node-${index % 3}`, checks: [check], lease, ...place });
  });
  const servers = [0, 1, 2].map((index) =>
    onConsul({
      service: 'consul',
      id: 'consul',
      node: `node-${index}`,
      checks: [],
      ...at('127.0.0.1', 8_300),
    }),
  );
  return [...all, ...servers];
}

describe('a registry that is well', () => {
  it('has no finding on etcd', () => {
    const examination = etcdWith(healthyOnEtcd());
    expect(examination.snapshot.instances).toHaveLength(200);
    expect(findings(examination)).toEqual([]);
  });

  it('has no finding on Consul', () => {
    expect(findings(consulWith(healthyOnConsul()))).toEqual([]);
  });

  it('has none on a single host, where loopback is right', () => {
    const local = [1, 2, 3].map((id) => onConsul({ id: `order-${id}`, ...at('127.0.0.1', 8_000 + id) }));
    const settings = { ...defaultSettings, allowLoopback: true };
    expect(findings(consulWith(local, { settings }))).toEqual([]);
  });
});

describe('each fault is found once', () => {
  it('on etcd', () => {
    const spare = (service: string, host: number): RawPair => [
      `/microservices/${service}/spare`,
      kratos(service, 'spare', `http://10.9.0.${host}:80`),
    ];
    const faulty = etcdWith([
      ...healthyOnEtcd(),
      ['/services/order/broken', 'hello'],
      ['/services/pay/10.5.0.1:80', '10.5.0.2:80'],
      spare('mail', 1),
      ['/microservices/mail/a', kratos('mail', 'a', 'http://0.0.0.0:80')],
      ['/microservices/mail/b', kratos('mail', 'b', 'http://10.6.0.1:80')],
      ['/microservices/mail/c', kratos('mail', 'c', 'http://10.6.0.1:80')],
      ['/microservices/mail/d', kratos('mail', 'e', 'http://10.6.0.4:80')],
      ['/microservices/mail/10.6.0.9:80', '10.6.0.9:80'],
      ['/microservices/stock/a', kratos('stock', 'a', 'http://10.7.0.1:80'), null],
      ['plain.rpc/x', '{"Op":0,"Addr":"10.8.0.1:80"}', null],
      ['/dubbo/com.Gone/providers', '', null],
    ]);
    expect(findings(faulty)).toEqual([
      'SD101 stock/a',
      'SD201 /services/order',
      'SD201 mail/10.6.0.9:80',
      'SD202 mail/e',
      'SD202 pay/10.5.0.1:80',
      'SD203 mail/a',
      'SD204 mail/b',
      'SD212 /dubbo/com.Gone',
      'SD305 plain.rpc/x',
    ]);
  });

  it('on Consul, with probes, an inventory and earlier runs', () => {
    const failing = aCheck({ id: 'http', type: 'http', health: 'critical', output: 'HTTP 503' });
    const ill = { health: 'critical', healthReason: 'HTTP 503', checks: [failing] } as const;
    const mark = aCheck({ id: '_service_maintenance:out', health: 'maintenance', notes: 'upgrade' });
    const service = 'mail';
    const faulty = {
      expired: expiredOnConsul({ service, id: 'expired', ...at('10.5.0.1') }),
      long: onConsul({ service, id: 'long', ...ill, ...at('10.5.0.2') }),
      bare: onConsul({ service, id: 'bare', checks: [], ...at('10.5.0.3') }),
      out: onConsul({
        service,
        id: 'out',
        health: 'maintenance',
        checks: [mark, aCheck()],
        ...at('10.5.0.4'),
      }),
      dead: onConsul({ service, id: 'dead', ...at('10.5.0.5') }),
      // The same process on two nodes, whose old copy has expired long ago.
      moved: onConsul({ service, id: 'moved', ...at('10.5.0.6') }),
      left: expiredOnConsul({ service, id: 'moved', node: 'node-9', ...at('10.5.0.6') }),
      // One id for each start of a process.
      first: onConsul({ service, id: 'first', revision: '1', ...at('10.5.0.7') }),
      second: onConsul({ service, id: 'second', revision: '2', ...at('10.5.0.7') }),
      bridge: onConsul({ service, id: 'bridge', ...at('172.17.0.2') }),
      sameBridge: onConsul({ service, id: 'same', node: 'node-2', ...at('172.17.0.2') }),
      only: expiredOnConsul({ service: 'cron', id: 'only', ...at('10.5.0.8') }),
      down: onConsul({ service: 'web', id: 'down', ...ill, ...at('10.5.0.9') }),
      // Reached, but refused by everybody.
      silent: onConsul({ service, id: 'silent', ...at('127.0.0.1') }),
    };
    const all = [...healthyOnConsul(), ...Object.values(faulty)];
    const critical = [faulty.expired, faulty.long, faulty.left, faulty.only, faulty.down].map(instanceKey);
    const { history } = historyOf('critical', Object.fromEntries(critical.map((key) => [key, 50])));
    const out = historyOf('maintenance', { [instanceKey(faulty.out)]: 50 }).history;
    const refused = Object.values(faulty).map((one) => [one, 'refused'] as const);
    const working = [faulty.bare, faulty.moved, faulty.left, faulty.first, faulty.second];
    const answers = refused.map(([one]) => [one, working.includes(one) ? 'ok' : 'refused'] as const);
    const declared = { min: 9, max: 9, zones: [], isStatic: false };
    const inventory = { mail: declared, order: declared, lost: { ...declared, max: null } };
    const examination = consulWith(all, {
      ...probed(answers),
      history: {
        firstRun: null,
        since: (kind, key) => history?.since(kind, key) ?? out?.since(kind, key) ?? null,
      },
      settings: { ...defaultSettings, inventory },
    });
    expect(findings(examination)).toEqual([
      'SD203 mail/bridge@node-1',
      'SD203 mail/same@node-2',
      'SD203 mail/silent@node-1',
      'SD204 mail/first@node-1',
      'SD206 mail/moved@node-9',
      'SD301 lost',
      'SD301 web',
      'SD302 mail/dead@node-1',
      'SD303 mail/long@node-1',
      'SD304 cron/only@node-1',
      'SD304 mail/expired@node-1',
      'SD305 mail/bare@node-1',
      'SD307 mail/out@node-1',
      'SD309 order',
    ]);
  });
});

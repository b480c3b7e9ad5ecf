import { describe, expect, it } from 'vitest';
import type { Instance } from '../../src/lib/model/instance.js';
import { decodeEntry } from '../../src/lib/registry/consul/decode.js';
import { reasonOfDeparture } from '../../src/lib/registry/consul/departure.js';
import { overall, readChecks } from '../../src/lib/registry/consul/health.js';
import { metaOf } from '../../src/lib/registry/consul/meta.js';
import { registrationBody } from '../../src/lib/registry/consul/registration-body.js';
import { anOwner, aSpec } from '../support/builders.js';

const node = { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1' };
const serf = { Node: 'n1', CheckID: 'serfHealth', Name: 'Serf', Status: 'passing', ServiceID: '' };

function check(
  id: string,
  status: string,
  extra: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return { Node: 'n1', CheckID: id, Name: id, Status: status, ServiceID: 'a', ...extra };
}

function decode(service: Readonly<Record<string, unknown>>, checks: readonly unknown[] = [serf]): Instance {
  const entry = decodeEntry({
    node,
    service: { ID: 'a', Service: 'pay', ...service },
    checks: readChecks(checks),
    place: 'x',
    layout: 'auto',
  });
  if (!('instance' in entry)) throw new Error('undecoded');
  return entry.instance;
}

describe('decoding of Consul entries', () => {
  it('reads what others wrote', () => {
    const instance = decode({
      Address: '',
      Port: 0,
      Tags: null,
      Meta: { version: '2', zone: 'b', team: 'x', protocol: 'grpc' },
      Weights: { Passing: 7 },
      ModifyIndex: 42,
    });
    expect(instance).toMatchObject({
      node: 'n1',
      endpoints: [{ protocol: 'grpc', address: '10.0.0.1', port: null }],
      tags: [],
      version: '2',
      zone: 'b',
      weight: 7,
      layout: 'consul-generic',
      lease: null,
      owner: null,
      revision: '42',
      metadata: { version: '2', zone: 'b', team: 'x', protocol: 'grpc' },
    });
  });

  it('reads back what sdctl writes', () => {
    const spec = aSpec({
      id: 'a',
      endpoints: [
        { protocol: 'http', address: '10.0.0.7', port: 80 },
        { protocol: 'grpc', address: '2001:db8::1', port: 90 },
      ],
      version: '3',
      zone: 'z',
      weight: 4,
      metadata: { team: 'x' },
    });
    const body = registrationBody(spec, { ttlMs: 20_000, deregisterAfterMs: 600_000 });
    const instance = decode({ ...body, Service: spec.service }, [
      check('service:a', 'passing', { Type: 'ttl' }),
    ]);
    const { endpoints, version, zone, weight, metadata, owner, registeredAt } = spec;
    expect(instance).toMatchObject({
      endpoints,
      version,
      zone,
      weight,
      metadata,
      owner,
      registeredAt,
      layout: 'sdctl',
    });
    expect(instance.lease).toEqual({ id: 'service:a', ttlSeconds: 20, leftSeconds: null });
  });

  it('puts maintenance first, then the worst of service and node; unknown text is critical', () => {
    const health = (...checks: unknown[]): unknown => {
      const { health: state, reason } = overall(readChecks(checks));
      return [state, reason];
    };
    expect(health()).toEqual(['passing', null]);
    expect(health(serf, check('c', 'warning', { Output: 'slow' }))).toEqual(['warning', 'slow']);
    expect(health({ ...serf, Status: 'critical', Output: 'gone' }, check('c', 'passing'))).toEqual([
      'critical',
      'gone',
    ]);
    expect(health(check('c', 'sideways'))).toEqual(['critical', null]);
    expect(
      health(check('c', 'critical'), check('_service_maintenance:a', 'critical', { Notes: 'upgrade' })),
    ).toEqual(['maintenance', 'upgrade']);
    expect(health({ ...serf, CheckID: '_node_maintenance', Status: 'critical', Notes: 'disk' })).toEqual([
      'maintenance',
      'disk',
    ]);
  });

  it('tells an expired lease from one that somebody made critical', () => {
    const ttl = { Type: 'ttl', Output: 'TTL expired (last output before timeout follows): x' };
    expect(reasonOfDeparture(decode({}, [check('service:a', 'critical', ttl)]))).toBe('expired');
    expect(reasonOfDeparture(decode({}, [check('service:a', 'passing', ttl)]))).toBe('unknown');
    expect(
      reasonOfDeparture(decode({}, [check('http', 'critical', { Type: 'http', Output: 'TTL expired' })])),
    ).toBe('unknown');
  });

  it('reports what is no service', () => {
    for (const service of [null, 'x', 7, [], {}, { ID: 'a' }, { ID: 1, Service: 'pay' }]) {
      expect(decodeEntry({ node, service, checks: [], place: 'place', layout: 'auto' })).toMatchObject({
        undecoded: { key: 'place' },
      });
    }
  });

  it('is not taken in by false owners and endpoints', () => {
    const instance = decode({
      Address: '1.2.3.4',
      Port: 70_000,
      Meta: {
        'sdctl-owner': '{"pid":"x"}',
        'sdctl-endpoints': '["http://h:99999"]',
        'sdctl-ttl': '-3',
        __proto__: null,
      },
    });
    expect(instance.owner).toBeNull();
    expect(instance.endpoints).toEqual([{ protocol: null, address: '1.2.3.4', port: null }]);
  });
});

describe('what Consul would refuse or change', () => {
  const limits = { ttlMs: 20_000, deregisterAfterMs: 600_000 };
  const usage = expect.objectContaining({ code: 'E_USAGE' }) as unknown;

  function thrownBy(work: () => unknown): unknown {
    try {
      return work();
    } catch (error) {
      return error;
    }
  }

  it.each([
    ['a short deregister-after', () => registrationBody(aSpec(), { ...limits, deregisterAfterMs: 59_999 })],
    ['a fraction as weight', () => registrationBody(aSpec({ weight: 0.5 }), limits)],
    ['no weight at all', () => registrationBody(aSpec({ weight: 0 }), limits)],
    ['a dotted key', () => metaOf(aSpec({ metadata: { 'a.b': 'x' } }), 20_000)],
    ['a key of ours', () => metaOf(aSpec({ metadata: { 'sdctl-owner': 'x' } }), 20_000)],
    ["a key of Consul's", () => metaOf(aSpec({ metadata: { 'consul-x': 'x' } }), 20_000)],
    ['a long value', () => metaOf(aSpec({ metadata: { a: 'x'.repeat(513) } }), 20_000)],
    [
      'a value of few characters and many bytes',
      () => metaOf(aSpec({ metadata: { a: 'ä'.repeat(257) } }), 20_000),
    ],
    [
      'more endpoints than fit into one value',
      () =>
        metaOf(
          aSpec({
            endpoints: Array.from({ length: 30 }, (_, i) => ({
              protocol: 'http',
              address: `10.0.0.${i}`,
              port: 8_080,
            })),
          }),
          20_000,
        ),
    ],
    ['two versions', () => metaOf(aSpec({ version: '1', metadata: { version: '2' } }), 20_000)],
    [
      'too many pairs',
      () =>
        metaOf(
          aSpec({ metadata: Object.fromEntries(Array.from({ length: 62 }, (_, i) => [`k${i}`, 'v'])) }),
          20_000,
        ),
    ],
  ])('%s', (_what, work) => {
    expect(thrownBy(work)).toEqual(usage);
  });

  it('sends a check of its own id that passes at once', () => {
    const spec = aSpec({ id: 'a', owner: anOwner() });
    expect(registrationBody(spec, limits)['Check']).toMatchObject({
      CheckID: 'service:a',
      TTL: '20000ms',
      Status: 'passing',
      DeregisterCriticalServiceAfter: '600000ms',
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consulLayoutOf, consulLayouts } from '../../src/lib/layouts/consul/index.js';
import { etcdLayouts } from '../../src/lib/layouts/etcd/index.js';
import { decodeEntry, placesOf, type Decoded } from '../../src/lib/layouts/index.js';
import type { RawEntry } from '../../src/lib/layouts/types.js';
import { formatHostPort } from '../../src/lib/model/endpoint.js';
import type { Instance } from '../../src/lib/model/instance.js';
import { formatInstanceName, parseInstanceName } from '../../src/lib/model/instance-name.js';
import type { RegistrationSpec } from '../../src/lib/registry/types.js';
import { decodeName, encodeName } from '../../src/lib/registry/local/file-names.js';
import { fixtureBytes, fixturesOf } from '../support/layout-fixtures.js';
import { anyText, spec } from './arbitraries.js';

const LEASE = 7_587_875_012_669_557_772n;
const leaseId = LEASE.toString(16).padStart(16, '0');
const names = ['auto', ...etcdLayouts.map(({ name }) => name)];
const writers = etcdLayouts.flatMap((layout) =>
  layout.writer === undefined ? [] : [{ layout, writer: layout.writer }],
);

/** Where each layout is written in these tests. */
const prefixOf = (root: string): string => (root === '' ? 'base/' : root);

/** What a layout can hold of a registration: it refuses the rest, so the rest is left out. */
function fitting(one: RegistrationSpec, name: string): RegistrationSpec {
  const [first] = one.endpoints;
  const address = first === undefined || first.address.includes(':') ? '10.0.0.1' : first.address;
  const main = { protocol: first?.protocol ?? 'http', address, port: first?.port ?? 80 };
  const free = ['etcd-endpoints', 'kratos', 'kitex', 'hertz', 'go-micro', 'goframe', 'rpcx'].includes(name);
  const label = (text: string): string => text.replaceAll(/[^a-z0-9]/gi, '').slice(0, 20) || 'x';
  return {
    ...one,
    service: name === 'coredns' ? `${label(one.service)}.skydns.local` : one.service,
    id: name === 'coredns' ? label(one.id) : one.id,
    endpoints: name === 'kratos' || name === 'goframe' ? [main, { ...main, port: 81 }] : [main],
    tags: [],
    metadata: free ? { ...one.metadata, team: 'trade' } : {},
    version: free ? one.version?.replaceAll(/[^\w.]/g, '') || 'v1' : null,
    weight: free || name === 'coredns' ? 7 : null,
    zone: null,
  };
}

/** Where the version has a field of its own; elsewhere it stands in the metadata. */
const OWN_VERSION = new Set(['kratos', 'go-micro', 'goframe']);

describe('decode after encode', () => {
  it.each(writers.map((one) => [one.layout.name, one] as const))('gives back what %s wrote', (name, one) => {
    fc.assert(
      fc.property(spec, (random) => {
        const written = fitting(random, name);
        const prefix = prefixOf(one.layout.root);
        const context = { prefix, leaseId: LEASE.toString(), ttlSeconds: 30, neighbours: [] };
        const result = one.writer.encode(written, context);
        if (!result.ok) throw new Error(result.why);
        const raw = {
          key: Buffer.from(result.key),
          value: Buffer.from(result.value),
          leaseId,
          revision: '7',
        };
        for (const root of [
          prefix,
          ...(name === 'sdctl' || name === 'plain' || name === 'go-kit' ? [] : ['']),
        ]) {
          const decoded = decodeEntry(raw, { prefix: root });
          if (decoded.state !== 'instance') throw new Error(JSON.stringify(decoded));
          const { instance } = decoded;
          expect(instance.layout).toBe(name);
          expect(instance.service).toBe(
            root === '' && (name === 'etcd-endpoints' || name === 'go-zero')
              ? `${prefix}${written.service}`
              : written.service,
          );
          expect(instance.endpoints.map(formatHostPort)).toEqual(written.endpoints.map(formatHostPort));
          expect(instance.lease?.id).toBe(leaseId);
          if (written.weight !== null) expect(instance.weight ?? Number(instance.metadata['weight'])).toBe(7);
          if (written.version !== null && OWN_VERSION.has(name))
            expect(instance.version).toBe(written.version);
          for (const [key, value] of Object.entries(written.metadata))
            if (
              key !== 'version' &&
              key !== 'zone' &&
              key !== 'weight' &&
              key !== 'protocol' &&
              key !== 'insecure' &&
              key !== 'state'
            )
              expect([key, Object.getOwnPropertyDescriptor(instance.metadata, key)?.value]).toEqual([
                key,
                value,
              ]);
        }
      }),
    );
  });

  it("keeps everything of a registration in sdctl's own form", () => {
    const sdctl = writers.find(({ layout }) => layout.name === 'sdctl');
    fc.assert(
      fc.property(spec, fc.option(fc.constant(leaseId)), (one, lease) => {
        const context = { prefix: '/services/', leaseId: '1', ttlSeconds: 30, neighbours: [] };
        const result = sdctl?.writer.encode(one, context);
        if (result?.ok !== true) throw new Error('not written');
        const entry = { key: Buffer.from(result.key), value: Buffer.from(result.value), leaseId: lease };
        const decoded = decodeEntry({ ...entry, revision: '7' }, { prefix: '/services/' });
        if (decoded.state !== 'instance') throw new Error(JSON.stringify(decoded));
        const { service, id, endpoints, tags, metadata, version, zone, owner, registeredAt } = one;
        const expected = { service, id, endpoints, tags, version, owner, registeredAt, root: '/services/' };
        expect(decoded.instance).toMatchObject(expected);
        expect(decoded.instance.zone).toBe(
          zone ?? (Object.hasOwn(metadata, 'zone') ? metadata['zone'] : null),
        );
        // As text: a key called __proto__ is compared like any other.
        expect(Object.entries(decoded.instance.metadata)).toEqual(Object.entries(metadata));
        expect(JSON.stringify(decoded.instance.weight)).toBe(JSON.stringify(one.weight));
        expect(decoded.instance.health).toBe(lease === null ? 'unknown' : 'passing');
      }),
    );
  });
});

const fixtures = fixturesOf('etcd');
/** Values near those of frameworks: their fields with anything in them. */
const nearJson = fc
  .dictionary(
    fc.constantFrom(
      ...['sdctl', 'endpoints', 'owner', 'metadata', 'name', 'id', 'addr', 'Addr', 'Op', 'Metadata', 'nodes'],
      ...[
        'network',
        'address',
        'weight',
        'tags',
        'ServiceName',
        'Host',
        'Port',
        'Enable',
        'serviceName',
        'host',
      ],
      ...[
        'port',
        'enabled',
        'ServerID',
        'ServerName',
        'Address',
        'conn_url',
        'version',
        'upstream',
        '__proto__',
      ],
    ),
    fc.oneof(fc.jsonValue(), anyText, fc.constantFrom(1, 'http://h:1', '10.0.0.1:80', null)),
  )
  .map((value) => Buffer.from(JSON.stringify(value)));
const value: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array(),
  fc.json().map((text) => Buffer.from(text)),
  nearJson,
  fc.constantFrom(...fixtures.map(fixtureBytes)),
);
const key: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array(),
  anyText.map((text) => Buffer.from(text)),
  fc.tuple(anyText, anyText).map(([service, id]) => Buffer.from(`/services/${service}/${id}`)),
  fc.constantFrom(...fixtures.map((fixture) => Buffer.from(fixture.key))),
);
const root = fc.constantFrom('', '/', '/services/', '/microservices/', '/service/', 'x/');

describe('every layout', () => {
  it('is total: any bytes are an instance, a key to skip, or a reason', () => {
    fc.assert(
      fc.property(key, value, root, fc.constantFrom(...names), (entryKey, bytes, prefix, name) => {
        const raw = { key: entryKey, value: bytes, leaseId: null, revision: '1' };
        const decoded = decodeEntry(raw, { prefix }, name);
        if (decoded.state === 'undecoded') {
          expect(decoded.entry.reason).not.toBe('');
          expect(decoded.entry.sizeBytes).toBe(bytes.length);
        } else if (decoded.state === 'other') {
          expect(decoded.layout).not.toBe(name);
        } else if (decoded.state === 'instance') {
          expect([decoded.instance.service, decoded.instance.id]).not.toContain('');
          expect(decoded.instance.layout).toBe(name === 'auto' ? decoded.instance.layout : name);
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it('says where a service lies, and every entry that it reads under its own root lies there', () => {
    for (const fixture of fixtures) {
      const raw = { key: Buffer.from(fixture.key), value: fixtureBytes(fixture), leaseId, revision: '1' };
      const whole = decodeEntry(raw, { prefix: '' });
      if (whole.state !== 'instance' || whole.instance.root === null || whole.instance.root === '') continue;
      const prefix = whole.instance.root;
      const decoded = decodeEntry(raw, { prefix });
      if (decoded.state !== 'instance') throw new Error(`${fixture.key} is not read under ${prefix}`);
      const places = placesOf(decoded.instance.service, { prefix });
      expect([fixture.key, places === null || places.some((place) => fixture.key.startsWith(place))]).toEqual(
        [fixture.key, true],
      );
    }
  });

  it('reads an entry alike whatever stands beside it', () => {
    const raw = (entryKey: Uint8Array, bytes: Uint8Array): RawEntry => ({
      key: entryKey,
      value: bytes,
      leaseId,
      revision: '1',
    });
    fc.assert(
      fc.property(fc.constantFrom(...fixtures), fc.array(fc.tuple(key, value)), (fixture, neighbours) => {
        const read = (): Decoded =>
          decodeEntry(raw(Buffer.from(fixture.key), fixtureBytes(fixture)), { prefix: '' });
        const before = read();
        for (const [entryKey, bytes] of neighbours) decodeEntry(raw(entryKey, bytes), { prefix: '' });
        expect(read()).toEqual(before);
      }),
    );
  });
});

describe('every layout of Consul', () => {
  const texts = fc.dictionary(
    fc.constantFrom('url', 'version', 'secure', 'metadata', 'sdctl-owner', 'sdctl-endpoints', 'x'),
    anyText,
  );
  const tag = fc.oneof(
    anyText,
    fc.constantFrom('version=1', 'dubbo', 'dubbo.endpoints=[', 'v-789c', 't-00', 'e=', 'k:v'),
  );

  it('is total', () => {
    fc.assert(
      fc.property(
        fc.record({
          service: anyText,
          id: anyText,
          kind: fc.constantFrom('', 'connect-proxy'),
          address: fc.option(anyText),
          port: fc.option(fc.integer({ min: 1, max: 65_535 })),
          tags: fc.array(tag),
          meta: texts,
          nodeMeta: texts,
          taggedAddresses: fc.array(fc.tuple(anyText, anyText)),
          weight: fc.option(fc.integer()),
          checkIds: fc.array(anyText),
        }),
        fc.constantFrom('auto', ...consulLayouts.map(({ name }) => name)),
        (record, name) => {
          const layout = consulLayoutOf(record, name);
          expect(name !== 'auto' || layout !== null).toBe(true);
          if (layout !== null) expect(layout.name).toBe(name === 'auto' ? layout.name : name);
          layout?.read(record);
        },
      ),
    );
  });
});

describe('names of instances', () => {
  const identity = (one: Pick<Instance, 'service' | 'id' | 'node'>): string =>
    JSON.stringify([one.service, one.id, one.node]);

  it('address the instance that they were printed for', () => {
    const part = anyText.filter((text) => text !== '');
    fc.assert(
      fc.property(part, part, fc.option(part), fc.boolean(), (service, id, node, hasNodes) => {
        const instance = { service, id, node: hasNodes ? node : null };
        const read = parseInstanceName(formatInstanceName(instance, hasNodes), hasNodes);
        if (read === null) throw new Error('unreadable');
        expect(identity(read)).toBe(identity(instance));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('file names', () => {
  it('are safe, distinct even without case, and reversible unless they are digests', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        const file = encodeName(one);
        expect(file).toMatch(/^(~[0-9a-f]{64}|[a-z0-9._%A-F-]+)$/);
        expect(file.startsWith('.')).toBe(false);
        expect(file.length).toBeLessThanOrEqual(200);
        const decoded = decodeName(file);
        if (decoded.type !== 'hashed') expect(decoded).toEqual({ type: 'name', name: one });
        if (one !== other) expect(encodeName(other).toLowerCase()).not.toBe(file.toLowerCase());
      }),
      { numRuns: 1_000 },
    );
  });
});

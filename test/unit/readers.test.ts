/** The readers that judge what sdctl writes are strict themselves: they take the real thing, and nothing beside it. */
import { describe, expect, it } from 'vitest';
import { isDialable, isDialableOrBare, parseUrl } from '../support/readers/address.js';
import { poison, skipped, spoilt } from '../support/readers/bad-samples.js';
import { goBool, goInt, goString, goStruct, unmarshal } from '../support/readers/go-decode.js';
import { encodeQuery, encodings, parseQuery, sonic, standard } from '../support/readers/go-encode.js';
import { hosts } from '../support/readers/host-samples.js';
import { readers } from '../support/readers/index.js';
import { rawElements, rawKeys, rawMembers } from '../support/readers/raw-json.js';
import {
  endpoint,
  entry,
  lease,
  otherLease,
  real,
  samples,
  type Sample,
} from '../support/readers/samples.js';
import type { ExpectedForm, ReaderEntry, ReaderQuery } from '../support/readers/types.js';

function reader(layout: string): NonNullable<(typeof readers)[string]> {
  const one = readers[layout];
  if (one === undefined) throw new Error(`no reader for ${layout}`);
  return one;
}

it('there is one for each layout', () => {
  expect(Object.keys(readers).toSorted()).toEqual([
    'coredns',
    'etcd-endpoints',
    'go-kit',
    'go-micro',
    'go-zero',
    'goframe',
    'hertz',
    'kitex',
    'kratos',
    'plain',
    'rpcx',
  ]);
});

describe('the client of a framework finds what the framework wrote', () => {
  it.each(real)('%s: $1.key', (layout, one, query, expected) => {
    expect(reader(layout).read([one], query)).toEqual({
      outcome: 'found',
      instances: [expected],
      skipped: [],
    });
  });

  it.each<[string, ReaderEntry, ReaderQuery, string]>([
    [
      'rpcx',
      entry(
        '/rpcx_test/order/quic@10.0.1.6:8972',
        'calls=12.34&connections=2.00&group=blue&state=inactive&weight=10',
      ),
      { service: 'order' },
      'inactive',
    ],
    [
      'coredns',
      entry('/skydns/local/skydns/order/x3', '{"ttl":60,"text":"owner=trade"}', null),
      { service: 'order.skydns.local' },
      'no host: a text',
    ],
  ])('%s hides $1.key', (layout, one, query, reason) => {
    expect(reader(layout).read([one], query)).toEqual({
      outcome: 'found',
      instances: [],
      skipped: [{ key: one.key, reason }],
    });
  });

  it('and the markers of rpcx are no instances', () => {
    const markers = [entry('/rpcx_test', 'rpcx_path'), entry('/rpcx_test/order', 'order')];
    expect(reader('rpcx').read(markers, { service: 'order' })).toEqual({
      outcome: 'found',
      instances: [],
      skipped: [],
    });
  });
});

describe('a client reads as far as its prefix goes', () => {
  it.each([
    ['plain', '/services/order-admin/10.0.1.9:8080', '10.0.1.9:8080'],
    ['etcd-endpoints', 'order-admin/10.0.1.9:8080', '{"Op":0,"Addr":"10.0.1.9:8080","Metadata":null}'],
    ['go-zero', `order-admin/${lease}`, '10.0.1.9:8080'],
    [
      'kratos',
      '/microservices/order-admin/a',
      '{"id":"a","name":"order-admin","version":"","metadata":null,"endpoints":["grpc://10.0.1.9:9000"]}',
    ],
    [
      'kitex',
      'kitex/registry-etcd/order-admin/10.0.1.9:8888',
      '{"network":"tcp","address":"10.0.1.9:8888","weight":10,"tags":null}',
    ],
    [
      'hertz',
      'hertz/registry-etcd/order-admin/10.0.1.9:8888',
      '{"network":"tcp","address":"10.0.1.9:8888","weight":10,"tags":null}',
    ],
    [
      'go-micro',
      '/micro/registry/order-admin/a',
      '{"name":"order-admin","version":"latest","metadata":null,"endpoints":[],"nodes":[{"metadata":null,"id":"a","address":"10.0.1.9:8080"}]}',
    ],
    ['goframe', '/service/default/default/order-admin/latest/10.0.1.9:8000', '{"protocol":"grpc"}'],
    ['rpcx', '/rpcx_test/order-admin/tcp@10.0.1.9:8972', ''],
    ['coredns', '/skydns/order-admin/x1', '{"host":"10.0.1.9","port":8080}'],
  ])('%s finds order-admin under its own name only', (layout, key, value) => {
    const { read } = reader(layout);
    expect(read([entry(key, value)], { service: 'order' })).toMatchObject({ instances: [], skipped: [] });
    expect(read([entry(key, value)], { service: 'order-admin' })).toHaveProperty('instances.length', 1);
  });

  it('go-kit takes order-admin for order', () => {
    const admin = entry('/services/order-admin/10.0.1.9:8080', 'http://10.0.1.9:8080');
    expect(reader('go-kit').read([admin], { service: 'order' })).toHaveProperty('instances.length', 1);
  });

  it('goframe takes v10 for v1', () => {
    const ten = entry('/service/default/default/order/v10/10.0.1.9:8000', '{"protocol":"grpc"}');
    const result = reader('goframe').read([ten], { service: 'order', version: 'v1' });
    expect(result).toMatchObject({ instances: [{ version: 'v10' }] });
  });

  it('go-zero dials an address once, whatever the number of its keys', () => {
    const twice = [entry(`order.rpc/${otherLease}`, '10.0.1.5:8080'), entry('order.rpc/1', '10.0.1.5:8080')];
    expect(reader('go-zero').read(twice, { service: 'order.rpc' })).toMatchObject({
      instances: [{ id: '1' }],
    });
  });

  it.each(['20kg', 'x20', ''])('a weight of %j is none', (weight) => {
    const { entry: one, expected } = sample('kratos');
    const heavy = { ...one, value: one.value.replace('"20"', JSON.stringify(weight)) };
    expect(reader('kratos').read([heavy], expected)).toMatchObject({ instances: [{ weight: null }] });
  });

  it('rpcx takes an address without a protocol for tcp', () => {
    const bare = entry('/rpcx_test/order/10.0.1.5:8972', '');
    expect(reader('rpcx').read([bare], { service: 'order' })).toMatchObject({
      instances: [{ endpoints: ['tcp@10.0.1.5:8972'] }],
    });
  });
});

function sample(layout: string): Sample {
  const one = samples[layout];
  if (one === undefined) throw new Error(`no sample for ${layout}`);
  return one;
}

describe('one bad entry beside a good one', () => {
  it.each(poison)('%s: %s for %s = %j', (layout, how, key, value) => {
    const { entry: good, expected } = sample(layout);
    expect(reader(layout).read([good, entry(key, value)], expected)).toMatchObject({
      outcome: 'failed',
      how,
      key,
    });
    expect(reader(layout).read([good], expected)).toHaveProperty('instances.length', 1);
  });

  it.each(skipped)('%s passes over %s = %j', (layout, key, value) => {
    const { entry: good, expected } = sample(layout);
    // go-micro's sample has another name, so that the slash in it is seen.
    const query = layout === 'go-micro' ? { service: 'order' } : expected;
    const result = reader(layout).read([good, entry(key, value)], query);
    expect(result).toMatchObject({ outcome: 'found', skipped: [{ key }] });
    expect(result).toHaveProperty('instances.length', layout === 'go-micro' ? 0 : 1);
  });
});

describe('the form of the samples', () => {
  it.each(Object.entries(samples))('%s is what a framework writes', (layout, { entry: one, expected }) => {
    expect(reader(layout).checkForm(one, expected)).toEqual([]);
  });

  const ends: readonly (readonly [string, (text: string) => string])[] = [
    ['with a newline at the end', (text) => `${text}\n`],
    ['with a space before it', (text) => ` ${text}`],
    ['cut off', (text) => text.slice(0, -1)],
  ];
  it.each(
    Object.keys(samples).flatMap((layout) => ends.map(([title, spoil]) => [layout, title, spoil] as const)),
  )('%s: not a value %s', (layout, _title, spoil) => {
    const { entry: one, expected } = sample(layout);
    expect(reader(layout).checkForm({ ...one, value: spoil(one.value) }, expected)).not.toEqual([]);
  });

  it.each(Object.keys(samples))(
    '%s: not a key with one slash more or less, nor of another name',
    (layout) => {
      const { entry: one, expected } = sample(layout);
      const moved = one.key.startsWith('/') ? one.key.slice(1) : `/${one.key}`;
      const renamed = one.key.replace('order', 'order-admin');
      for (const key of [moved, `${one.key}/`, one.key.replace('/order', '//order'), renamed]) {
        if (key === one.key) continue;
        expect(reader(layout).checkForm({ ...one, key }, expected)).toContainEqual(
          expect.stringMatching(/^key is/),
        );
      }
    },
  );

  it.each(Object.keys(samples).filter((layout) => layout !== 'coredns'))(
    '%s: not without a lease',
    (layout) => {
      const { entry: one, expected } = sample(layout);
      expect(reader(layout).checkForm({ ...one, lease: null }, expected)).toContain('the key has no lease');
      for (const bad of ['0', '694d8c1f2a3b4c0c', '7.5e18']) {
        const complaints = reader(layout).checkForm({ ...one, lease: bad }, expected);
        expect(complaints).toContainEqual(expect.stringMatching(/^lease is/));
      }
    },
  );

  it('coredns: with a lease, if it is one', () => {
    const { entry: one, expected } = sample('coredns');
    expect(reader('coredns').checkForm({ ...one, lease }, expected)).toEqual([]);
    expect(reader('coredns').checkForm({ ...one, lease: '0' }, expected)).not.toEqual([]);
  });
});

describe('a value spoilt in one place', () => {
  it.each(spoilt)('%s: %s becomes %s', (layout, from, to, complaint) => {
    const { entry: one, expected } = sample(layout);
    expect(one.value).toContain(from);
    // A function, because a replacement text would give `$` and `&` a meaning.
    const value = one.value.replace(from, () => to);
    expect(reader(layout).checkForm({ ...one, value }, expected)).toContainEqual(
      expect.stringMatching(complaint),
    );
  });
});

describe('an expectation that the entry does not meet', () => {
  it.each<[string, Partial<ExpectedForm>, RegExp]>([
    ['etcd-endpoints', { metadata: { weight: 10 } }, /^Metadata is/],
    ['kratos', { metadata: { weight: '20' } }, /^metadata is/],
    ['kratos', { id: 'order-2' }, /^key is/],
    ['kratos', { endpoints: [{ ...endpoint, protocol: 'tcp' }] }, /^no client asks for tcp/],
    ['kitex', { endpoints: [{ ...endpoint, protocol: 'udp' }] }, /^network is/],
    ['kitex', { weight: 10 }, /^weight is/],
    ['hertz', { metadata: {} }, /^tags is/],
    ['go-micro', { metadata: {} }, /^metadata is/],
    ['go-micro', { weight: 10 }, /^weight is/],
    ['go-micro', { version: 'v2' }, /^version is/],
    ['goframe', { metadata: {} }, /^metadata is/],
    ['goframe', { weight: 10 }, /^weight is/],
    ['goframe', { version: 'v2' }, /^key is/],
    ['rpcx', { metadata: {} }, /^metadata is/],
    ['rpcx', { root: '/rpcx' }, /^key is/],
    ['coredns', { weight: 10 }, /^weight is/],
    ['coredns', { endpoints: [{ ...endpoint, port: null }] }, /^port is/],
  ])('%s: %o', (layout, other, complaint) => {
    const { entry: one, expected } = sample(layout);
    expect(reader(layout).checkForm(one, { ...expected, ...other })).toContainEqual(
      expect.stringMatching(complaint),
    );
  });

  it.each(Object.keys(samples).filter((layout) => !['kratos', 'goframe'].includes(layout)))(
    '%s holds one endpoint',
    (layout) => {
      const { entry: one, expected } = sample(layout);
      for (const endpoints of [[], [endpoint, endpoint]]) {
        expect(() => reader(layout).checkForm(one, { ...expected, endpoints })).toThrow(RangeError);
      }
    },
  );
});

it.each([
  ['{"insecure":true,"protocol":"http"}', 'http'],
  ['{"insecure":false,"protocol":"https"}', 'https'],
  ['{"protocol":"grpc"}', 'grpc'],
])('goframe says about TLS what %s says', (value, protocol) => {
  const one = entry('/service/default/default/order/latest/10.0.1.5:8080', value);
  const expected = { service: 'order', endpoints: [{ ...endpoint, protocol }] };
  expect(reader('goframe').checkForm(one, expected)).toEqual([]);
  const other = value.includes('insecure') ? '{"protocol":"' : '{"insecure":true,"protocol":"';
  const complaints = reader('goframe').checkForm({ ...one, value: `${other}${protocol}"}` }, expected);
  expect(complaints).toEqual([expect.stringMatching(/^insecure is/)]);
});

describe('the key', () => {
  it('of go-zero ends in its own lease, to the last digit', () => {
    const { expected } = sample('go-zero');
    for (const last of ['7587875012669558000', '694d8c1f2a3b4c0c', '1', otherLease]) {
      const one = entry(`order.rpc/${last}`, '10.0.1.5:8080');
      expect(reader('go-zero').checkForm(one, expected)).toContainEqual(expect.stringMatching(/^key is/));
    }
  });

  it.each([
    ['etcd-endpoints', 'order/e1'],
    ['kitex', 'kitex/registry-etcd/order/10.0.1.6:8080'],
    ['hertz', 'hertz/registry-etcd/order/10.0.1.6:8080'],
    ['hertz', 'kitex/registry-etcd/order/10.0.1.5:8080'],
    ['kratos', '/microservices/order/order-2'],
    ['go-micro', '/micro/registry/shop/order/shop/order-1'],
    ['goframe', '/service/default/default/order/v1/10.0.1.5:8080'],
    ['rpcx', '/rpcx_test/order/10.0.1.5:8080'],
    ['rpcx', '/rpcx_test/order/tcp://10.0.1.5:8080'],
    ['coredns', '/skydns/order/local/x1'],
    ['coredns', '/skydns/local/order/x2'],
  ])('of %s is not %s', (layout, key) => {
    const { entry: one, expected } = sample(layout);
    expect(reader(layout).checkForm({ ...one, key }, expected)).toContainEqual(
      expect.stringMatching(/^key is/),
    );
  });

  it('of kitex holds no name with a slash', () => {
    const { entry: one, expected } = sample('kitex');
    const slashed = { ...one, key: one.key.replace('order', 'shop/order') };
    const complaints = reader('kitex').checkForm(slashed, { ...expected, service: 'shop/order' });
    expect(complaints).toEqual(['kitex refuses the name shop/order']);
  });

  it('of kratos holds an id', () => {
    const { entry: one, expected } = sample('kratos');
    const nameless = entry('/microservices/order/', one.value.replace('"id":"order-1"', '"id":""'));
    expect(reader('kratos').checkForm(nameless, { ...expected, id: '' })).toEqual(['id is empty']);
  });

  it('of goframe holds several endpoints', () => {
    const two = [endpoint, { host: 'order-2.internal', port: 8080 }];
    const one = entry(
      '/service/default/default/order/latest/10.0.1.5:8080,order-2.internal:8080',
      '{"protocol":"grpc"}',
    );
    expect(reader('goframe').checkForm(one, { service: 'order', endpoints: two })).toEqual([]);
    expect(reader('goframe').checkForm(one, { service: 'order', endpoints: two.toReversed() })).not.toEqual(
      [],
    );
  });

  it('of goframe holds no name with a slash', () => {
    const one = entry('/service/default/default/shop/order/latest/10.0.1.5:8080', '{"protocol":"grpc"}');
    const complaints = reader('goframe').checkForm(one, { service: 'shop/order', endpoints: [endpoint] });
    expect(complaints).toEqual(['number of segments is 7, must be 6']);
  });

  it('of coredns ends in one label', () => {
    const { entry: one, expected } = sample('coredns');
    const dotted = { ...one, key: '/skydns/local/order/x.1' };
    const complaints = reader('coredns').checkForm(dotted, { ...expected, id: 'x.1' });
    expect(complaints).toEqual(['not one label: x.1']);
  });
});

describe('an IPv6 address', () => {
  it.each(hosts)('of %s is %s, not %s', (layout, right, wrong, key, value) => {
    const written = (host: string): ReaderEntry =>
      entry(key.replace('HOST', host), value.replace('HOST', host));
    const expected = { service: 'order', endpoints: [{ host: 'fd00::5', port: 80 }] };
    const { checkForm, read } = reader(layout);
    expect(checkForm(written(right), expected)).toEqual([]);
    expect(checkForm(written(wrong), expected)).not.toEqual([]);
    expect(read([written(right)], expected)).toHaveProperty('instances.length', 1);
  });

  it.each(['fd00::5', '[fd00::5]'])('has no place in goframe: %s', (host) => {
    const one = entry(`/service/default/default/order/latest/${host}:80`, '{"protocol":"grpc"}');
    const expected = { service: 'order', endpoints: [{ host: 'fd00::5', port: 80 }] };
    expect(reader('goframe').checkForm(one, expected)).toContain(`not all are host:port: ${host}:80`);
  });
});

describe('an address that nobody can dial', () => {
  const goframe = ['/service/default/default/order/latest/HOST:80', '{"protocol":"grpc"}'] as const;
  const places = [
    ...hosts.map(([layout, , , ...place]) => [layout, ...place] as const),
    ['goframe', ...goframe] as const,
  ];
  it.each(places)('is none however well %s is written: %s = %s', (layout, key, value) => {
    const host = 'no host';
    const one = entry(key.replace('HOST', host), value.replace('HOST', host));
    const complaints = reader(layout).checkForm(one, { service: 'order', endpoints: [{ host, port: 80 }] });
    expect(complaints).not.toEqual([]);
    // Nothing but the address is wrong.
    expect(complaints.filter((complaint) => !complaint.includes(host))).toEqual([]);
  });

  it.each(['10.0.1.5:80', 'order-2.internal:80', 'a_b:65535', '[fd00::5]:80', '[::1]:1'])(
    'is not %s',
    (text) => {
      expect([isDialable(text), isDialableOrBare(text)]).toEqual([true, true]);
      expect(parseUrl(`http://${text}/a?b#c`)).toEqual({ scheme: 'http', authority: text, rest: '/a?b#c' });
    },
  );

  it.each([
    ...[
      '',
      ':80',
      '10.0.1.5',
      '10.0.1.5:',
      '10.0.1.5:0',
      '10.0.1.5:080',
      '10.0.1.5:65536',
      '10.0.1.5:123456',
    ],
    ...[
      '10.0.1.5:http',
      '10.0.1.5:80/',
      'x10.0.1.5:80:80',
      '10.0.1:80',
      '[10.0.1.5]:80',
      '[fd00::5:80',
      '[]:80',
    ],
    ...[
      '-a:80',
      'a..b:80',
      'a b:80',
      'a:80\n',
      '\na:80',
      'x[fd00::5]:80',
      'fd00::zz:80',
      'fd00::5:',
      'http://a:80',
    ],
  ])('is %j', (text) => {
    expect([isDialable(text), isDialableOrBare(text)]).toEqual([false, false]);
    expect(parseUrl(`http://${text}`)?.authority).not.toBe(text);
  });

  it.each([
    'x',
    '://a:80',
    '1http://a:80',
    ' http://a:80',
    'http://a:80 ',
    'http://a:80/b c',
    'http:/a:80',
    'http://',
  ])('is no URL: %j', (text) => {
    expect(parseUrl(text)).toBeUndefined();
  });

  it('but kitex reads one without brackets', () => {
    expect([isDialable('fd00::5:80'), isDialableOrBare('fd00::5:80')]).toEqual([false, true]);
  });
});

describe('entries that clients take and sdctl would not write', () => {
  it.each<[string, ReaderEntry, ExpectedForm, RegExp]>([
    [
      'etcd-endpoints',
      entry('order/10.0.1.7', '{"Addr":"10.0.1.7","Metadata":"canary"}'),
      { service: 'order', endpoints: [{ host: '10.0.1.7', port: null }] },
      /^fields of value/,
    ],
    [
      'kitex',
      entry(
        'kitex/registry-etcd/order/10.0.1.5:8080',
        '{"network":"tcp","address":"10.0.1.5:8080","weight":0,"tags":null}',
      ),
      { service: 'order', endpoints: [endpoint] },
      /^weight is 0/,
    ],
    [
      'coredns',
      entry('/skydns/order/x2', '{"host":"10.0.1.5","port":8080,"group":"g1","targetstrip":1}'),
      { service: 'order', endpoints: [endpoint] },
      /^fields of value/,
    ],
  ])('%s: %o', (layout, one, expected, complaint) => {
    const complaints = reader(layout).checkForm(one, expected);
    expect(complaints).toEqual([expect.stringMatching(complaint)]);
    expect(reader(layout).read([one], expected)).toHaveProperty('instances.length', 1);
  });
});

describe('JSON as it is written', () => {
  it('keeps integer-like and repeated keys in their order', () => {
    expect(rawKeys('{"b":1, "10":{"x":1,"y":[1,2]} ,"9":"a,b}\\"","b":2}')).toEqual(['b', '10', '9', 'b']);
    expect(rawMembers('{"n":7587875012669557772,"s":"a:b"}')).toEqual([
      { key: 'n', value: '7587875012669557772' },
      { key: 's', value: '"a:b"' },
    ]);
    expect(rawElements('[ {"a":[1,2]}, "x,y" ]')).toEqual(['{"a":[1,2]}', '"x,y"']);
    expect([rawKeys('{}'), rawKeys('[]'), rawKeys('{'), rawKeys('{"a":1}x')]).toEqual([
      [],
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('is decoded as strictly, and as loosely, as in Go', () => {
    const decode = goStruct({ name: goString, port: goInt, mail: goBool });
    const value = (text: string): unknown => {
      const result = unmarshal(decode, text);
      return result.ok ? result.value : 'refused';
    };
    expect(value('{"Name":"a","other":1}')).toEqual({ name: 'a', port: 0, mail: false });
    expect(value('{"mail":true}')).toEqual({ name: '', port: 0, mail: true });
    expect(value('{"mail":false,"name":null}')).toEqual({ name: '', port: 0, mail: false });
    expect(value('null')).toEqual({ name: '', port: 0, mail: false });
    expect(
      ['{"port":1.0}', '{"port":1e3}', '{"port":"1"}', '{"mail":"true"}', '{"name":1}', '[]', '"a"'].map(
        value,
      ),
    ).toEqual(Array.from({ length: 7 }, () => 'refused'));
  });

  it('is escaped as the one encoder does, or the other', () => {
    const text = '"\\u003c\\u003e&\\/\\u2028é😀\\u0000\\u007f"';
    expect(encodings(text, standard)[0]).toBe('"\\u003c\\u003e\\u0026/\\u2028é😀\\u0000\u007f"');
    expect(encodings(text, sonic)[0]).toBe('"<>&/\u2028é😀\\u0000\u007f"');
    expect(encodings('"\\b\\\\b"', standard)).toEqual(['"\\b\\\\b"', '"\\u0008\\\\b"']);
  });
});

it('a query is written as in Go', () => {
  expect(
    encodeQuery([
      ['b', "a b*~'é"],
      ['a', '&'],
      ['b', '1'],
    ]),
  ).toBe('a=%26&b=a+b%2A~%27%C3%A9&b=1');
  expect(parseQuery('a=1=2&b&c=%2B+')).toEqual([
    ['a', '1=2'],
    ['b', ''],
    ['c', '+ '],
  ]);
  expect(parseQuery('a=1;b=2')).toBeUndefined();
});

import { describe, expect, it } from 'vitest';
import { decodeEntry, type Decoded } from '../../src/lib/layouts/index.js';

function decode(value: string): Decoded {
  const entry = { key: Buffer.from('/services/order/1'), value: Buffer.from(value), leaseId: null };
  return decodeEntry({ ...entry, revision: '7' }, { prefix: '/services/' });
}

/** Deep enough for JSON.stringify to leave the stack, small enough for an entry of etcd. */
const deep = '['.repeat(500_000) + ']'.repeat(500_000);

describe('a value that is nested too deeply', () => {
  it.each([
    ['metadata', `{"sdctl":1,"endpoints":["http://a:1"],"metadata":{"x":${deep}}}`, /nested too deeply/],
    ['the format', `{"sdctl":${deep}}`, /unknown sdctl format of great depth/],
    ['a field nobody reads', `{"sdctl":1,"endpoints":[${deep}]}`, /endpoints/],
    ['the whole', deep, /no layout/],
  ])('in %s is shown as undecoded', (_where, value, reason) => {
    const decoded = decode(value);
    expect(decoded.state === 'undecoded' && decoded.entry.reason).toMatch(reason);
  });
});

it('quotes only the beginning of a long format', () => {
  const decoded = decode(JSON.stringify({ sdctl: 'x'.repeat(1_000_000) }));
  expect(decoded.state === 'undecoded' && decoded.entry.reason.length).toBeLessThan(100);
});

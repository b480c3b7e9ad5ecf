/** What an attempt to connect tells of an entry, and what it must not be taken for. */
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findRefusing } from '../../src/lib/command/probe-endpoints.js';
import { probeTcp } from '../../src/lib/probe/tcp-probe.js';
import { anInstance } from '../support/builders.js';
import { freePort } from '../support/servers/ports.js';

const never = new AbortController().signal;
let listener: Server;
let open: number;
let closed: number;

beforeAll(async () => {
  listener = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  open = typeof address === 'object' && address !== null ? address.port : 0;
  closed = await freePort();
});
afterAll(() => {
  listener.close();
});

/** In one word: what is neither open nor refused says little from here. */
const probe = async (address: string, port: number | null, signal = never): Promise<string> => {
  const { outcome } = await probeTcp({ protocol: 'http', address, port }, 2_000, signal);
  if (outcome === 'ok') return 'open';
  return outcome === 'refused' ? 'refused' : 'unclear';
};

describe('a connection attempt', () => {
  it('is open or refused where a machine answers', async () => {
    expect(await probe('127.0.0.1', open)).toBe('open');
    expect(await probe('127.0.0.1', closed)).toBe('refused');
    expect(await probe('localhost', closed)).toBe('refused');
    expect(await probe('localhost', open)).toBe('open');
  });

  it.each(['', '0.0.0.0', '::', '0', '*', '000.0.0.0', '::ffff:0:0'])(
    '"%s" is not this machine',
    async (address) => {
      expect(await probe(address, closed)).toBe('unclear');
    },
  );

  it.each([null, 0, -1, 65_536, 1.5, Number.NaN])('port %s is none', async (port) => {
    expect(await probe('127.0.0.1', port)).toBe('unclear');
  });

  it.each(['no-such-name.invalid', 'a b', '\u001b[2J', '/etc/passwd', 'fe80::1'])(
    '"%s" leads nowhere',
    async (address) => {
      expect(await probe(address, closed)).toBe('unclear');
    },
  );

  it('is nothing once it is broken off', async () => {
    expect(await probe('127.0.0.1', closed, AbortSignal.abort())).toBe('unclear');
  });
});

describe('an instance', () => {
  const at = (id: string, ...places: readonly (readonly [string, number | null])[]) =>
    anInstance({ id, endpoints: places.map(([address, port]) => ({ protocol: 'http', address, port })) });

  it('refuses where each of its endpoints does', async () => {
    const instances = [
      at('refuses', ['127.0.0.1', closed]),
      at('twice', ['127.0.0.1', closed], ['localhost', closed]),
      at('half', ['127.0.0.1', closed], ['127.0.0.1', open]),
      at('unknown', ['127.0.0.1', closed], ['0.0.0.0', closed]),
      at('without'),
      at('portless', ['127.0.0.1', null]),
    ];
    const found = await findRefusing(instances, false, never);
    expect(found.map(({ id }) => id).sort()).toEqual(['refuses', 'twice']);
  });

  it('that runs elsewhere is not asked at an address of this machine', async () => {
    const instances = [at('own', ['127.0.0.1', closed]), at('named', ['localhost', closed])];
    expect(await findRefusing(instances, true, never)).toEqual([]);
  });

  it('is asked among many', async () => {
    const many = Array.from({ length: 200 }, (_, index) => at(`i-${index}`, ['127.0.0.1', closed]));
    const warnings: unknown[] = [];
    const warn = (warning: unknown): unknown => warnings.push(warning);
    process.on('warning', warn);
    expect(await findRefusing(many, false, new AbortController().signal)).toHaveLength(200);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);
    expect(warnings).toEqual([]);
  });
});

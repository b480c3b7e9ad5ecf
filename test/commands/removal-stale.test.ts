/** `deregister --stale` on the embedded registry: what is of nobody any more, and what only looks so. */
import { createServer, type Server } from 'node:net';
import { utimesSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startBinary } from '../support/binary.js';
import { anEntry, RemovalHome } from '../support/removal-home.js';
import { freePort } from '../support/servers/index.js';

let at: RemovalHome;
const order = ['order', '--stale', '--yes', '--confirm', 'order'];
const at127 = (...ports: readonly number[]) => ({
  value: { endpoints: ports.map((port) => `http://127.0.0.1:${port}`) },
  ttlSeconds: null,
});

describe('an entry without a lease', () => {
  let listener: Server;
  let open: number;
  let closed: number;

  beforeEach(async () => {
    listener = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const address = listener.address();
    open = typeof address === 'object' && address !== null ? address.port : 0;
    closed = await freePort();
    at = new RemovalHome([
      anEntry('order', 'kept'),
      anEntry('order', 'refuses', at127(closed)),
      anEntry('order', 'answers', at127(open)),
      anEntry('order', 'half', at127(open, closed)),
      anEntry('order', 'nowhere', { value: { endpoints: [] }, ttlSeconds: null }),
      anEntry('pay', 'refuses', at127(closed)),
    ]);
  });
  afterEach(() => {
    listener.close();
  });
  const names = [
    'order/kept',
    'order/refuses',
    'order/answers',
    'order/half',
    'order/nowhere',
    'pay/refuses',
  ];

  it('goes where nothing listens at any of its addresses, looked at twice', async () => {
    const startedMs = performance.now();
    const dry = await at.run([...order, '--probe', 'tcp', '--dry-run', '-o', 'json']);
    expect(performance.now() - startedMs).toBeGreaterThan(3_000);
    expect(dry.ended.code, dry.said).toBe(0);
    expect(dry.stderr).toContain('  order/refuses: it has no lease, and nothing listens at its address\n');
    expect(dry.stderr).toContain('1 stale instance; 4 others are left alone.');
    expect(JSON.parse(dry.stdout)).toMatchObject({ items: [{ instance: 'refuses', outcome: 'planned' }] });
    expect(at.left(...names)).toEqual(names);
    const done = await at.run([...order, '--probe', 'tcp']);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe('order/refuses\n');
    expect(at.left(...names)).toEqual(names.filter((name) => name !== 'order/refuses'));
  });

  it('stays where somebody begins to listen meanwhile', async () => {
    const args = ['deregister', ...order, '--probe', 'tcp', '-o', 'json'];
    await using run = startBinary(args, { home: at.home });
    await run.says('Looking again in 3s', 10_000);
    const late = createServer();
    await new Promise<void>((resolve) => late.listen(closed, '127.0.0.1', resolve));
    try {
      const { code } = await run.exit(10_000);
      expect(code, run.said).toBe(0);
      expect(JSON.parse(run.stdout)).toMatchObject({ items: [] });
      expect(at.left(...names)).toEqual(names);
    } finally {
      late.close();
    }
  });

  it('stays where nobody probes, which is said', async () => {
    const done = await at.run([...order]);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stderr).toContain(
      '4 instances have no lease where others have one: --probe tcp tells whether anything listens there.',
    );
    expect(done.stderr).toContain('0 stale instances; 5 others are left alone.');
    expect(at.left(...names)).toEqual(names);
  });

  it('is asked about like what is chosen: by name of its service, or of the context', async () => {
    const everywhere = ['--stale', '--probe', 'tcp', '--yes'];
    const [refused, wrong, many] = await Promise.all([
      at.run(['order', ...everywhere]),
      at.run([...everywhere, '--confirm', 'order']),
      at.run([...everywhere, '--confirm', 'plain', '--max', '1']),
    ]);
    for (const { ended } of [refused, wrong, many]) expect(ended.code).toBe(2);
    expect(refused.stderr).toContain('--yes --confirm order');
    expect(wrong.stderr).toContain('--yes --confirm plain');
    expect(many.stderr).toContain('2 instances would be removed, more than --max 1');
    expect(at.left(...names)).toEqual(names);
    const done = await at.run([...everywhere, '--confirm', 'plain']);
    expect(done.ended.code, done.said).toBe(0);
    expect(at.left(...names)).toEqual(['order/kept', 'order/answers', 'order/half', 'order/nowhere']);
  });

  it('is only looked for among what is named and chosen', async () => {
    const pay = await at.run([
      'order/answers',
      'pay/refuses',
      '--stale',
      '--probe',
      'tcp',
      '--dry-run',
      '-o',
      'json',
    ]);
    expect(JSON.parse(pay.stdout)).toMatchObject({ items: [{ service: 'pay', instance: 'refuses' }] });
    const none = await at.run([
      ...order,
      '--probe',
      'tcp',
      '--health',
      'critical',
      '--dry-run',
      '-o',
      'json',
    ]);
    expect(none.ended.code).toBe(0);
    expect(JSON.parse(none.stdout)).toMatchObject({ items: [] });
    expect(none.stderr).not.toContain('Looking again');
  });

  it('Ctrl-C between the looks removes nothing', async () => {
    await using run = startBinary(['deregister', ...order, '--probe', 'tcp', '-o', 'json'], {
      home: at.home,
    });
    await run.says('Looking again in 3s', 10_000);
    run.signal('SIGINT');
    expect(await run.exit(2_000)).toMatchObject({ code: 130, signal: null });
    expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_ABORTED' } });
    expect(at.left(...names)).toEqual(names);
  });
});

describe('two entries on one address', () => {
  const place = { value: { endpoints: ['http://10.9.9.9:80'] } };

  it('lose the one that nobody renews, and neither where nobody renews any', async () => {
    at = new RemovalHome([
      anEntry('order', 'dead', { ...place, ttlSeconds: 16 }),
      anEntry('order', 'other', { ttlSeconds: 16 }),
      anEntry('pay', 'one', place),
      anEntry('pay', 'two', place),
    ]);
    const now = new Date();
    for (const name of ['order/dead', 'order/other']) utimesSync(at.fileOf(name), now, now);
    await using member = startBinary(
      ['register', 'order', '--id', 'live', '--endpoint', 'http://10.9.9.9:80', '--ttl', '6s', '-o', 'jsonl'],
      { home: at.home },
    );
    await member.line('registered', 10_000);
    const dry = await at.run([...order, '--dry-run', '-o', 'json'], { withinMs: 25_000 });
    expect(dry.ended.code, dry.said).toBe(0);
    expect(dry.stderr).toContain('Looking again in 11s, to be sure');
    expect(dry.stderr).toContain(
      '  order/dead: nobody renews it, while order/live on the same address is renewed\n',
    );
    expect(JSON.parse(dry.stdout)).toMatchObject({ items: [{ instance: 'dead' }] });
    expect(dry.stderr).toContain('1 stale instance; 2 others are left alone.');
  });

  it('both stay where the time between the looks does not tell', async () => {
    at = new RemovalHome([
      anEntry('pay', 'one', { ...place, ttlSeconds: 2 }),
      anEntry('pay', 'two', { ...place, ttlSeconds: 2 }),
    ]);
    const done = await at.run(['--stale', '--yes', '--confirm', 'pay', '-o', 'json']);
    expect(done.ended.code, done.said).toBe(0);
    expect(JSON.parse(done.stdout)).toMatchObject({ items: [] });
  });
});

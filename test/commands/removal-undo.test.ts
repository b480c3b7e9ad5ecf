/** What a removal saves, and how it is put back. */
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { leak, vectors } from '../support/hostile.js';
import { anEntry, RemovalHome } from '../support/removal-home.js';

let at: RemovalHome;
let file: string;
const order = ['--yes', '--confirm', 'order'];
const names = ['order/a', 'order/b', 'order/c'];

beforeEach(() => {
  at = new RemovalHome([
    anEntry('order', 'a', { value: { endpoints: ['http://10.0.4.11:80'], metadata: { tier: 'web' } } }),
    anEntry('order', 'b', { ttlSeconds: null }),
    anEntry('order', 'c'),
  ]);
  file = at.at('undo.json');
});

const contentOf = (saved: string): Record<string, unknown> =>
  JSON.parse(readFileSync(saved, 'utf8')) as Record<string, unknown>;

async function shown(): Promise<readonly unknown[]> {
  const { stdout } = await runBinary(['list', 'order', '-o', 'json'], { home: at.home });
  const { items } = JSON.parse(stdout) as { readonly items: readonly Record<string, unknown>[] };
  return items.map(({ id, endpoints, metadata }) => ({ id, endpoints, metadata }));
}

describe('what is removed', () => {
  it('comes back as it was, once', async () => {
    const before = await shown();
    const done = await at.run(['order/a', 'order/b', '--undo-file', file, ...order]);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stderr).toContain(`2 saved in ${file}; sdctl deregister --undo puts them back`);
    expect(at.left(...names)).toEqual(['order/c']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(contentOf(file)).toMatchObject({ kind: 'RemovedEntries', context: 'plain', backend: 'local' });

    const dry = await at.run(['--undo', file, '--dry-run']);
    expect(dry.ended.code, dry.said).toBe(0);
    expect(dry.stderr).toContain('Dry run: nothing was put back.');
    expect(at.left(...names)).toEqual(['order/c']);

    const back = await at.run(['--undo', file]);
    expect(back.ended.code, back.said).toBe(0);
    expect(back.stdout).toBe('order/a\norder/b\n');
    expect(back.stderr).toMatch(
      /order\/a: put back under the new lease \S+, which nobody renews: it ends in 2h/,
    );
    expect(back.stderr).toContain('order/b: put back without a lease, as it was');
    expect(await shown()).toEqual(before);

    const content = readFileSync(at.fileOf('order/a'));
    for (const flags of [['--dry-run'], []]) {
      const again = await at.run(['--undo', file, ...flags, '-o', 'json']);
      expect(again.ended.code, again.said).toBe(6);
      expect(JSON.parse(again.stdout)).toMatchObject({
        kind: 'RestoreResult',
        items: [{ outcome: 'occupied' }, { outcome: 'occupied' }],
      });
    }
    expect(readFileSync(at.fileOf('order/a'))).toEqual(content);
  });

  it('comes back where nothing stands, and the rest is said: 8', async () => {
    await at.run(['order/a', 'order/b', '--undo-file', file, ...order]);
    at.write([anEntry('order', 'a', { leaseId: 'somebody' })]);
    const back = await at.run(['--undo', file, '-o', 'jsonl']);
    expect(back.ended.code, back.said).toBe(8);
    expect(back.lines.map(({ line }) => line['outcome'] ?? line.kind)).toEqual([
      'occupied',
      'restored',
      'Error',
    ]);
    expect(readFileSync(at.fileOf('order/a'), 'utf8')).toContain('somebody');
    expect(at.has('order/b')).toBe(true);
  });

  it('has names and values of every kind', async () => {
    const ids = Object.values(vectors);
    at.write(ids.map((id) => anEntry('odd', id, { value: `${id}\u0000\ud83d\ude00 no JSON` })));
    at.write(
      ids.map((id) => anEntry('odd', `_${id}`, { value: { endpoints: ['http://10.0.0.1:80'], zone: id } })),
    );
    const take = ['odd', '--health', 'passing', '--max', '99', '--force', '--yes', '--confirm', 'odd'];
    const { stdout } = await runBinary(['list', 'odd', '-o', 'json'], { home: at.home });
    const entries = (text: string): unknown =>
      (JSON.parse(text) as { readonly items: readonly Record<string, unknown>[] }).items.map(
        ({ id, zone }) => [id, zone],
      );
    const done = await at.run([...take, '--undo-file', file]);
    expect(done.ended.code, done.said).toBe(0);
    const back = await at.run(['--undo', file]);
    expect(back.ended.code, back.said).toBe(0);
    expect(done.said + back.said + readFileSync(file, 'utf8')).not.toMatch(leak);
    const again = await runBinary(['list', 'odd', '-o', 'json'], { home: at.home });
    expect(entries(again.stdout)).toEqual(entries(stdout));
  });
});

describe('the undo file', () => {
  it.each([
    ['a file with something in it', (place: string) => writeFileSync(place, 'mine')],
    ['a directory', (place: string) => mkdirSync(place)],
    ['a link to a file', (place: string) => symlinkSync(at.at('elsewhere'), place)],
    ['a link to a device', (place: string) => symlinkSync('/dev/null', place)],
    ['in a folder that is none', (place: string) => (file = path.join(place, 'deeper', 'undo.json'))],
    [
      'in a file',
      (place: string) => {
        writeFileSync(place, '');
        file = path.join(place, 'undo.json');
      },
    ],
  ])('%s: nothing is removed', async (_what, prepare) => {
    prepare(file);
    const entries = (): readonly string[] =>
      readdirSync(at.home, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /undo|elsewhere/.test(name),
      );
    const before = entries();
    for (const flags of [['--dry-run'], []]) {
      const refused = await at.run(['order/a', '--undo-file', file, '--yes', ...flags, '-o', 'json']);
      expect(refused.ended.code, refused.said).toBe(2);
      expect(JSON.parse(refused.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_FILE' } });
      expect(refused.stderr).toContain('nothing was removed');
    }
    expect(at.left(...names)).toEqual(names);
    expect(entries()).toEqual(before);
    if (existsSync(file) && lstatSync(file).isFile()) expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('is refused before anybody is asked', async () => {
    mkdirSync(file);
    await using terminal = at.terminal(['order/a', '--undo-file', file]);
    expect(await terminal.exit()).toBe(2);
    expect(terminal.screen).not.toContain('[y/N]');
  });

  it('is not written in a trial, nor before the answer', async () => {
    expect((await at.run(['order/a', '--undo-file', file, '--dry-run'])).ended.code).toBe(0);
    expect((await at.run(['order/a', '--undo-file', file])).ended.code).toBe(2);
    expect((await at.answer(['order/a', '--undo-file', file], '[y/N] ', 'n\r')).code).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  it('that somebody made for it is closed to others', async () => {
    writeFileSync(file, '');
    chmodSync(file, 0o666);
    expect((await at.run(['order/a', '--undo-file', file, '--yes'])).ended.code).toBe(0);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(contentOf(file)).toMatchObject({ items: [{ id: 'a' }] });
  });

  it('of another removal is not overwritten while this one is asked', async () => {
    await using terminal = at.terminal(['order/a', '--undo-file', file]);
    await terminal.shows('[y/N] ');
    expect((await at.run(['order/c', '--undo-file', file, '--yes'])).ended.code).toBe(0);
    terminal.type('y\r');
    expect(await terminal.exit()).toBe(2);
    expect(at.left(...names)).toEqual(['order/a', 'order/b']);
    expect(contentOf(file)).toMatchObject({ items: [{ id: 'c' }] });
  });

  it('holds only what is still there', async () => {
    await using terminal = at.terminal(['order/a', 'order/b', '--undo-file', file]);
    await terminal.shows('go on: ');
    rmSync(at.fileOf('order/a'));
    terminal.type('order\r');
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('order/a was already gone.');
    expect(at.left(...names)).toEqual(['order/c']);
    expect(contentOf(file)).toMatchObject({ items: [{ id: 'b' }] });
  });
});

describe('a file to put back from', () => {
  it.each([
    ['that is missing', () => undefined, 'no such file'],
    ['that is a directory', () => mkdirSync(file), 'it is no regular file'],
    ['that never ends', () => (file = '/dev/zero'), 'it is no regular file'],
    ['that is empty', () => writeFileSync(file, ''), 'it is not JSON'],
    ['that is something else', () => writeFileSync(file, '{"kind":"InstanceList"}'), 'apiVersion'],
    ['of bytes', () => writeFileSync(file, Buffer.from([0xff, 0, 1])), 'it is not JSON'],
    [
      'with a terminal sequence',
      () => writeFileSync(file, JSON.stringify({ apiVersion: '\u001b[2J' })),
      'apiVersion',
    ],
  ])('%s is refused', async (_what, prepare, says) => {
    prepare();
    const refused = await at.run(['--undo', file, '-o', 'json']);
    expect(refused.ended.code, refused.said).toBe(2);
    expect(JSON.parse(refused.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_FILE' } });
    expect(refused.stderr).toContain(says);
    expect(refused.said).not.toMatch(leak);
  });

  it.each([
    [{ backend: 'etcd', items: [] }, 'of a registry of another kind', 'Try: --backend etcd\n'],
    [{ servers: '/elsewhere', context: null }, 'of another registry', '--force'],
    [{ servers: '/elsewhere', context: 'prod' }, 'of another registry', '--force'],
    [{ datacenter: 'dc2;reboot' }, 'of another registry', "Try: --datacenter 'dc2;reboot'\n"],
  ])('of another registry is refused: %j', async (parts, says, tries) => {
    await at.run(['order/a', '--undo-file', file, '--yes']);
    writeFileSync(file, JSON.stringify({ ...contentOf(file), ...parts }));
    const refused = await at.run(['--undo', file]);
    expect(refused.ended.code, refused.said).toBe(2);
    expect(refused.stderr).toContain(says);
    expect(refused.stderr).toContain(tries);
    expect(at.has('order/a')).toBe(false);
    const forced = await at.run(['--undo', file, '--force']);
    expect(forced.ended.code).toBe('backend' in parts ? 2 : 0);
  });

  it('is of the same registry under the same context, or at the same place', async () => {
    await at.run(['order/a', '--undo-file', file, '--yes']);
    const moved = { ...contentOf(file), servers: '/moved' };
    writeFileSync(file, JSON.stringify(moved));
    expect((await at.run(['--undo', file])).ended.code).toBe(0);
    writeFileSync(file, JSON.stringify({ ...moved, context: 'other', servers: at.registry }));
    expect((await at.run(['--undo', file])).ended.code).toBe(6);
  });

  it('without entries is nothing to do', async () => {
    await at.run(['order/a', '--undo-file', file, '--yes']);
    writeFileSync(file, JSON.stringify({ ...contentOf(file), items: [] }));
    const back = await at.run(['--undo', file, '-o', 'json']);
    expect(back.ended.code, back.said).toBe(0);
    expect(JSON.parse(back.stdout)).toMatchObject({ kind: 'RestoreResult', items: [] });
    expect(back.stderr).toContain('Nothing to put back');
  });

  it('is read while the reader of the names goes away', async () => {
    await at.run(['order/a', 'order/b', '--undo-file', file, ...order]);
    const back = await at.run(['--undo', file], { closeAfterLine: true });
    expect(back.ended).toMatchObject({ code: 0, signal: null });
    expect(at.left(...names)).toEqual(names);
  });
});

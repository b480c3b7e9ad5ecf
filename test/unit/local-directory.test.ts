import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Instance } from '../../src/lib/model/instance.js';
import type { RegistrationEvent } from '../../src/lib/model/registration.js';
import { DirectoryPaths } from '../../src/lib/registry/local/directory-paths.js';
import { scanDirectory, type ScanMemory } from '../../src/lib/registry/local/directory-scan.js';
import { DirectoryStore } from '../../src/lib/registry/local/directory-store.js';
import { openLocal } from '../../src/lib/registry/local/open-local.js';
import type { RegistryHandle } from '../../src/lib/registry/types.js';
import { systemClock } from '../../src/lib/time/clock.js';
import {
  aConnection,
  anOwner,
  aProbe,
  aSpec,
  DEAD_PID,
  LIVE_PID,
  TEST_HOST,
  testDeps,
} from '../support/builders.js';
import { EventLog, Watching } from '../support/event-log.js';

const signal = new AbortController().signal;
const call = { signal, timeoutMs: 1_000 };
const ttlMs = 10_000;

let parent: string;
let directory: string;
let handle: RegistryHandle;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sdctl-local-'));
  directory = join(parent, 'state', 'registry');
  handle = openLocal(aConnection({ directory }), testDeps());
});

afterEach(async () => {
  await handle[Symbol.asyncDispose]();
  rmSync(parent, { recursive: true, force: true });
});

async function listed(service: string): Promise<readonly Instance[]> {
  return (await handle.registry.list(service, { signal })).instances;
}

/** The file of the only entry. */
async function fileOf(service: string): Promise<string> {
  const key = (await listed(service))[0]?.key;
  if (key == null) throw new Error('nothing is registered');
  return key;
}

describe('the directory', () => {
  it('is made by the first write, for its owner only', async () => {
    await handle.operations.listAll({ signal });
    await handle.registry.deregister({ service: 'order', id: 'a' }, { signal });
    expect(existsSync(join(parent, 'state'))).toBe(false);
    await handle.registry.register(aSpec(), { signal, ttlMs });
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(await fileOf('order')).mode & 0o777).toBe(0o600);
  });

  it('holds one readable file per instance and nothing temporary', async () => {
    await handle.registry.register(aSpec({ service: 'order', id: 'order-1' }), { signal, ttlMs });
    expect(readdirSync(directory).sort()).toEqual(['revision', 'services', 'tmp']);
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
    const file = join(directory, 'services', 'order', 'order-1.json');
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    expect(content).toMatchObject({ format: 1, lease: { ttlMs }, value: { sdctl: 1, service: 'order' } });
  });

  it.each([
    '..',
    '.',
    '../../escape',
    'a/b',
    '%2e%2e',
    'nul\0byte',
    'Order',
    'ö',
    '\ud800',
    '',
    'x'.repeat(128),
    'X'.repeat(500),
  ])('takes the name %j', async (name) => {
    const spec = aSpec({ service: name, id: name });
    await handle.registry.register(spec, { signal, ttlMs });
    await handle.registry.register(aSpec({ service: 'order', id: 'x' }), { signal, ttlMs });
    const snapshot = await handle.operations.listAll({ signal });
    expect(snapshot.undecoded).toEqual([]);
    expect(snapshot.instances.map(({ service, id }) => [service, id])).toContainEqual([name, name]);
    expect(await listed(name)).toHaveLength(1);
    expect(readdirSync(parent)).toEqual(['state']);
    expect(await handle.registry.deregister({ service: name, id: name }, { signal })).toBe('removed');
  });

  it('reports what is not an entry and lists the rest', async () => {
    await handle.registry.register(aSpec({ service: 'order', id: 'good' }), { signal, ttlMs });
    const folder = join(directory, 'services', 'order');
    const copy = readFileSync(join(folder, 'good.json'));
    writeFileSync(join(folder, 'README'), 'hello');
    writeFileSync(join(folder, 'half.json'), '{"format":1,"serv');
    writeFileSync(join(folder, 'copied.json'), copy);
    writeFileSync(join(folder, 'empty.json'), '');
    writeFileSync(join(folder, 'huge.json'), Buffer.alloc(5 * 1024 * 1024, 'x'));
    mkdirSync(join(folder, 'folder.json'));
    symlinkSync('nowhere', join(folder, 'dangling.json'));
    symlinkSync('loop.json', join(folder, 'loop.json'));
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    writeFileSync(join(directory, 'services', 'stray'), 'hello');
    const snapshot = await handle.operations.listAll({ signal });
    expect(snapshot.instances.map(({ id }) => id)).toEqual(['good']);
    const reasons = snapshot.undecoded.map(
      ({ key, reason }) => `${key.slice(directory.length + 10)}: ${reason}`,
    );
    expect(reasons.sort()).toEqual([
      'order/README: no entry of sdctl',
      'order/copied.json: the entry of another name (a copied file?)',
      'order/empty.json: no entry of sdctl',
      'order/folder.json: not a file',
      'order/half.json: no entry of sdctl',
      'order/huge.json: larger than 4194304 bytes',
      'order/loop.json: too many symbolic links',
      'order/pipe.json: not a file',
      'stray: a file among the services',
    ]);
    expect((await handle.registry.list('order', { signal })).undecoded).toHaveLength(8);
  });

  it('writes over an empty file, but not over what somebody put there', async () => {
    await handle.registry.register(aSpec({ id: 'first' }), { signal, ttlMs });
    const folder = join(directory, 'services', 'order');
    writeFileSync(join(folder, 'empty.json'), '');
    writeFileSync(join(folder, 'notes.json'), 'do not touch');
    await handle.registry.register(aSpec({ id: 'empty' }), { signal, ttlMs });
    const refused = handle.registry.register(aSpec({ id: 'notes' }), { signal, ttlMs });
    await expect(refused).rejects.toMatchObject({ code: 'E_CONFLICT' });
    expect(readFileSync(join(folder, 'notes.json'), 'utf8')).toBe('do not touch');
    expect(await handle.registry.deregister({ service: 'order', id: 'notes' }, { signal })).toBe('removed');
  });

  it('that is a file is E_FILE for every call', async () => {
    const file = join(parent, 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'below')]) {
      await using wrong = openLocal(aConnection({ directory: path }), testDeps());
      const expected = { code: 'E_FILE', exitCode: 2 };
      await expect(wrong.registry.list('order', { signal })).rejects.toMatchObject(expected);
      await expect(wrong.operations.listAll({ signal })).rejects.toMatchObject(expected);
      await expect(wrong.registry.register(aSpec(), { signal, ttlMs })).rejects.toMatchObject(expected);
      await expect(
        wrong.registry.watch('order', { signal })[Symbol.asyncIterator]().next(),
      ).rejects.toMatchObject(expected);
      expect(await wrong.operations.status({ signal })).toMatchObject([{ server: path, healthy: false }]);
    }
  });

  it('that may not be read is E_FORBIDDEN', async () => {
    await handle.registry.register(aSpec(), { signal, ttlMs });
    chmodSync(join(directory, 'services'), 0);
    // Nothing is forbidden to root: look at it as somebody else.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) {
      chmodSync(directory, 0o755);
      process.seteuid?.(65_534);
    }
    try {
      await expect(handle.operations.listAll({ signal })).rejects.toMatchObject({
        code: 'E_FORBIDDEN',
        exitCode: 5,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(directory, 'services'), 0o700);
    }
  });
});

describe('leases', () => {
  it('are renewed without touching the content, and shown with their time left', async () => {
    const log = new EventLog<RegistrationEvent>();
    const spec = aSpec();
    await handle.registry.register(spec, { signal, ttlMs: 3_000, onEvent: log.push });
    const file = await fileOf('order');
    const before = { text: readFileSync(file, 'utf8'), inode: statSync(file).ino };
    await log.until('renewed', 3_000);
    expect({ text: readFileSync(file, 'utf8'), inode: statSync(file).ino }).toEqual(before);
    const lease = (await listed('order'))[0]?.lease;
    expect(lease).toMatchObject({ id: spec.owner.run, ttlSeconds: 3 });
    expect(lease?.leftSeconds).toBeGreaterThan(2);
    const leases = await handle.operations.leases([spec.owner.run, 'unknown'], { signal });
    expect([...leases.keys()]).toEqual([spec.owner.run]);
    expect(leases.get(spec.owner.run)).toMatchObject({ grantedSeconds: 3 });
  });

  it('that have ended hide the entry at once and let it be removed', async () => {
    const stop = new AbortController();
    await handle.registry.register(aSpec(), { signal: stop.signal, ttlMs });
    stop.abort();
    const file = await fileOf('order');
    utimesSync(file, Date.now() / 1_000 - 11, Date.now() / 1_000 - 11);
    expect(await listed('order')).toEqual([]);
    expect(existsSync(file)).toBe(false);
    expect(await handle.registry.deregister({ service: 'order', id: 'order-1' }, { signal })).toBe('absent');
  });

  it('end in time though the clock was put back', async () => {
    const stop = new AbortController();
    const dead = { owner: anOwner({ host: 'other' }) };
    await handle.registry.register(aSpec(dead), { signal: stop.signal, ttlMs: 2_000 });
    stop.abort();
    const file = await fileOf('order');
    const inAnHour = Date.now() / 1_000 + 3_600;
    utimesSync(file, inAnHour, inAnHour);
    expect((await listed('order'))[0]?.lease?.leftSeconds).toBeLessThanOrEqual(2);
    expect(statSync(file).mtimeMs / 1_000).toBeLessThan(inAnHour - 3_000); // and the TTL counts from now
    utimesSync(file, inAnHour, inAnHour);
    await using watching = new Watching(handle.registry, 'order');
    expect((await watching.until('left', 5_000)).reason).toBe('expired');
  });

  it('that seem to end in an hour are not waited for so long', async () => {
    const stop = new AbortController();
    const dead = { owner: anOwner({ host: 'other' }) };
    await handle.registry.register(aSpec(dead), { signal: stop.signal, ttlMs: 2_000 });
    stop.abort();
    const inAnHour = Date.now() / 1_000 + 3_600;
    utimesSync(await fileOf('order'), inAnHour, inAnHour);
    const startedMs = performance.now();
    await handle.registry.register(aSpec(), { signal, ttlMs });
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('are not needed: an entry without one stays, and its health is unknown', async () => {
    const store = new DirectoryStore(directory, systemClock, aProbe());
    const value = '{"sdctl":1,"endpoints":["http://10.0.0.1:80"]}';
    await store.edit(
      { service: 'order', id: 'fixed' },
      () => ({ edit: { type: 'write', value, lease: null }, answer: null }),
      call,
    );
    expect(await listed('order')).toMatchObject([{ id: 'fixed', lease: null, health: 'unknown' }]);
    const taken = handle.registry.register(aSpec({ id: 'fixed' }), { signal, ttlMs });
    await expect(taken).rejects.toMatchObject({ code: 'E_CONFLICT', why: 'it has no lease that could end' });
  });

  it('say nothing about health when the value does', async () => {
    const store = new DirectoryStore(directory, systemClock, aProbe());
    const value = '{"sdctl":1,"endpoints":[],"health":"critical","healthReason":"disk full"}';
    const lease = { id: 'run', ttlMs };
    await store.edit(
      { service: 'order', id: 'ill' },
      () => ({ edit: { type: 'write', value, lease }, answer: null }),
      call,
    );
    expect(await listed('order')).toMatchObject([{ health: 'critical', healthReason: 'disk full' }]);
  });

  it('never bring an entry back that was replaced while it was renewed', async () => {
    const store = new DirectoryStore(directory, systemClock, aProbe());
    const name = { service: 'order', id: 'a' };
    const put = (id: string): Promise<unknown> =>
      store.edit(
        name,
        () => ({ edit: { type: 'write', value: '{}', lease: { id, ttlMs } }, answer: null }),
        call,
      );
    await put('one');
    expect(await store.renew(name, 'one', call)).toEqual({ state: 'renewed', ttlMs });
    await put('two');
    expect(await store.renew(name, 'one', call)).toMatchObject({
      state: 'taken',
      by: { lease: { id: 'two' } },
    });
    rmSync(directory, { recursive: true });
    expect(await store.renew(name, 'two', call)).toMatchObject({ state: 'gone' });
  });
});

describe('the lock of writers', () => {
  const lockOf = (pid: number, host = TEST_HOST): string => {
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'lock');
    writeFileSync(file, `${pid} mark ${host}`);
    return file;
  };

  it('is taken from a process that has died, with what it left behind', async () => {
    mkdirSync(join(directory, 'tmp'), { recursive: true });
    writeFileSync(join(directory, 'tmp', 'half'), 'x');
    const file = lockOf(DEAD_PID);
    await handle.registry.register(aSpec(), { signal, ttlMs });
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(join(directory, 'tmp'))).toEqual([]);
  });

  it('is taken from anybody after 5 s', async () => {
    const file = lockOf(1, 'other');
    utimesSync(file, Date.now() / 1_000 - 6, Date.now() / 1_000 - 6);
    await handle.registry.register(aSpec(), { signal, ttlMs });
  });

  it('is taken, too, when it is of the future', async () => {
    const file = lockOf(1, 'other');
    utimesSync(file, Date.now() / 1_000 + 3_600, Date.now() / 1_000 + 3_600);
    await handle.registry.register(aSpec(), { signal, ttlMs });
  });

  it('is waited for, but no longer than asked', async () => {
    const file = lockOf(LIVE_PID);
    const impatient = handle.registry.register(aSpec(), { signal, ttlMs, timeoutMs: 100 });
    await expect(impatient).rejects.toMatchObject({ code: 'E_TIMEOUT', exitCode: 4 });
    const patient = handle.registry.register(aSpec(), { signal, ttlMs });
    rmSync(file);
    await patient;
    expect(await listed('order')).toHaveLength(1);
  });
});

describe('a watch of a directory', () => {
  const soonMs = 2_500;

  it('sees it come, go and come again', async () => {
    await using all = new Watching(handle.registry, null);
    await using one = new Watching(handle.registry, 'order');
    await Promise.all([all.until('synced', soonMs), one.until('synced', soonMs)]);
    for (const id of ['first', 'second']) {
      const stop = new AbortController();
      await handle.registry.register(aSpec({ id, owner: anOwner() }), { signal: stop.signal, ttlMs });
      for (const watching of [all, one])
        await watching.until('joined', soonMs, ({ instance }) => instance.id === id);
      stop.abort();
      rmSync(parent, { recursive: true });
      for (const watching of [all, one]) {
        expect(await watching.until('left', soonMs, ({ instance }) => instance.id === id)).toMatchObject({
          reason: 'deleted',
        });
      }
    }
    expect(all.types).not.toContain('stale');
  });

  it('sees what is renamed into place and out of it', async () => {
    await handle.registry.register(aSpec({ service: 'order' }), { signal, ttlMs });
    await using watching = new Watching(handle.registry, null);
    await watching.until('synced', soonMs);
    renameSync(join(directory, 'services'), join(directory, 'away'));
    await watching.until('left', soonMs);
    renameSync(join(directory, 'away'), join(directory, 'services'));
    await watching.until('joined', soonMs);
  });

  it('is stale while the directory cannot be read, and goes on after that', async () => {
    await handle.registry.register(aSpec(), { signal, ttlMs });
    await using watching = new Watching(handle.registry, 'order');
    await watching.until('synced', soonMs);
    renameSync(directory, join(parent, 'away'));
    writeFileSync(directory, 'a file');
    const stale = await watching.until('stale', soonMs);
    expect(stale.cause).toMatchObject({ code: 'E_FILE' });
    rmSync(directory);
    renameSync(join(parent, 'away'), directory);
    const synced = await watching.until('synced', soonMs, () => true, watching.types.indexOf('stale'));
    expect(synced.snapshot.instances).toHaveLength(1);
  });

  it('ends an entry when its TTL passes, though nobody touches the directory', async () => {
    const stop = new AbortController();
    await using watching = new Watching(handle.registry, 'order');
    await watching.until('synced', soonMs);
    await handle.registry.register(aSpec(), { signal: stop.signal, ttlMs: 2_000 });
    const startedMs = performance.now();
    stop.abort();
    const left = await watching.until('left', 3_000);
    expect(left.reason).toBe('expired');
    expect(performance.now() - startedMs).toBeGreaterThan(1_900);
    expect(performance.now() - startedMs).toBeLessThan(2_200);
  });

  it('remembers nothing of what is gone', async () => {
    const memory: ScanMemory = new Map();
    const paths = new DirectoryPaths(directory);
    await handle.registry.register(aSpec({ service: 'gone' }), { signal, ttlMs });
    await handle.registry.register(aSpec({ service: 'here' }), { signal, ttlMs });
    await sleep(60); // what is younger is not remembered
    await scanDirectory(paths, null, systemClock, call, memory);
    expect(memory.size).toBe(2);
    await handle.registry.deregister({ service: 'gone', id: 'gone-1' }, { signal });
    await scanDirectory(paths, null, systemClock, call, memory);
    expect([...memory.keys()]).toEqual([paths.fileOf({ service: 'here', id: 'here-1' })]);
  });

  it('delivers a burst of 1 000 joins', async () => {
    await using watching = new Watching(handle.registry, 'order');
    await watching.until('synced', soonMs);
    const store = new DirectoryStore(directory, systemClock, aProbe());
    const value = '{"sdctl":1,"endpoints":[]}';
    for (let index = 0; index < 1_000; index += 1) {
      const lease = { id: `run-${index}`, ttlMs: 60_000 };
      await store.edit(
        { service: 'order', id: `i-${index}` },
        () => ({ edit: { type: 'write', value, lease }, answer: null }),
        call,
      );
    }
    await expect
      .poll(() => watching.types.filter((type) => type === 'joined').length, { timeout: 5_000 })
      .toBe(1_000);
  });
});

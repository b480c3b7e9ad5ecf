/** What is said when the look after a removal is broken off, or the registry goes away meanwhile. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { type Binary, startBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { goZero } from '../support/imitators/go-zero.js';
import { kitex } from '../support/imitators/kitex.js';
import { kratos } from '../support/imitators/leased.js';
import { itemOf, itemsOf, type RemovalItem } from '../support/removal-runs.js';
import { type Etcd, startEtcd, startProxy } from '../support/servers/index.js';

const SLOW = { timeout: 60_000 };
const WITHIN = { timeout: 10_000 };

const kratosRoot = ['--prefix', '/microservices/'];
const nobodyKnows = 'was removed, but nobody knows whether it came back';

/** An etcd of one test alone. */
async function ownEtcd(): Promise<Etcd & AsyncDisposable> {
  const etcd = await startEtcd({ version: '3.5' });
  return Object.assign(etcd, { [Symbol.asyncDispose]: async () => etcd.stop() });
}

/** Starts a removal; resolves once it is recorded, with the look still ahead. */
async function removing(etcd: Etcd, names: readonly string[], flags: readonly string[]): Promise<Binary> {
  const server = ['--backend', 'etcd', '--server', etcd.url];
  const run = startBinary(['deregister', ...names, '--yes', '--force', ...server, ...flags]);
  await vi.waitFor(() => expect(recorded(run)).toEqual(names), WITHIN);
  return run;
}

/** What the program has noted down as removed. */
function recorded({ home }: Binary): readonly string[] {
  try {
    const text = readFileSync(path.join(home, 'state', 'sdctl', 'audit.jsonl'), 'utf8');
    const lines = text.trimEnd().split('\n');
    return lines
      .map((line) => JSON.parse(line) as { readonly target: string; readonly outcome: string })
      .flatMap(({ target, outcome }) => (outcome === 'removed' ? [target] : []));
  } catch {
    return [];
  }
}

/** A process of kratos that stays gone, and the name of its instance. */
async function silent(etcd: Etcd): Promise<Disposable & { readonly key: string; readonly name: string }> {
  const service = uniqueName('order');
  const process = await kratos(etcd, service);
  const { key } = process.entryOf(service);
  const name = key.replace('/microservices/', '');
  return { key, name, [Symbol.dispose]: () => process[Symbol.dispose]() };
}

describe.concurrent('Ctrl-C while somebody looks', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s: the name stands on stdout already', SLOW, async (signal, code) => {
    await using etcd = await ownEtcd();
    using process = await silent(etcd);
    await using run = await removing(etcd, [process.name], [...kratosRoot, '--verify', '30s']);
    await run.prints(`${process.name}\n`, 5_000);
    run.signal(signal);
    expect((await run.exit(5_000)).code).toBe(code);
    expect(run.stdout).toBe(`${process.name}\n`);
    expect(run.stderr).not.toContain('still gone');
    expect(await etcd.get(process.key)).toBeUndefined();
  });

  it.each(['json', 'jsonl', 'yaml'] as const)('the answer in %s is whole', SLOW, async (format) => {
    await using etcd = await ownEtcd();
    using process = await silent(etcd);
    const flags = [...kratosRoot, '--verify', '30s', '-o', format];
    await using run = await removing(etcd, [process.name], flags);
    expect(run.stdout).toBe('');
    run.signal('SIGINT');
    expect((await run.exit(5_000)).code).toBe(130);
    const item = format === 'jsonl' ? (JSON.parse(run.stdout) as RemovalItem) : itemIn(run.stdout);
    expect(item).toMatchObject({ outcome: 'removed', goneForSeconds: null, comeback: null });
    expect(item.error).toMatchObject({
      message: `${process.name} ${nobodyKnows}`,
      why: 'the look was broken off',
    });
  });

  it('what came back before is told all the same', SLOW, async () => {
    await using etcd = await ownEtcd();
    const service = uniqueName('back');
    using process = await silent(etcd);
    using stubborn = await goZero(etcd, service, { watchesKey: true });
    const names = [process.name, stubborn.entryOf(service).key];
    const roots = [...kratosRoot, '--prefix', '', '--confirm', 'etcd'];
    await using run = await removing(etcd, names, [...roots, '--verify', '30s', '-o', 'json']);
    await vi.waitFor(() => expect(stubborn.writes).toHaveLength(2), WITHIN);
    run.signal('SIGINT');
    expect((await run.exit(5_000)).code).toBe(130);
    expect(itemsOf(run).map(({ outcome }) => outcome)).toEqual(['removed', 'came-back']);
  });
});

describe.concurrent('etcd goes away while somebody looks', () => {
  it.each(['killed', 'frozen'] as const)('for good, %s: 4, and nobody knows', SLOW, async (how) => {
    await using etcd = await ownEtcd();
    using process = await silent(etcd);
    const flags = [...kratosRoot, '--verify', '3s', '--timeout', '3s'];
    await using run = await removing(etcd, [process.name], flags);
    if (how === 'killed') await etcd.kill();
    else etcd.freeze();
    expect((await run.exit(30_000)).code).toBe(4);
    expect(run.stdout).toBe(`${process.name}\n`);
    expect(run.stderr).toContain(`Error: ${process.name} ${nobodyKnows}\n`);
    expect(run.stderr).not.toContain('still gone');
    expect(run.stderr).toContain(`sdctl list ${process.name}`);
  });

  it('for good: the document says that it was removed', SLOW, async () => {
    await using etcd = await ownEtcd();
    using process = await silent(etcd);
    await using run = await removing(etcd, [process.name], [...kratosRoot, '--verify', '3s', '-o', 'json']);
    await etcd.kill();
    expect((await run.exit(30_000)).code).toBe(4);
    expect(itemOf(run)).toMatchObject({
      outcome: 'removed',
      goneForSeconds: null,
      comeback: null,
      error: { code: 'E_UNREACHABLE', message: `${process.name} ${nobodyKnows}` },
    });
  });

  it('for good: what came back before is told all the same, with 8', SLOW, async () => {
    await using etcd = await ownEtcd();
    const service = uniqueName('back');
    using process = await silent(etcd);
    using stubborn = await goZero(etcd, service, { watchesKey: true });
    const names = [process.name, stubborn.entryOf(service).key];
    const roots = [...kratosRoot, '--prefix', '', '--confirm', 'etcd'];
    await using run = await removing(etcd, names, [...roots, '--verify', '4s', '-o', 'json']);
    await vi.waitFor(() => expect(stubborn.writes).toHaveLength(2), WITHIN);
    await etcd.kill();
    expect((await run.exit(30_000)).code).toBe(8);
    expect(itemsOf(run)).toMatchObject([
      { outcome: 'removed', error: { code: 'E_UNREACHABLE' } },
      { outcome: 'came-back', error: { code: 'E_CAME_BACK' } },
    ]);
  });

  it('and is there again in time: what stays gone is said to', SLOW, async () => {
    await using etcd = await ownEtcd();
    using process = await silent(etcd);
    await using run = await removing(etcd, [process.name], [...kratosRoot, '--verify', '8s']);
    await etcd.restart({ downMs: 2_000 });
    expect((await run.exit(30_000)).code).toBe(0);
    expect(run.stderr).toContain('Gone, and still gone after 8s.');
  });

  it('and is there again in time: what comes back afterwards is said to', SLOW, async () => {
    await using etcd = await ownEtcd();
    const service = uniqueName('order');
    using process = await kitex(etcd, service, { looksAfterMs: 5_000 });
    const name = `${service}/10.0.1.5:8888`;
    const flags = ['--prefix', 'kitex/registry-etcd/', '-o', 'json'];
    await using run = await removing(etcd, [name], flags);
    await etcd.restart({ downMs: 1_000 });
    expect((await run.exit(40_000)).code).toBe(6);
    const after = process.entryOf(service);
    const { comeback } = itemOf(run);
    expect(comeback?.entry).toMatchObject({ key: after.key, lease: { idDecimal: after.lease } });
    expect(comeback?.afterSeconds).toBeGreaterThan(4);
    expect(comeback?.afterSeconds).toBeLessThan(12);
  });

  it('and is there again in time: what came back unseen is seen then', SLOW, async () => {
    await using etcd = await ownEtcd();
    const service = uniqueName('order');
    using process = await kitex(etcd, service, { looksAfterMs: 2_000 });
    const proxy = await startProxy(etcd.url);
    const name = `${service}/10.0.1.5:8888`;
    const server = ['--backend', 'etcd', '--server', proxy.url, '--prefix', 'kitex/registry-etcd/'];
    await using run = startBinary(['deregister', name, '--yes', '--force', ...server]);
    await run.prints(name, 10_000);
    await proxy.refuse(true);
    proxy.cut();
    await vi.waitFor(() => expect(process.writes).toHaveLength(2), WITHIN);
    await proxy.refuse(false);
    expect((await run.exit(40_000)).code).toBe(6);
    expect(run.stderr).toMatch(/came back after \d+s/);
    await proxy.stop();
  });
});

function itemIn(text: string): RemovalItem {
  const [item] = (parse(text) as { readonly items: readonly RemovalItem[] }).items;
  if (item === undefined) throw new Error(`no target in ${text}`);
  return item;
}

/** The lease commands on the embedded registry: lists, a lease by itself, the end of one, a watch and how it ends. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { leak, vectors } from '../support/hostile.js';
import { type FolderEntry, writeRegistry } from '../support/registry-folder.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { runTerminal, Terminal } from '../support/terminal.js';

const value = { endpoints: ['http://10.0.4.11:8080'] };
const formats = ['table', 'wide', 'tsv', 'name', 'json', 'jsonl', 'yaml'];
let home = '';
let registry = '';

/** A lease of two services, and one of one; far from their ends. */
const entries: readonly FolderEntry[] = [
  { service: 'payments', id: 'i-39', value, leaseId: 'run-39' },
  { service: 'ledger', id: 'i-39', value, leaseId: 'run-39' },
  { service: 'payments', id: 'i-88', value, leaseId: 'run-88', ttlSeconds: 3_600 },
  { service: 'legacy', id: 'i-1', value, ttlSeconds: null },
];

beforeEach(() => {
  home = makeTempDir('lease');
  registry = path.join(home, 'registry');
  writeRegistry(registry, entries);
  const config = path.join(home, 'config', 'sdctl');
  mkdirSync(config, { recursive: true });
  const context = `backend: local, directory: ${registry}`;
  writeFileSync(
    path.join(config, 'config.yaml'),
    `currentContext: lab\ncontexts:\n  lab: {${context}}\n  prod: {${context}, protected: true}\n  archive: {${context}, readOnly: true}\n`,
  );
});

const fileOf = (service: string, id: string): string =>
  path.join(registry, 'services', service, `${id}.json`);
const lease = async (...args: string[]) => runBinary(['lease', ...args], { home });

/** A process that keeps an instance announced. */
async function member(id: string, ttl = '3s') {
  const binary = startBinary(
    ['register', 'cart', '--id', id, '--endpoint', 'http://10.0.4.17:8080', '--ttl', ttl, '-o', 'jsonl'],
    { home },
  );
  const { line } = await binary.line('registered', 10_000);
  return { binary, leaseId: String(line['leaseId']) };
}

describe('lease list', () => {
  it('shows a table at a terminal, nearest end first', async () => {
    const { screen, code } = await runTerminal(['lease', 'list', '--color', 'never'], { home });
    expect(code).toBe(0);
    const lines = screen.split('\n').map((line) => line.replace(/\b(35|36|71|72)\d\ds /, 'LEFT  '));
    expect(lines).toEqual([
      'LEASE   TTL LEFT  GRANTED  KEYS  BOUND TO',
      'run-88  LEFT      3600s    1     payments/i-88',
      'run-39  LEFT      7200s    2     ledger/i-39, 1 more',
      '2 leases in lab (local), rev 42',
      '',
    ]);
  });

  it('is tab-separated in a pipe, with nothing else', async () => {
    const run = await lease('list');
    expect(run.stderr).toBe('');
    const rows = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(
      rows.map(([id, kind, , granted, , overdue, , , keys, services, bound]) => [
        id,
        kind,
        granted,
        overdue,
        keys,
        services,
        bound,
      ]),
    ).toEqual([
      ['run-88', 'lease', '3600', 'false', '1', 'payments', 'payments/i-88'],
      ['run-39', 'lease', '7200', 'false', '2', 'ledger,payments', 'ledger/i-39,payments/i-39'],
    ]);
    expect((await lease('ls', '-o', 'name')).stdout).toBe('run-88\nrun-39\n');
    const chosen = await lease(
      'list',
      '--fields',
      'lease,keys',
      '--headers',
      '--sort-by',
      'ttl:desc',
      '--limit',
      '1',
    );
    expect(chosen.stdout).toBe('lease\tkeys\nrun-39\t2\n');
  });

  it('keeps what is asked for, and an empty list is no failure', async () => {
    const names = async (...args: string[]) => (await lease('list', '-o', 'name', ...args)).stdout;
    expect(await names('--service', 'ledger')).toBe('run-39\n');
    expect(await names('--service', 'pay*')).toBe('run-88\nrun-39\n');
    expect(await names('--service', 'legacy')).toBe('');
    expect(await names('--expiring', '1h1m')).toBe('run-88\n');
    const orphans = await lease('list', '--orphans', '-o', 'json');
    expect(orphans.ended.code).toBe(0);
    expect(JSON.parse(orphans.stdout)).toMatchObject({
      kind: 'LeaseList',
      partial: false,
      hidden: [],
      items: [],
    });
  });

  it.each([
    [['--fields', 'nope'], 'valid: lease, kind, node'],
    [['--fields', 'nope', '-o', 'json'], 'valid: type, id, idDecimal'],
    [['--sort-by', 'nope'], 'fields: lease, kind'],
    [['--expiring', '10'], 'Try: --expiring 10s'],
    [['--observe', '1ms'], '--observe 1ms is too short'],
    [['--service', ''], '--service is empty'],
    [['-w', '--observe', '5s'], 'contradict each other'],
    [['-w', '--fields', 'lease'], 'contradict each other'],
    [['-w', '-o', 'json'], 'Try: -o jsonl'],
    [['-w', '--limit', '0'], '--limit 0 is not valid'],
    [['run-39'], 'takes no argument "run-39"'],
  ])('refuses %s', async (args, says) => {
    const run = await lease('list', ...args);
    expect(run.ended.code).toBe(2);
    expect(run.stderr).toContain(says);
  });

  it('says nothing to a reader who has left', async () => {
    const run = startBinary(['lease', 'list', '-w'], { home, closeAfterLine: true });
    expect(await run.exit(10_000)).toMatchObject({ code: 0, signal: null });
    expect(run.stderr).toBe('');
  });
});

describe('lease inspect', () => {
  it('shows a lease with all that hangs on it', async () => {
    const { screen, code } = await runTerminal(['lease', 'inspect', 'run-39', '--color', 'never'], { home });
    expect(code).toBe(0);
    expect(screen).toMatch(
      /^lease {5}run-39\ngranted {3}7200s\nleft {6}7\d{3}s at \d\d:\d\d:\d\d\nrenewed {3}unknown/,
    );
    expect(screen).toMatch(
      /keys \(2\) {2}\S*ledger\/i-39\.json +ledger\/i-39 \(sdctl\)\n {10}\S+ +payments\/i-39 \(sdctl\)\n$/,
    );
    const piped = await lease('show', 'run-39');
    expect(piped.stdout).toMatch(/^lease\trun-39\nkind\tlease\n/);
    expect(piped.stdout).toContain(`\nkey\t${fileOf('ledger', 'i-39')}\tledger/i-39\n`);
    const document = await lease('inspect', 'run-39', '--json');
    expect(JSON.parse(document.stdout)).toMatchObject({
      kind: 'Lease',
      id: 'run-39',
      keys: 2,
      services: ['ledger', 'payments'],
    });
  });

  it('ends with 3 for one that is not there', async () => {
    const run = await lease('inspect', 'run-40');
    expect(run.ended.code).toBe(3);
    expect(run.stderr).toContain(
      'Error: no lease run-40: expired or never granted\n  Try: sdctl lease list\n',
    );
    const json = await lease('inspect', 'run-40', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'Error',
      error: { code: 'E_NOT_FOUND', exitCode: 3 },
    });
    expect((await lease('inspect')).ended.code).toBe(2);
    expect((await lease('inspect', '')).ended.code).toBe(2);
  });
});

describe('lease revoke', () => {
  const kept = () => [existsSync(fileOf('payments', 'i-39')), existsSync(fileOf('ledger', 'i-39'))];

  it('of several keys wants its id', async () => {
    const alone = await lease('revoke', 'run-39', '--yes');
    expect(alone.ended.code).toBe(2);
    expect(alone.stderr).toContain(
      'Revoking run-39 in lab (local) removes 2 keys: ledger/i-39, payments/i-39.\n',
    );
    expect(alone.stderr).toContain('Try: add --yes --confirm run-39');
    expect(kept()).toEqual([true, true]);
    const run = await lease('revoke', 'run-39', '--yes', '--confirm', 'run-39');
    expect(run.ended.code).toBe(0);
    expect(run.stdout).toBe('run-39\n');
    expect(kept()).toEqual([false, false]);
    expect(existsSync(fileOf('payments', 'i-88'))).toBe(true);
    expect((await lease('revoke', 'run-39', '--yes', '--confirm', 'run-39')).ended.code).toBe(3);
    const audit = readFileSync(path.join(home, 'state', 'sdctl', 'audit.jsonl'), 'utf8');
    expect(audit.split('\n').slice(0, -1)).toHaveLength(3);
  });

  it.each([
    ['run-39', 'go on: ', 'run-39\r', 0],
    ['run-39', 'go on: ', 'y\r', 2],
    ['run-39', 'go on: ', '\x03', 130],
    ['run-88', '[y/N] ', 'y\r', 0],
    ['run-88', '[y/N] ', '\r', 2],
  ])('of %s at a terminal asks "%s"; %j ends with %i', async (id, prompt, keys, code) => {
    await using terminal = new Terminal(['lease', 'revoke', id], { home });
    await terminal.shows(prompt);
    terminal.type(keys);
    expect(await terminal.exit()).toBe(code);
    const left = await lease('list', '-o', 'name');
    expect(left.stdout.includes(id)).toBe(code !== 0);
  });

  it('in a protected context wants the name of that', async () => {
    const wrong = await lease('revoke', 'run-39', '-c', 'prod', '--yes', '--confirm', 'run-39');
    expect(wrong.ended.code).toBe(2);
    expect(wrong.stderr).toContain('--confirm run-39 is not the name of the context');
    expect(kept()).toEqual([true, true]);
    expect((await lease('revoke', 'run-39', '-c', 'prod', '--yes', '--confirm', 'prod')).ended.code).toBe(0);
    expect(kept()).toEqual([false, false]);
  });

  it('changes nothing where it must not', async () => {
    const dry = await lease('revoke', 'run-39', '--dry-run', '--json');
    expect(dry.ended.code).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      kind: 'RevokeResult',
      dryRun: true,
      items: [{ outcome: 'planned' }],
    });
    for (const flags of [['--dry-run'], ['--yes', '--confirm', 'run-39']]) {
      const refused = await lease('revoke', 'run-39', '-c', 'archive', ...flags, '--json');
      expect(refused.ended.code).toBe(5);
      expect(JSON.parse(refused.stdout)).toMatchObject({ kind: 'Error', error: { code: 'E_READ_ONLY' } });
    }
    expect((await lease('revoke', 'run-40', '--dry-run')).ended.code).toBe(3);
    expect(kept()).toEqual([true, true]);
    expect(existsSync(path.join(home, 'state', 'sdctl'))).toBe(false);
  });

  it('leaves alone what changed while it asked', async () => {
    await using terminal = new Terminal(['lease', 'revoke', 'run-88'], { home });
    await terminal.shows('[y/N] ');
    writeRegistry(registry, [
      { service: 'payments', id: 'i-88', value: { endpoints: ['http://10.0.0.9:1'] }, leaseId: 'run-89' },
    ]);
    terminal.type('y\r');
    expect(await terminal.exit()).toBe(6);
    expect(terminal.screen).toContain('lease run-88 changed meanwhile and was left alone');
    expect(existsSync(fileOf('payments', 'i-88'))).toBe(true);
  });
});

describe('while processes renew', () => {
  it('a watch tells renewals and ends, and ends itself with the signal', async () => {
    const { binary, leaseId } = await member('i-1');
    await using kept = binary;
    await using watch = startBinary(['lease', 'list', '-w', '--service', 'cart', '-o', 'jsonl'], { home });
    const ofLease = (type: string) => (line: { readonly type?: string; readonly [field: string]: unknown }) =>
      line.type === type && line['id'] === leaseId;
    await watch.line(ofLease('listed'), 10_000);
    await watch.line(ofLease('renewed'), 10_000);
    const other = await member('i-2');
    await using second = other.binary;
    await watch.line(({ type, id }) => type === 'new' && id === other.leaseId, 10_000);
    second.signal('SIGTERM');
    await watch.line(({ type, id }) => type === 'ended' && id === other.leaseId, 10_000);
    const renewed = watch.lines.filter(({ line }) => line.type === 'renewed');
    expect(renewed.every(({ line }) => line['renewed'] === true && line['leaseType'] === 'lease')).toBe(true);
    watch.signal('SIGINT');
    expect(await watch.exit(5_000)).toMatchObject({ code: 130, signal: null });
    expect(watch.stderr).toBe('');
    expect(kept.running).toBe(true);
  });

  it('observing tells who renews and who does not', async () => {
    const { binary, leaseId } = await member('i-1');
    await using kept = binary;
    writeRegistry(registry, [{ service: 'cart', id: 'i-9', value, leaseId: 'dead', ttlSeconds: 6 }]);
    const { screen } = await runTerminal(
      ['lease', 'list', '--service', 'cart', '--observe', '5s', '--color', 'never', '--width', '120'],
      { home },
    );
    expect(screen).toContain('Observing 5s …');
    const rowOf = (id: string) => screen.split('\n').find((line) => line.includes(id)) ?? '';
    expect(rowOf('LEASE ')).toMatch(/TTL LEFT +GRANTED +RENEWED +KEYS/);
    expect(rowOf(leaseId)).toMatch(/ 3s +yes +1 +cart\/i-1$/);
    expect(rowOf('dead')).toMatch(/ 6s +no +1 +cart\/i-9$/);
    expect(kept.running).toBe(true);
  });

  it.each(['table', 'json'])('observing as %s ends at once with Ctrl-C', async (format) => {
    const stdoutFile = path.join(home, 'out');
    await using terminal = new Terminal(['lease', 'list', '--observe', '1h', '-o', format], {
      home,
      stdoutFile,
    });
    await terminal.shows('Observing 1h …');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(130);
    const stdout = readFileSync(stdoutFile, 'utf8');
    if (format === 'table') expect(stdout).toBe('');
    else
      expect(JSON.parse(stdout)).toMatchObject({
        kind: 'Error',
        error: { code: 'E_ABORTED', exitCode: 130 },
      });
  });

  it('a watch at a terminal counts down until Ctrl-C', async () => {
    await using terminal = new Terminal(['lease', 'list', '-w', '--service', 'ledger', '--color', 'never'], {
      home,
    });
    await terminal.shows('1 lease in lab (local), rev 42');
    await terminal.shows('ledger/i-39, 1 more\n');
    const countdown = /\d\d:\d\d:\d\d {2}run-39 {2}7\d{3}s\/7200s {2}ledger\/i-39, 1 more\n/;
    await terminal.shows('s/7200s');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(130);
    expect(terminal.screen).toMatch(countdown);
  });
});

describe('names that would harm a terminal', () => {
  it.each(formats)('are harmless as %s, and are read as they are printed', async (format) => {
    const evil = Object.entries(vectors).map(([name, text], index): FolderEntry => ({
      service: name,
      id: `i-${index}`,
      value,
      leaseId: text,
    }));
    writeRegistry(registry, evil);
    const list = await lease('list', '-o', format);
    expect(list.ended.code).toBe(0);
    expect(list.said.replaceAll('\t', ' ')).not.toMatch(leak);
    if (format !== 'name') return;
    const printed = list.stdout.split('\n').slice(0, -1);
    expect(printed).toHaveLength(evil.length + 2);
    for (const id of printed) {
      const one = await lease('inspect', id, '-o', 'json');
      expect(one.ended.code, id).toBe(0);
      expect(one.said).not.toMatch(leak);
    }
    const removed = await lease('revoke', printed.find((id) => id.includes('52;c')) ?? '', '--yes');
    expect(removed.ended.code, removed.said).toBe(0);
    expect(removed.said).not.toMatch(leak);
  });

  it('in a locale that is not UTF-8 are ASCII', async () => {
    writeRegistry(registry, [{ service: 'käse', id: '日本語', value, leaseId: '日本' }]);
    for (const args of [
      ['list', '-o', 'table'],
      ['list', '-o', 'wide'],
      ['inspect', '日本', '-o', 'table'],
      ['revoke', '日本', '--dry-run'],
    ]) {
      const run = await runBinary(['lease', ...args], { home, env: { LC_ALL: 'C' } });
      expect(run.ended.code).toBe(0);
      expect(run.said).toMatch(/^[\0-\x7f]*$/);
    }
  });
});

it('help names the commands and the flags', async () => {
  expect((await runBinary(['lease', '--help'], { home })).stdout).toMatch(
    /lease inspect .*\n.*lease list .*\n.*lease revoke /,
  );
  expect((await lease('list', '--help')).stdout).toContain('--orphans');
  const unknown = await lease('lst');
  expect(unknown.ended.code).toBe(2);
  expect(unknown.stderr).toContain('it has: inspect, list, ls, revoke, show');
});

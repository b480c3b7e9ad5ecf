/** Removing an instance: at a terminal, in a script, protected, read-only, changed meanwhile. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { type FolderEntry, writeRegistry } from '../support/registry-folder.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { Terminal } from '../support/terminal.js';

const target = 'order/i-1';
const entry: FolderEntry = { service: 'order', id: 'i-1', value: { endpoints: ['http://10.0.4.11:8080'] } };
/** One has to stay. */
const other: FolderEntry = { service: 'order', id: 'i-2', value: { endpoints: ['http://10.0.4.12:8080'] } };
/** Whether something comes back is a question of its own. */
const atOnce = ['--verify', '0'];
let home = '';
let registry = '';
const file = (): string => path.join(registry, 'services', 'order', 'i-1.json');

beforeEach(() => {
  home = makeTempDir('removal');
  registry = path.join(home, 'state', 'sdctl', 'registry');
  writeRegistry(registry, [entry, other]);
  const config = path.join(home, 'config', 'sdctl');
  mkdirSync(config, { recursive: true });
  const context = `backend: local, directory: ${registry}`;
  writeFileSync(
    path.join(config, 'config.yaml'),
    `currentContext: plain\ncontexts:\n  plain: {${context}}\n  prod: {${context}, protected: true}\n  archive: {${context}, readOnly: true}\n`,
  );
});

async function answer(
  keys: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  await using terminal = new Terminal(['deregister', target, ...atOnce, ...args], { home, env });
  await terminal.shows(args.includes('prod') ? 'go on: ' : '[y/N] ');
  terminal.type(keys);
  const code = await terminal.exit();
  return { code, screen: terminal.screen };
}

describe('at a terminal', () => {
  it('asks, and does it for yes', async () => {
    const { code, screen } = await answer('y\r');
    expect(screen).toContain('Registry plain (local)');
    expect(screen).toContain('http://10.0.4.11:8080');
    expect(code).toBe(0);
    expect(existsSync(file())).toBe(false);
  });

  it.each([
    ['Enter alone', '\r'],
    ['no', 'n\r'],
    ['anything else', 'yess\r'],
    ['the end of input', '\x04'],
  ])('leaves it for %s', async (_name, keys) => {
    const { code, screen } = await answer(keys);
    expect(code).toBe(2);
    expect(screen).toContain('not confirmed, nothing was removed');
    expect(existsSync(file())).toBe(true);
  });

  it('leaves it for Ctrl-C', async () => {
    const { code } = await answer('\x03');
    expect(code).toBe(130);
    expect(existsSync(file())).toBe(true);
  });

  it('wants the name of a protected context typed', async () => {
    expect((await answer('y\r', ['-c', 'prod'])).code).toBe(2);
    expect(existsSync(file())).toBe(true);
    expect((await answer('prod\r', ['-c', 'prod'])).code).toBe(0);
    expect(existsSync(file())).toBe(false);
  });

  it.each([
    [['--no-input'], {}],
    [[], { CI: 'woodpecker' }],
    [[], { SDCTL_NO_INPUT: '1' }],
  ])('does not ask with %s %o', async (flags, env) => {
    await using terminal = new Terminal(['deregister', target, ...flags], { home, env });
    expect(await terminal.exit()).toBe(2);
    expect(terminal.screen).toContain('Try: add --yes');
    expect(existsSync(file())).toBe(true);
  });

  it('leaves alone what changed while it asked', async () => {
    await using terminal = new Terminal(['deregister', target, ...atOnce], { home });
    await terminal.shows('[y/N] ');
    writeRegistry(registry, [
      { ...entry, value: { endpoints: ['http://10.0.4.99:8080'] }, ttlSeconds: 3_600 },
    ]);
    await runBinary(['deregister', target, '--yes', ...atOnce], { home });
    writeRegistry(registry, [
      { ...entry, value: { endpoints: ['http://10.0.4.99:8080'] }, leaseId: 'other' },
    ]);
    terminal.type('y\r');
    expect(await terminal.exit()).toBe(6);
    expect(terminal.screen).toContain('changed meanwhile');
    expect(existsSync(file())).toBe(true);
  });
});

describe('in a script', () => {
  const script = async (...args: string[]) => runBinary(['deregister', target, ...atOnce, ...args], { home });

  it('needs --yes', async () => {
    const without = await script();
    expect(without.ended.code).toBe(2);
    expect(without.stderr).toContain('stdin is not a terminal\n  Try: add --yes');
    expect(existsSync(file())).toBe(true);
    const withYes = await script('--yes');
    expect(withYes.ended.code).toBe(0);
    expect(withYes.stdout).toBe('order/i-1\n');
    expect(existsSync(file())).toBe(false);
    expect((await script('--yes')).ended.code).toBe(3);
  });

  it('needs the name of a protected context too', async () => {
    const alone = await script('-c', 'prod', '--yes');
    expect(alone.ended.code).toBe(2);
    expect(alone.stderr).toContain('Try: add --yes --confirm prod');
    expect((await script('-c', 'prod', '--yes', '--confirm', 'plain')).ended.code).toBe(2);
    expect(existsSync(file())).toBe(true);
    expect((await script('-c', 'prod', '--yes', '--confirm', 'prod')).ended.code).toBe(0);
    expect(existsSync(file())).toBe(false);
  });

  it('changes nothing with --dry-run, and ends as the real run would', async () => {
    const dry = await script('--dry-run', '-o', 'json');
    expect(dry.ended.code).toBe(0);
    expect(JSON.parse(dry.stdout)).toMatchObject({
      kind: 'DeregisterResult',
      dryRun: true,
      items: [{ outcome: 'planned' }],
    });
    expect(dry.stderr).toContain('nothing was removed');
    expect((await script('--dry-run', '-c', 'archive')).ended.code).toBe(5);
    expect(existsSync(file())).toBe(true);
  });

  it('is refused in a read-only context', async () => {
    const refused = await script('-c', 'archive', '--yes', '-o', 'json');
    expect(refused.ended.code).toBe(5);
    expect(JSON.parse(refused.stdout)).toMatchObject({
      kind: 'Error',
      error: { code: 'E_READ_ONLY', exitCode: 5 },
    });
    expect(existsSync(file())).toBe(true);
  });
});

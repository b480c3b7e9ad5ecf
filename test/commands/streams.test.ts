/** Where output goes and how it is dressed: pipes, files, closed readers, colours, locales. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { ownEnvironment, programFolder, runBinary, startBinary } from '../support/binary.js';
import { fleet, writeRegistry } from '../support/registry-folder.js';
import { makeTempDir, trackPid, untrackPid } from '../support/servers/lifetime.js';
import { runTerminal } from '../support/terminal.js';

const home = makeTempDir('streams');
const local = ['--backend', 'local'];
const ESCAPE = /\u001b/;
const OTHER = /[^\0-\x7f]/;

beforeAll(() => {
  writeRegistry(path.join(home, 'state', 'sdctl', 'registry'), fleet);
});

/** A line of a shell in which `sdctl` is the program. */
async function shell(line: string, env: Readonly<Record<string, string>> = {}) {
  const program = path.join(programFolder(), 'bin', 'run.js');
  const script = `sdctl() { "${process.execPath}" "${program}" "$@"; }\n${line}`;
  const options = { cwd: home, env: { ...ownEnvironment(home), ...env }, timeout: 20_000 };
  return promisify(execFile)('bash', ['-c', script], options);
}

describe('a pipe', () => {
  it('that closes after a line ends the command quietly', async () => {
    const { stdout, stderr } = await shell(
      'sdctl list --backend local -q -o json | head -1; echo "${PIPESTATUS[0]}"',
    );
    expect(stdout).toBe('{\n0\n');
    expect(stderr).toBe('');
  });

  it('that closes under a watch ends it with 0 at the next event', async () => {
    const own = makeTempDir('home');
    const folder = path.join(own, 'state', 'sdctl', 'registry');
    writeRegistry(folder, fleet);
    const watch = startBinary(['watch', ...local], { home: own, closeAfterLine: true });
    await watch.prints('synced', 10_000);
    writeRegistry(folder, [{ service: 'order', id: 'i-9', value: '10.0.0.9:80' }]);
    expect(await watch.exit(10_000)).toMatchObject({ code: 0, signal: null });
    expect(watch.stderr).toBe('');
  });

  it('gets the same as a file', async () => {
    const { stdout } = await shell(
      'sdctl list order --backend local -o name | cat; sdctl list order --backend local -o name > f; cat f; sdctl list order --backend local 2>/dev/null | cut -f1',
    );
    expect(stdout).toBe('order/i-3\norder/i-2\norder/i-1\n'.repeat(2) + 'i-3\ni-2\ni-1\n');
  });

  it('holds one document and nothing else', async () => {
    for (const args of [
      'list',
      'list nope',
      'resolve nope',
      'watch',
      'lst',
      'list --nope',
      'register x',
      'config view',
      'context list',
    ]) {
      const { stdout } = await shell(`sdctl ${args} --backend local --json; true`);
      expect(JSON.parse(stdout), args).toMatchObject({ apiVersion: 'sdctl/v1' });
    }
  });

  it.runIf(existsSync('/dev/full'))('on a full disk is a failure', async () => {
    const { stdout, stderr } = await shell(
      'sdctl list --backend local -o json 2>said >/dev/full; echo $?; cat said',
    );
    expect(stdout).toMatch(/^1\n/);
    expect(stdout).toContain('no space left on the device');
    expect(stderr).toBe('');
  });

  it.runIf(existsSync('/dev/full'))('on a full disk takes no help either', async () => {
    const { stdout } = await shell(
      'for line in --help "list --help" "help list" version; do sdctl $line 2>said >/dev/full; echo "$? $(grep -c "no space left" said)"; done',
    );
    expect(stdout).toBe('1 1\n'.repeat(4));
  });

  it('may be closed from the start', async () => {
    const { stdout } = await shell(
      'sdctl list --backend local -q >&-; echo "$?"; sdctl list nope --backend local 2>&-; echo "$?"',
    );
    expect(stdout).toBe('0\n3\n');
  });
});

describe('a window that is closed', () => {
  it.each([
    ['register', 'register order --endpoint http://10.0.4.17:8080', 'Press Ctrl-C', 0],
    ['watch', 'watch', 'synced', 129],
  ])('ends %s in order', async (_name, call, shown, code) => {
    const own = makeTempDir('home');
    const ended = path.join(own, 'ended');
    const program = `"${process.execPath}" "${path.join(programFolder(), 'bin', 'run.js')}"`;
    // The inner shell outlives the window and keeps the exit code. Moved, so that it is never read half written.
    const line = `(trap '' HUP; ${program} ${call} --backend local 2>&1; echo $? > code; mv code ended); true`;
    const window = spawn('script', ['-qefc', line, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      cwd: own,
      env: { ...ownEnvironment(own), SHELL: '/bin/sh' },
    });
    trackPid(window.pid ?? 0);
    const gone = once(window, 'exit');
    let screen = '';
    for await (const text of window.stdout.setEncoding('utf8')) {
      screen += String(text);
      if (screen.includes(shown)) break;
    }
    expect(screen).toContain(shown);
    window.kill('SIGKILL');
    await gone;
    untrackPid(window.pid ?? 0);
    await vi.waitFor(() => expect(existsSync(ended)).toBe(true), { timeout: 10_000 });
    expect(readFileSync(ended, 'utf8')).toBe(`${code}\n`);
    const left = await runBinary(['list', ...local], { home: own });
    expect(left.stdout).toBe('');
  });
});

describe('colour', () => {
  const failing = ['list', 'nope', ...local];
  it.each([
    [{}, [], false],
    [{ FORCE_COLOR: '1' }, [], true],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, [], false],
    [{ FORCE_COLOR: '1' }, ['--color', 'never'], false],
    [{ NO_COLOR: '1' }, ['--color', 'always'], true],
    [{ NO_COLOR: '1', TERM: 'dumb' }, ['--color=always'], true],
  ])('in a pipe with %o %s: %s', async (env, flags, expected) => {
    const list = await runBinary(['list', ...local, '-o', 'table', ...flags], { home, env });
    expect(ESCAPE.test(list.stdout)).toBe(expected);
    const failed = await runBinary([...failing, ...flags], { home, env });
    expect(ESCAPE.test(failed.stderr)).toBe(expected);
    const help = await runBinary(['list', '--help', ...flags], { home, env });
    expect(ESCAPE.test(help.stdout)).toBe(expected);
    expect(help.stderr).toBe('');
  });

  it.each([
    [{}, [], true],
    [{ NO_COLOR: '1' }, [], false],
    [{ TERM: 'dumb' }, [], false],
    [{}, ['--color', 'never'], false],
  ])('at a terminal with %o %s: %s', async (env, flags, expected) => {
    const { screen, code } = await runTerminal(['list', ...local, ...flags], { home, env });
    expect(code).toBe(0);
    expect(screen.includes('\u001b[3')).toBe(expected);
    expect(screen).toContain('6 instances in local, rev 42');
  });

  it('is decided for each stream', async () => {
    const stdoutFile = path.join(home, 'out');
    const { screen } = await runTerminal(['list', 'nope', ...local], { home, stdoutFile });
    expect(screen).toContain('\u001b[2m');
    await runTerminal(['list', ...local, '-o', 'table'], { home, stdoutFile });
    expect(readFileSync(stdoutFile, 'utf8')).not.toMatch(ESCAPE);
  });
});

describe('a locale that is not UTF-8', () => {
  it.each([
    ['list', ...local, '-o', 'table'],
    ['list', 'order', ...local, '-o', 'wide', '-v'],
    ['list', 'käse…', ...local],
    ['resolve', 'käse', ...local],
    ['deregister', 'käse/日本語', ...local],
    ['--help'],
    ['register', '--help'],
    ['register', 'käse', '--endpoint', 'http://h:1', ...local],
  ])('gets only ASCII from %s %s', async (...args) => {
    const { stdout, stderr } = await runBinary(args, { home, env: { LC_ALL: 'C' } });
    expect(stdout + stderr).not.toMatch(OTHER);
  });

  it('gets only ASCII at a terminal, progress included', async () => {
    const { screen } = await runTerminal(
      ['list', '--server', 'http://127.0.0.1:9', '--backend', 'etcd', '--timeout', '1s'],
      { home, env: { LC_ALL: 'C' } },
    );
    expect(screen).not.toMatch(OTHER);
    expect(screen).toContain('Error: ');
  });
});

describe('a terminal', () => {
  it.each([40, 80, 200])('of %i columns is not overrun', async (columns) => {
    const { screen } = await runTerminal(['list', 'order', ...local, '--color', 'never'], { home, columns });
    const [head = '', ...rows] = screen.split('\n');
    expect(head).toMatch(/^INSTANCE +HEALTH +ENDPOINT/);
    for (const row of rows.slice(0, 3)) expect(row.length).toBeLessThanOrEqual(columns);
  });
});

it('nothing is written but what was asked for', async () => {
  const own = makeTempDir('home');
  for (const args of [['list', ...local], ['version'], ['--help'], ['nope'], ['config', 'view']])
    await runBinary(args, { home: own });
  const files = readdirSync(own, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(files.map(({ name }) => name)).toEqual([]);
});

/** What is written down of a removal: when, who, where, what, how, with what end. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { leak, vectors } from '../support/hostile.js';
import { anEntry, RemovalHome } from '../support/removal-home.js';

let at: RemovalHome;

beforeEach(() => {
  at = new RemovalHome(['a', 'b', 'c'].map((id) => anEntry('order', id)));
});

describe('the audit log', () => {
  it('has one line for each target, readable by its owner alone', async () => {
    const startedMs = Date.now();
    const args = ['order/a', 'order/b', '--yes', '--confirm', 'order', '--undo-file', at.at('undo.json')];
    const done = await at.run(args);
    expect(done.ended.code, done.said).toBe(0);
    expect(statSync(at.audit).mode & 0o777).toBe(0o600);
    const lines = at.audited();
    expect(lines).toHaveLength(2);
    expect(lines[0]).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/) as unknown,
      who: { user: userInfo().username, host: hostname(), pid: done.pid },
      context: 'plain',
      backend: 'local',
      servers: at.registry,
      command: 'deregister',
      target: 'order/a',
      key: at.fileOf('order/a'),
      how: 'delete',
      agent: null,
      outcome: 'removed',
      error: null,
    });
    expect(Date.parse(String(lines[0]?.['at']))).toBeGreaterThanOrEqual(startedMs);
    await at.run(['--undo', at.at('undo.json')]);
    await at.run(['--undo', at.at('undo.json')]);
    expect(at.audited().map(({ command, target, outcome }) => [command, target, outcome])).toEqual([
      ['deregister', 'order/a', 'removed'],
      ['deregister', 'order/b', 'removed'],
      ['deregister --undo', 'order/a', 'restored'],
      ['deregister --undo', 'order/b', 'restored'],
      ['deregister --undo', 'order/a', 'occupied'],
      ['deregister --undo', 'order/b', 'occupied'],
    ]);
  });

  it('has what went wrong', async () => {
    await using terminal = at.terminal(['order/a']);
    await terminal.shows('[y/N] ');
    at.write([anEntry('order', 'a', { leaseId: 'somebody' })]);
    terminal.type('y\r');
    expect(await terminal.exit()).toBe(6);
    expect(at.audited()).toMatchObject([
      { target: 'order/a', outcome: 'changed', error: 'order/a changed meanwhile and was left alone' },
    ]);
  });

  it('stays empty where nothing was done', async () => {
    await at.run(['order/a', '--dry-run']);
    expect(existsSync(at.audit)).toBe(false);
    await at.run(['order/a']);
    await at.run(['order/a', '--yes', '-c', 'archive']);
    await at.run(['order/a', 'order/b', 'order/c', '--yes', '--confirm', 'order']);
    expect(at.audited()).toEqual([]);
  });

  it('is one line of JSON whatever a name holds', async () => {
    const ids = Object.values(vectors);
    at.write(ids.map((id) => anEntry('odd', id)));
    const take = ['odd', '--health', 'passing', '--max', '99', '--force', '--yes', '--confirm', 'odd'];
    expect((await at.run(take)).ended.code).toBe(0);
    expect(at.audited()).toHaveLength(ids.length);
    expect(readFileSync(at.audit, 'utf8')).not.toMatch(leak);
  });

  it('two runs at once never mix their lines', async () => {
    const many = Array.from({ length: 30 }, (_, index) => `bulk/b-${index}`);
    at.write(many.map((name) => anEntry('bulk', name.slice('bulk/'.length))));
    const flags = ['--yes', '--confirm', 'bulk', '--max', '30', '--force'];
    await Promise.all([at.run([...many.slice(0, 15), ...flags]), at.run([...many.slice(15), ...flags])]);
    expect(
      at
        .audited()
        .map(({ target }) => target)
        .sort(),
    ).toEqual(many.toSorted());
  });

  it('is appended to, never begun anew', async () => {
    mkdirSync(path.dirname(at.audit), { recursive: true });
    writeFileSync(at.audit, '{"earlier":true}\n', { mode: 0o600 });
    await at.run(['order/a', '--yes']);
    expect(at.audited()).toMatchObject([{ earlier: true }, { target: 'order/a' }]);
  });
});

describe('an audit log that cannot be written', () => {
  const says = 'the audit log cannot be written';

  it.each([
    [
      'a folder in its place',
      () => {
        mkdirSync(at.audit);
        return {};
      },
      'EISDIR',
    ],
    [
      'a state directory below a file',
      () => {
        writeFileSync(at.at('plain-file'), '');
        return { SDCTL_STATE_DIR: at.at('plain-file/state') };
      },
      'ENOTDIR',
    ],
    ['a full device', () => ({ SDCTL_STATE_DIR: '/dev/null' }), 'ENOTDIR'],
    ['no state directory at all', () => ({ HOME: '', XDG_STATE_HOME: '' }), 'none of SDCTL_STATE_DIR'],
  ])('%s is said before the question, and in a trial', async (_what, prepare, why) => {
    const env = prepare();
    const dry = await at.run(['order/a', '--dry-run'], { env });
    expect(dry.stderr, dry.said).toContain(says);
    expect(dry.stderr).toContain(why);
    await using terminal = at.terminal(['order/a'], env);
    await terminal.shows('[y/N] ');
    const [before = ''] = terminal.screen.split('[y/N]');
    expect(before).toContain(says);
    terminal.type('y\r');
    expect(await terminal.exit()).toBe(0);
    expect(at.has('order/a')).toBe(false);
    expect(terminal.screen.split(says)).toHaveLength(2);
  });

  it('does not stop a removal under way, and is said once', async () => {
    await using terminal = at.terminal(['order/a', 'order/b']);
    await terminal.shows('go on: ');
    rmSync(at.audit);
    mkdirSync(at.audit);
    terminal.type('order\r');
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen.split(says)).toHaveLength(2);
    expect(at.left('order/a', 'order/b')).toEqual([]);
  });
});

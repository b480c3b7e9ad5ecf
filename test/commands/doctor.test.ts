/** `doctor` on the embedded registry: wrong usage, its forms, what it remembers, how it ends. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runBinary, startBinary, type BinaryOptions } from '../support/binary.js';
import { leak, vectors } from '../support/hostile.js';
import { type FolderEntry, writeRegistry } from '../support/registry-folder.js';
import { startBlackHole } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { runTerminal, Terminal } from '../support/terminal.js';

let home = '';
let registry = '';

const at = (host: number): Record<string, unknown> => ({
  endpoints: [`http://10.0.4.${host}:8080`],
  health: 'passing',
});

/** One finding: an entry without a lease beside one that has it. */
const faulty: readonly FolderEntry[] = [
  { service: 'order', id: 'i-1', value: at(11), ttlSeconds: 30 },
  { service: 'order', id: 'i-2', value: at(12), ttlSeconds: null },
];
const healthy: readonly FolderEntry[] = [{ service: 'order', id: 'i-2', value: at(12), ttlSeconds: 30 }];
const evil: FolderEntry = {
  service: vectors['clipboard'] ?? '',
  id: '日本語',
  value: at(13),
  ttlSeconds: null,
};

beforeEach(() => {
  home = makeTempDir('doctor');
  registry = path.join(home, 'registry');
  writeRegistry(registry, faulty);
});

const disposable = <T extends { stop(): Promise<void> }>(fake: T): T & AsyncDisposable =>
  Object.assign(fake, { [Symbol.asyncDispose]: async () => fake.stop() });

const doctor = async (...args: string[]) => doctorIn({}, ...args);
const doctorIn = async (env: BinaryOptions['env'], ...args: string[]) =>
  runBinary(['doctor', '--dir', registry, ...args], { home, env: env ?? {} });

/** Files of earlier runs. */
function stateFiles(): readonly string[] {
  const all = readdirSync(home, { recursive: true, withFileTypes: true });
  return all
    .filter((entry) => entry.isFile() && entry.parentPath.endsWith(path.join('sdctl', 'doctor')))
    .map(({ parentPath, name }) => path.join(parentPath, name));
}

function useConfig(text: string): void {
  mkdirSync(path.join(home, 'config', 'sdctl'), { recursive: true });
  writeFileSync(path.join(home, 'config', 'sdctl', 'config.yaml'), text);
}

describe('wrong usage', () => {
  it.each([
    [['--only', 'SD1O1'], '--only SD1O1 is no rule', 'Try: --only SD101'],
    [['--skip', 'key-without-leas'], '--skip key-without-leas is no rule', 'Try: --skip key-without-lease'],
    [['--only', 'SD402'], 'it is planned, and not written yet', 'Try: sdctl doctor --list-rules'],
    [['--only', ''], '--only is empty', 'Try: --only SD101,leases'],
    [['--probe', ','], '--probe is empty', 'Try: --probe tcp'],
    [['--probe', 'icmp'], '--probe icmp is not valid', 'valid: tcp, http, grpc'],
    [['--fail-on', 'critical'], '--fail-on critical is not valid', 'valid: error, warning, info, never'],
    [['--observe', '30'], '--observe 30', 'Try: --observe 30s'],
    [['--observe', '1s'], '--observe 1s is too short', 'Try: --observe 2s'],
    [['--wait', '1'], '--wait 1', 'Try: --wait 1s'],
    [['--report', 'junit'], '--report junit names no file', 'Try: --report junit=report.xml'],
    [['--report', 'junit='], '--report junit= names no file', 'it is written FORMAT=FILE'],
    [['--report', 'html=a'], '--report html is not valid', 'valid: text, json, jsonl, junit, sarif'],
    [['--report', 'json=a', '--report', 'text=./a'], './a is to hold two reports', 'would replace'],
    [['-o', 'tsv'], '-o tsv is not valid', 'Try: -o text'],
    [['--json', '-o', 'sarif'], '--json and -o sarif contradict each other', 'Try: -o json'],
    [['--list-rules', '--json'], '-o json is not possible with --list-rules', 'Try: --list-rules'],
    [['--explain', 'SD101', '-o', 'junit'], '-o junit is not possible with --explain', 'it prints text'],
    [['--explain', 'SD10I'], '--explain SD10I is no rule', 'Try: sdctl doctor --explain SD101'],
    [['--update-baseline'], '--update-baseline needs --baseline', '--baseline FILE --update-baseline'],
    [['--baseline', 'none'], 'cannot read the baseline none', 'no such file'],
    [['--inventory', 'none'], 'cannot read the inventory none', 'no such file'],
    [[''], 'SERVICE is empty', ''],
  ])('%j ends with 2', async (args, says, advises) => {
    const run = await doctor(...args);
    expect(run.ended, run.said).toMatchObject({ code: 2, signal: null });
    expect(run.stdout === '' || run.stdout.startsWith('{\n  "apiVersion"')).toBe(true);
    expect(run.stderr).toContain(`Error: ${says}`.replace('Error: it is planned', 'it is planned'));
    expect(run.stderr).toContain(advises);
    expect(stateFiles()).toEqual([]);
  });

  it('is a document for programs', async () => {
    for (const args of [
      ['--only', 'SD1O1'],
      ['--list-rules'],
      ['--update-baseline'],
      ['--report', 'x'],
      ['nope'],
    ]) {
      const run = await doctor(...args, '-o', 'json');
      expect(JSON.parse(run.stdout), args.join(' ')).toMatchObject({ apiVersion: 'sdctl/v1', kind: 'Error' });
    }
  });

  it('in the config file names file, entry and the nearest rule', async () => {
    useConfig('doctor: {suppressions: [{rule: SD1O1, reason: x}]}\n');
    const run = await doctor();
    expect(run.ended.code).toBe(2);
    expect(run.stderr).toContain('doctor.suppressions entry 1 names "SD1O1", which is no rule');
    expect(run.stderr).toContain('Try: SD101');
  });
});

describe('each form', () => {
  it('of a run with a finding is one document, and ends with the same code', async () => {
    for (const format of ['text', 'table', 'json', 'jsonl', 'junit', 'sarif', 'github', 'markdown']) {
      const run = await doctor('-o', format, '--fail-on', 'warning');
      expect(run.ended, run.said).toMatchObject({ code: 10, signal: null });
      expect(run.stderr, format).toBe('');
      expect(run.stdout, format).toContain('SD101');
      if (format === 'json' || format === 'sarif') JSON.parse(run.stdout);
      if (format === 'jsonl')
        for (const line of run.stdout.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('kind');
      if (format === 'junit')
        expect(run.stdout).toMatch(
          /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites [^]*<\/testsuites>\n$/,
        );
    }
  });

  it('stays empty where the registry does not answer; programs get the failure', async () => {
    const dead = ['doctor', '--backend', 'etcd', '--server', 'http://127.0.0.1:1', '--timeout', '2s'];
    for (const format of ['text', 'junit', 'sarif', 'github', 'markdown', 'json', 'jsonl']) {
      const run = await runBinary([...dead, '-o', format, '--report', 'junit=a.xml'], { home });
      expect(run.ended, run.said).toMatchObject({ code: 4, signal: null });
      expect(run.stderr).toContain('(E_UNREACHABLE, sdctl doctor');
      if (format.startsWith('json'))
        expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'Error', error: { exitCode: 4 } });
      else expect(run.stdout).toBe('');
    }
    expect(readdirSync(home)).not.toContain('a.xml');
  });

  it('is chosen by a variable and the config file too', async () => {
    const report = { kind: 'DoctorReport', failOn: 'error', exitCode: 0 };
    expect(JSON.parse((await doctorIn({ SDCTL_OUTPUT: 'json' })).stdout)).toMatchObject(report);
    useConfig('defaults: {output: json}\n');
    expect(JSON.parse((await doctor()).stdout)).toMatchObject(report);
    expect((await doctorIn({ SDCTL_OUTPUT: 'wide' })).stdout).toMatch(/^Connection\n/);
    expect((await doctor('-o', 'table')).stdout).toMatch(/^Connection\n/);
    expect((await doctorIn({ SDCTL_OUTPUT: 'json' }, '-o', 'junit')).stdout).toMatch(/^<\?xml/);
  });

  it('may be read only to its first line', async () => {
    for (const format of ['text', 'jsonl', 'sarif']) {
      const run = startBinary(['doctor', '--dir', registry, '-o', format], { home, closeAfterLine: true });
      expect(await run.exit(10_000), format).toMatchObject({ signal: null });
      expect(run.stderr).toBe('');
    }
  });

  it('holds names as they are, also where the locale is not UTF-8', async () => {
    writeRegistry(registry, [evil]);
    for (const format of ['json', 'sarif', 'junit', 'markdown']) {
      const utf8 = await doctorIn({ LC_ALL: 'C.UTF-8' }, '--no-state', '-o', format);
      const ascii = await doctorIn({ LC_ALL: 'C' }, '--no-state', '-o', format);
      const plain = (text: string): string =>
        text.replace(/time="[\d.]+"|[\d-]+T[\d:.]+Z?|tookSeconds.*/g, '');
      expect(plain(ascii.stdout), format).toBe(plain(utf8.stdout));
      // Markdown spells such names in its own way, everywhere.
      if (format !== 'markdown') expect(ascii.stdout, format).toContain('日本語');
    }
    const text = await doctorIn({ LC_ALL: 'C' });
    expect(text.said).not.toMatch(/[^\0-\x7f]/);
    expect(text.stdout).toContain('SD101');
  });

  it.each(['text', 'json', 'jsonl', 'junit', 'sarif', 'github', 'markdown'])(
    'as %s cannot be made to harm a terminal',
    async (format) => {
      writeRegistry(registry, [evil]);
      const run = await doctor('-o', format);
      expect(run.ended.code).toBe(0);
      expect(run.said).not.toMatch(leak);
    },
  );
});

describe('what it prints without a look at a registry', () => {
  it('--list-rules: a row for each rule, the planned ones last', async () => {
    const run = await runBinary(['doctor', '--list-rules'], { home });
    expect(run.ended.code, run.said).toBe(0);
    const rows = run.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(new Set(rows.map(({ length }) => length))).toEqual(new Set([6]));
    expect(rows).toContainEqual([
      'SD101',
      'key-without-lease',
      'leases',
      'instant',
      expect.any(String),
      expect.any(String),
    ]);
    const planned = rows.map(([, , , mode]) => mode === 'planned');
    expect(planned).toContain(true);
    expect(planned.indexOf(true)).toBe(planned.lastIndexOf(false) + 1);
    expect(rows.find(([id]) => id === 'SD402')?.[3]).toBe('planned');
    expect(new Set(rows.map(([id]) => id)).size).toBe(rows.length);
  });

  it('--explain: a rule by id in any case, and by name', async () => {
    const byId = await runBinary(['doctor', '--explain', 'sd101'], { home });
    const byName = await runBinary(['doctor', '--explain', 'key-without-lease'], { home });
    expect(byId.ended.code).toBe(0);
    expect(byId.stdout).toBe(byName.stdout);
    expect(byId.stdout).toMatch(/^SD101 key-without-lease\n[^]*\nWhy {2,}\S[^]*\nFix {2,}\S/);
  });

  it.each([
    [['--dir', 'x'], /no access rules/],
    [['--backend', 'consul', '--server', 'http://127.0.0.1:1'], /^service_prefix "" \{ policy = "read" \}$/m],
    [['--backend', 'etcd', '--server', 'http://127.0.0.1:1'], /--prefix read '\/services\/'$/m],
    [
      ['--backend', 'etcd', '--server', 'http://127.0.0.1:1', '--prefix', "/it's/", '--prefix', '/b/'],
      /--prefix read '\/it'\\''s\/'\n.*--prefix read '\/b\/'$/m,
    ],
    [['--backend', 'etcd', '--server', 'http://127.0.0.1:1', '--layout', 'kratos'], /'\/microservices\/'$/m],
  ])('--print-policy %j', async (flags, expected) => {
    const run = await runBinary(['doctor', '--print-policy', ...flags], { home });
    expect(run.ended.code, run.said).toBe(0);
    expect(run.stdout).toMatch(expected);
    expect(run.stderr).toBe('');
  });
});

describe('what it remembers', () => {
  it('is a file of its own for each registry that only its owner may read', async () => {
    await doctor();
    const [file = '', ...more] = stateFiles();
    expect(more).toEqual([]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const other = path.join(home, 'other');
    writeRegistry(other, healthy);
    await runBinary(['doctor', '--dir', other], { home });
    expect(stateFiles()).toHaveLength(2);
  });

  it('says since when something is so, at least', async () => {
    const first = await doctor();
    expect(first.stdout).toContain('SD101');
    expect(first.stdout).not.toContain('Since');
    const second = await doctor();
    expect(second.stdout).toMatch(/Since at least \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(/);
    const { findings } = JSON.parse((await doctor('-o', 'json')).stdout) as {
      findings: { knownSince: string }[];
    };
    expect(findings[0]?.knownSince).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  it('is nothing with --no-state, and no new file in CI', async () => {
    await doctor('--no-state');
    await doctorIn({ CI: 'true' });
    expect(stateFiles()).toEqual([]);
    await doctor();
    const [file = ''] = stateFiles();
    const before = readFileSync(file, 'utf8');
    await doctor('--no-state');
    expect(readFileSync(file, 'utf8')).toBe(before);
    expect((await doctorIn({ CI: 'true' })).stdout).toMatch(/Since at least/);
    expect((await doctorIn({ CI: 'false' }, '--no-state')).stdout).not.toContain('Since');
  });

  it('does not stop a run when it is broken', async () => {
    await doctor();
    const [file = ''] = stateFiles();
    writeFileSync(file, 'no JSON');
    const run = await doctor();
    expect(run.ended.code).toBe(0);
    expect(run.stderr).toContain('it is not JSON): this run is the first one');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ kind: 'DoctorState' });
  });
});

describe('how it ends', () => {
  it('follows --fail-on, the config file and the baseline', async () => {
    expect((await doctor()).ended.code).toBe(0);
    expect((await doctor('--fail-on', 'warning')).ended.code).toBe(10);
    expect((await doctor('--fail-on', 'never')).ended.code).toBe(0);
    expect((await doctor('--fail-on', 'warning', '--skip', 'SD101,SD305')).ended.code).toBe(0);
    useConfig('doctor: {failOn: warning}\n');
    expect((await doctor()).ended.code).toBe(10);
    expect((await doctor('--fail-on', 'error')).ended.code).toBe(0);
    expect((await doctor('--baseline', 'b', '--update-baseline')).ended.code).toBe(0);
    const accepted = await doctor('--baseline', 'b');
    expect(accepted.ended.code).toBe(0);
    expect(accepted.stdout).toContain('1 in the baseline');
    useConfig('doctor: {severities: {SD101: error}}\n');
    expect((await doctor()).ended.code).toBe(10);
  });

  it('is 3 for a service that nobody has registered', async () => {
    const run = await doctor('nope');
    expect(run.ended.code).toBe(3);
    expect(run.stderr).toContain('Error: no service named "nope" in local at ');
    expect(stateFiles()).toEqual([]);
  });

  it('takes a pattern for the services that it matches, which may be none', async () => {
    const matching = await doctor('ord*', '-o', 'json');
    expect(matching.ended.code, matching.said).toBe(0);
    expect(JSON.parse(matching.stdout)).toMatchObject({
      service: 'ord*',
      findings: [{ rule: 'SD101', subject: { service: 'order', instance: 'i-2' } }],
    });
    const none = await doctor('pay*', '-o', 'json', '--fail-on', 'info');
    expect(none.ended.code, none.said).toBe(0);
    expect(JSON.parse(none.stdout)).toMatchObject({ findings: [] });
  });

  it('--wait repeats until nothing counts any more', async () => {
    await using terminal = new Terminal(
      ['doctor', '--dir', registry, '--fail-on', 'warning', '--wait', '1m', '--color', 'never'],
      { home },
    );
    await terminal.shows('Not clean yet (1 finding counts with --fail-on warning); looking again …');
    writeRegistry(registry, healthy);
    expect(await terminal.exit()).toBe(0);
    expect(terminal.screen).toContain('Exit 0: no finding counts');
  });

  it('--wait ends with 10 when the time is up', async () => {
    const run = await doctor('--fail-on', 'warning', '--wait', '1s', '-o', 'json');
    expect(run.ended.code).toBe(10);
    expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'DoctorReport', exitCode: 10 });
  });

  it.each([
    ['--observe', 'text', 'Observing'],
    ['--observe', 'json', 'Observing'],
    ['--wait', 'text', 'Not clean yet'],
    ['--wait', 'json', 'Not clean yet'],
  ])('%s as %s ends at once with Ctrl-C', async (flag, format, shown) => {
    const stdoutFile = path.join(home, 'out');
    await using terminal = new Terminal(
      ['doctor', '--dir', registry, '--fail-on', 'warning', flag, '1h', '-o', format],
      { home, stdoutFile },
    );
    await terminal.shows(shown);
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(130);
    const stdout = readFileSync(stdoutFile, 'utf8');
    if (format === 'text') expect(stdout).toBe('');
    else
      expect(JSON.parse(stdout)).toMatchObject({
        kind: 'Error',
        error: { code: 'E_ABORTED', exitCode: 130 },
      });
  });

  it('while it probes ends with 130, and nobody is called unreachable', async () => {
    await using hole = disposable(await startBlackHole());
    const endpoints = [hole.url];
    const far = Array.from({ length: 80 }, (_, index): FolderEntry => {
      return { service: 'far', id: `i-${index}`, value: { endpoints, health: 'passing' }, ttlSeconds: 30 };
    });
    const other = path.join(home, 'other');
    writeRegistry(other, far);
    const stdoutFile = path.join(home, 'out');
    await using terminal = new Terminal(['doctor', '--dir', other, '--probe', 'http', '-o', 'jsonl'], {
      home,
      stdoutFile,
    });
    await terminal.shows('Connecting to instances: 1 of 80');
    terminal.type('\x03');
    expect(await terminal.exit()).toBe(130);
    expect(readFileSync(stdoutFile, 'utf8')).toBe('');
    expect(terminal.screen).not.toContain('Warning');
  });
});

describe('its dress', () => {
  it.each([
    [{}, [], true],
    [{ NO_COLOR: '1' }, [], false],
    [{}, ['--color', 'never'], false],
    [{ TERM: 'dumb' }, [], false],
  ])('at a terminal with %o %s has colour: %s', async (env, flags, expected) => {
    const { screen } = await runTerminal(['doctor', '--dir', registry, ...flags], { home, env });
    expect(screen.includes('\u001b[3')).toBe(expected);
    expect(screen).toContain('SD101');
  });

  it('is the same text in a pipe, without colour', async () => {
    const { screen } = await runTerminal(['doctor', '--dir', registry, '--no-state', '--color', 'never'], {
      home,
    });
    const piped = await doctor('--no-state');
    const same = (text: string): string => text.replace(/\(?\b[\d.]+ms\)?/g, 'TOOK');
    expect(same(screen)).toBe(same(piped.stdout));
    expect(piped.stdout).not.toMatch(/\u001b/);
  });

  it('--plain has words for glyphs, --ascii only ASCII', async () => {
    const plain = await doctor('--plain');
    expect(plain.stdout).toMatch(/^ {2}warning SD101/m);
    expect(plain.stdout).not.toMatch(/[●▲✖◌]/);
    const ascii = await doctor('--ascii');
    expect(ascii.stdout).not.toMatch(/[^\0-\x7f]/);
    expect(ascii.stdout).toContain('SD101');
  });
});

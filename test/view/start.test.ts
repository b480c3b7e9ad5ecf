/** How the interactive view begins, and where it refuses to. */
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { programFolder, runBinary } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import { fleet, writeRegistry } from '../support/registry-folder.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { SaneShell } from '../support/view/sane.js';
import { ViewTerminal } from '../support/view/view-terminal.js';

const WITHIN_MS = 20_000;
const ESCAPE = '\x1b';
const SECOND_SCREEN = '\x1b[?1049h';
const directory = makeTempDir('registry');
writeRegistry(directory, fleet);
const local = ['--backend', 'local', '--dir', directory];
const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

/** Runs the program at a terminal from a line of a shell in which `$SDCTL` is the program. */
async function atTerminal(
  line: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly text: string; readonly output: string }> {
  const program = path.join(programFolder(), 'bin', 'run.js');
  const script = `sdctl() { ${quote(process.execPath)} ${quote(program)} "$@"; }\n${line}`;
  await using terminal = new ViewTerminal([], { columns: 120, command: ['bash', '-c', script], env });
  const { code } = await terminal.exit(WITHIN_MS);
  return { code, text: terminal.text(), output: terminal.output };
}

describe('without a terminal', () => {
  test.each([
    { args: ['top'], hint: 'sdctl watch' },
    { args: ['watch', '-i'], hint: 'sdctl watch' },
    { args: ['watch', '-i', 'checkout'], hint: 'sdctl watch checkout' },
    { args: ['top', "it's"], hint: String.raw`sdctl watch 'it'\''s'` },
    { args: ['top', 'pay*'], hint: "sdctl watch 'pay*'" },
  ])('$args ends with 2 and says what works', async ({ args, hint }) => {
    const { ended, stdout, stderr } = await runBinary([...args, ...local]);
    expect(ended.code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      'Error: the interactive view needs a terminal',
      '  stdout is no terminal',
      `  Try: ${hint}`,
    ]);
  });

  test.each([
    { what: 'stdin', line: 'sdctl top </dev/null' },
    { what: 'stdin', line: 'echo | sdctl watch -i' },
    { what: 'stdout', line: 'sdctl top > out; code=$?; cat out; exit $code' },
    { what: 'stdout', line: 'sdctl top | cat; exit ${PIPESTATUS[0]}' },
    { what: 'stdout', line: 'sdctl top checkout </dev/null | cat; exit ${PIPESTATUS[0]}' },
  ])('$what missing in: $line', async ({ what, line }) => {
    const { code, text, output } = await atTerminal(line);
    expect(code).toBe(2);
    expect(text).toContain(`Error: the interactive view needs a terminal\n  ${what} is no terminal\n`);
    expect(output).not.toContain(SECOND_SCREEN);
  });

  test('a terminal that nothing can be painted on', async () => {
    for (const name of ['top', 'watch -i']) {
      const { code, text, output } = await atTerminal(`TERM=dumb sdctl ${name}`);
      expect(code).toBe(2);
      expect(text).toContain('Error: the interactive view needs a terminal\n  TERM=dumb');
      expect(output).not.toContain(SECOND_SCREEN);
    }
  });
});

describe('with flags of the lines', () => {
  test.each([
    '-o json',
    '-o jsonl',
    '-o yaml',
    '-o tsv',
    '-o table',
    '--json',
    '--until passing>=1',
    '--events joined',
    '--no-initial',
    '--retry-start 5s',
    '--tag blue',
    '--health passing',
  ])('watch -i %s: 2', async (flags) => {
    const name = flags.startsWith('-o') ? '--output' : flags.replace(/ .*/, '');
    const words = [...flags.split(' '), ...local].map(quote).join(' ');
    const { code, text, output } = await atTerminal(
      `sdctl watch -i ${words} 2>err; code=$?; cat err; exit $code`,
    );
    expect(code).toBe(2);
    expect(text).toContain(`Error: ${name} belongs to the lines of watch, not to the interactive view`);
    expect(output).not.toContain(SECOND_SCREEN);
  });

  test('top -o json, and what it does not know: 2', async () => {
    for (const flags of ['-o json', '--json', '--until gone=i-1', '--nonsense']) {
      const { code, output } = await atTerminal(`sdctl top ${flags}`);
      expect(code, flags).toBe(2);
      expect(output).not.toContain(SECOND_SCREEN);
    }
  });
});

describe('where nothing may be painted twice', () => {
  test.each([
    { name: '--plain', flags: ['--plain'], env: {} },
    { name: 'ACCESSIBLE=1', flags: [], env: { ACCESSIBLE: '1' } },
  ])('$name says so and goes on as lines', async ({ flags, env }) => {
    for (const words of [['top'], ['watch', '-i']]) {
      await using terminal = new ViewTerminal([...words, ...flags, ...local], { env });
      await terminal.until('synced', WITHIN_MS);
      expect(terminal.text()).toMatch(/^Nothing is painted over here: the view continues as lines\.\n/);
      const id = uniqueName('new');
      writeRegistry(directory, [{ service: 'n', id, value: '10.0.0.9:80' }]);
      await terminal.until(new RegExp(`joined +n/${id}`), WITHIN_MS);
      terminal.press('\x03');
      expect((await terminal.exit(WITHIN_MS)).code).toBe(130);
      expect(terminal.output).not.toMatch(/\x1b\[(?:\?1049|\?25|\?2004|2J|\d+;\d+H)/);
    }
  });

  test('the same without a terminal', async () => {
    const { ended, stdout, stderr } = await runBinary(['top', '--plain', ...local, '--timeout', '1s']);
    expect(stderr).toContain('the view continues as lines');
    expect(stdout).toContain('synced');
    expect(ended.code).toBe(0);
  });

  test.each(['0', 'false', ''])('ACCESSIBLE=%j shows the view', async (value) => {
    await using terminal = new ViewTerminal(['top', ...local], { env: { ACCESSIBLE: value } });
    await terminal.until('LIVE', WITHIN_MS);
    expect(terminal.isAlternate).toBe(true);
  });
});

describe('colour', () => {
  test('NO_COLOR, --color never: attributes, and no colour', async () => {
    for (const { flags, env } of [
      { flags: [], env: { NO_COLOR: '1' } },
      { flags: ['--color', 'never'], env: {} },
    ]) {
      await using terminal = new ViewTerminal(['top', ...local, ...flags], { env });
      await terminal.until('LIVE', WITHIN_MS);
      await terminal.settle(300);
      expect(terminal.output).not.toMatch(/\x1b\[[\d;]*\b(?:3[0-7]|4[0-7]|38|48|9[0-7]|10[0-7])\b[\d;]*m/);
      expect([...new Set(terminal.attributes().join(''))].sort().join('')).toMatch(/^ [#*.@-]+$/);
    }
  });

  test('is there without them', async () => {
    await using terminal = new ViewTerminal(['top', ...local]);
    await terminal.until('LIVE', WITHIN_MS);
    await terminal.settle(300);
    expect(terminal.attributes().join('')).toMatch(/[rgy]/i);
  });
});

describe('a context', () => {
  test('that nobody knows: as other commands', async () => {
    const other = await atTerminal('sdctl list -c nope');
    for (const name of ['top', 'watch -i']) {
      const { code, text, output } = await atTerminal(`sdctl ${name} -c nope`);
      expect(code).toBe(other.code);
      expect(text.split('\n').slice(0, 3)).toEqual(other.text.split('\n').slice(0, 3));
      expect(output).not.toContain(SECOND_SCREEN);
    }
    expect(other.code).toBe(2);
    expect(other.text).toContain('Error: no context "nope"');
  });

  test('is shown, with its protection', async () => {
    const home = makeTempDir('home');
    const folder = path.join(home, 'config', 'sdctl');
    mkdirSync(folder, { recursive: true });
    const context = `{backend: local, directory: ${JSON.stringify(directory)}, protected: true}`;
    writeFileSync(path.join(folder, 'config.yaml'), `version: 1\ncontexts:\n  prod-eu: ${context}\n`);
    await using terminal = new ViewTerminal(['top', '-c', 'prod-eu'], { home });
    await terminal.until('LIVE', WITHIN_MS);
    expect(terminal.rows()[0]).toMatch(/^ sdctl {2}prod-eu PROTECTED · local · READ-ONLY/);
  });
});

describe('what it begins with', () => {
  test('a service, a pattern, a selector', async () => {
    const open = (...args: string[]): ViewTerminal => new ViewTerminal(['top', ...local, ...args]);
    await using one = open('order');
    await one.until('services › order', WITHIN_MS);
    await one.until('i-2', WITHIN_MS);
    await using pattern = open('pay*');
    await pattern.until(/payment-with-a-long/, WITHIN_MS);
    expect(pattern.text()).not.toContain('legacy');
    expect(pattern.text()).toContain('filter: pay*');
    await using selected = open('-l', 'tier=web');
    await selected.until('LIVE', WITHIN_MS);
    expect(selected.text()).toContain('-l tier=web');
  });

  test('a pattern and a selector together', async () => {
    writeRegistry(directory, [
      {
        service: 'both-a',
        id: 'i-1',
        value: '{"endpoints":["http://10.0.0.1:1"],"metadata":{"tier":"web"}}',
      },
      { service: 'both-b', id: 'i-1', value: '10.0.0.9:80' },
      { service: 'neither', id: 'i-1', value: '10.0.0.9:80' },
    ]);
    await using terminal = new ViewTerminal(['top', ...local, 'both-?', '-l', '!tier']);
    await terminal.until(/both-b/, WITHIN_MS);
    expect(terminal.text()).not.toContain('neither');
  });

  test('a service that joins later', async () => {
    const service = uniqueName('later');
    await using terminal = new ViewTerminal(['top', ...local, service]);
    await terminal.until(/LIVE[^]*No instances of/, WITHIN_MS);
    expect(terminal.text()).not.toContain('esc goes back');
    writeRegistry(directory, [{ service, id: 'i-9', value: '10.0.0.9:80' }]);
    await terminal.until(/i-9 +10\.0\.0\.9:80/, WITHIN_MS);
    // Nothing else is followed, and it says so.
    for (const key of ':svc order\r') {
      terminal.press(key);
      await sleep(40);
    }
    await terminal.until('alone', WITHIN_MS);
    terminal.press('1');
    await terminal.until(/services \(1\).*only later/, WITHIN_MS);
  });

  test('a selector that cannot be read: 2', async () => {
    const { code, output } = await atTerminal(`sdctl top -l 'zone=('`);
    expect(code).toBe(2);
    expect(output).toContain('is no selector');
    expect(output).not.toContain(SECOND_SCREEN);
  });
});

describe('help', () => {
  test.each(['top', 'watch'])('%s --help lists the flags', async (name) => {
    const { ended, stdout } = await runBinary([name, '--help']);
    expect(ended.code).toBe(0);
    for (const flag of ['--clipboard', '--selector', '--context', '--plain', '--log-file'])
      expect(stdout).toContain(flag);
    if (name === 'watch') expect(stdout).toMatch(/-i, --interactive/);
    expect(stdout).not.toContain(ESCAPE);
  });

  test('and every refusal come without what paints', async () => {
    const folder = path.join(makeTempDir('unpainted'), 'program');
    cpSync(programFolder(), folder, { recursive: true, filter: (name) => !name.endsWith('node_modules') });
    symlinkSync(path.join(programFolder(), 'node_modules'), path.join(folder, 'node_modules'));
    const chunks = path.join(folder, 'dist', 'lib', 'chunks');
    const painting = readdirSync(chunks).filter((name) => /^(?:ink\.|run-view|view-host)/.test(name));
    expect(painting.filter((name) => name.startsWith('ink.'))).toHaveLength(1);
    expect(painting.length).toBeGreaterThanOrEqual(3);
    for (const name of painting) rmSync(path.join(chunks, name));
    const program = path.join(folder, 'bin', 'run.js');
    const run = async (...args: string[]): Promise<number | null> => {
      await using terminal = new ViewTerminal(args, { entry: program });
      return (await terminal.exit(WITHIN_MS)).code;
    };
    expect(await run('top', '--help')).toBe(0);
    expect(await run('watch', '--help')).toBe(0);
    expect(await run('watch', '--timeout', '1s', ...local)).toBe(0);
    expect(await run('top', '--plain', '--timeout', '1s', ...local)).toBe(0);
    expect(await run('top', '-o', 'json')).toBe(2);
    expect(await run('top', '-c', 'nope')).toBe(2);
    // The copy is one in which painting is missing indeed.
    expect(await run('top', ...local)).toBe(70);
  });
});

test('a view that was never painted leaves the terminal as it was', async () => {
  await using sane = await SaneShell.open({ shell: 'sh' });
  for (const args of [
    ['top', '-o', 'json'],
    ['watch', '-i', '-c', 'nope'],
    ['top', '--config', '/nowhere'],
  ]) {
    await sane.start(args);
    const { code, differences } = await sane.ending();
    expect(code).toBe(2);
    expect(differences).toEqual([]);
  }
  expect(await sane.echoes()).toBe(true);
});

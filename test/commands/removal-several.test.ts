/** Removing several instances: named, chosen, read from stdin; what is asked, what is refused, what is said of each. */
import { existsSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { runBinary, startBinary } from '../support/binary.js';
import { vectors, leak } from '../support/hostile.js';
import { anEntry, RemovalHome } from '../support/removal-home.js';

const ids = ['i-1', 'i-2', 'i-3', 'i-4'];
const names = ids.map((id) => `order/${id}`);
let at: RemovalHome;

beforeEach(() => {
  at = new RemovalHome([
    ...ids.map((id) =>
      anEntry('order', id, {
        value: {
          endpoints: ['http://10.0.4.11:80'],
          zone: id === 'i-4' ? 'b' : 'a',
          tags: id === 'i-1' ? ['old'] : [],
          health: id === 'i-3' ? 'critical' : 'passing',
        },
      }),
    ),
    anEntry('pay', 'p-1'),
    anEntry('pay', 'p-2'),
  ]);
});

interface Result {
  readonly kind: string;
  readonly dryRun: boolean;
  readonly items: readonly {
    readonly service: string;
    readonly instance: string;
    readonly outcome: string;
    readonly error: { readonly code: string } | null;
  }[];
}

const outcomes = (stdout: string): readonly (readonly string[])[] => {
  const { kind, items } = JSON.parse(stdout) as Result;
  expect(kind).toBe('DeregisterResult');
  return items.map(({ service, instance, outcome }) => [`${service}/${instance}`, outcome]);
};

describe('at a terminal', () => {
  it('asks for the name of the service, and takes them for it', async () => {
    const { code, screen } = await at.answer(['order/i-1', 'order/i-2'], 'go on: ', 'order\r');
    expect(screen).toContain('Registry plain (local)');
    for (const name of ['order/i-1', 'order/i-2'])
      expect(screen).toContain(`  ${name}   http://10.0.4.11:80`);
    expect(screen).toContain(
      'Remove 2 instances of order from plain (local)? Type the name of the service (order) to go on:',
    );
    expect(code).toBe(0);
    expect(at.left(...names)).toEqual(['order/i-3', 'order/i-4']);
  });

  it.each([
    ['Enter alone', '\r'],
    ['yes', 'y\r'],
    ['the name of another service', 'orders\r'],
    ['the end of input', '\x04'],
  ])('leaves them for %s', async (_what, keys) => {
    const { code, screen } = await at.answer(['order/i-1', 'order/i-2'], 'go on: ', keys);
    expect(code).toBe(2);
    expect(screen).toContain('not confirmed, nothing was removed');
    expect(at.left(...names)).toEqual(names);
  });

  it('asks for the name of the context where there are several services', async () => {
    const args = ['order/i-1', 'pay/p-1'];
    expect((await at.answer(args, 'name of the context (plain)', 'order\r')).code).toBe(2);
    expect(at.left('order/i-1', 'pay/p-1')).toHaveLength(2);
    const { code, screen } = await at.answer(args, 'name of the context (plain)', 'plain\r');
    expect(screen).toContain('Remove 2 instances of 2 services from plain (local)?');
    expect(code).toBe(0);
    expect(at.left('order/i-1', 'pay/p-1')).toEqual([]);
  });

  it('asks for the name of a protected context, whatever else it would ask for', async () => {
    const args = ['order/i-1', 'order/i-2', '-c', 'prod'];
    expect((await at.answer(args, 'prod is protected', 'order\r')).code).toBe(2);
    expect((await at.answer(args, 'prod is protected', 'prod\r')).code).toBe(0);
    expect(at.left(...names)).toEqual(['order/i-3', 'order/i-4']);
  });

  it('a selector that finds one asks for the name of the service all the same', async () => {
    const { code } = await at.answer(['order', '-l', 'zone=b'], 'go on: ', 'y\r');
    expect(code).toBe(2);
    expect((await at.answer(['order', '-l', 'zone=b'], 'go on: ', 'order\r')).code).toBe(0);
    expect(at.left(...names)).toEqual(names.slice(0, 3));
  });

  it('shows what it asks about, also with --quiet', async () => {
    const { code, screen } = await at.answer(['order/i-1', 'order/i-2', '-q'], 'go on: ', 'order\r');
    expect(screen).toContain('  order/i-2   http://10.0.4.11:80');
    expect(code).toBe(0);
  });

  it('Ctrl-C at the prompt leaves all of them', async () => {
    expect((await at.answer(['order/i-1', 'order/i-2'], 'go on: ', '\x03')).code).toBe(130);
    expect(at.left(...names)).toEqual(names);
  });

  it('does not ask when standard input held the names', async () => {
    await using terminal = at.terminal(['-']);
    terminal.type('order/i-1\r\x04');
    expect(await terminal.exit()).toBe(2);
    expect(terminal.screen).toContain('Try: add --yes');
    expect(at.left(...names)).toEqual(names);
  });

  it('Ctrl-C while names are typed removes nothing', async () => {
    const log = at.at('log');
    await using terminal = at.terminal(['-', '--yes', '--log-file', log]);
    // From then on it listens, and reads.
    await expect.poll(() => existsSync(log), { timeout: 10_000 }).toBe(true);
    terminal.type('order/i-1\r\x03');
    expect(await terminal.exit()).toBe(130);
    expect(at.left(...names)).toEqual(names);
  });
});

describe('in a script', () => {
  it('--yes does not stand for --confirm', async () => {
    const alone = await at.run(['order/i-1', 'order/i-2', '--yes']);
    expect(alone.ended.code).toBe(2);
    expect(alone.stderr).toContain('--yes alone is not enough');
    expect(alone.stderr).toContain('Try: add --yes --confirm order');
    const wrong = await at.run(['order/i-1', 'order/i-2', '--yes', '--confirm', 'pay']);
    expect(wrong.ended.code).toBe(2);
    const bare = await at.run(['order/i-1', 'order/i-2', '--confirm', 'order']);
    expect(bare.ended.code).toBe(2);
    expect(at.left(...names)).toEqual(names);
    const done = await at.run(['order/i-1', 'order/i-2', '--yes', '--confirm', 'order']);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe('order/i-1\norder/i-2\n');
    expect(at.left(...names)).toEqual(['order/i-3', 'order/i-4']);
  });

  it('several services want the context, and without one the kind of registry', async () => {
    const both = ['order/i-1', 'pay/p-1', '--yes'];
    const refused = await at.run([...both, '--confirm', 'order']);
    expect(refused.ended.code).toBe(2);
    expect(refused.stderr).toContain('--confirm plain');
    const without = ['--config', at.at('empty.yaml'), '--dir', at.registry];
    writeFileSync(at.at('empty.yaml'), 'contexts: {}\n');
    const wrong = await at.run([...both, '--confirm', 'plain', ...without]);
    expect(wrong.ended.code).toBe(2);
    expect(wrong.stderr).toContain('--confirm local');
    const done = await at.run([...both, '--confirm', 'local', ...without]);
    expect(done.ended.code, done.said).toBe(0);
    expect(at.left('order/i-1', 'pay/p-1')).toEqual([]);
  });

  it('one that is named twice is one', async () => {
    const done = await at.run(['order/i-1', 'order/i-1', 'order/i-1', '--yes', '-o', 'json']);
    expect(done.ended.code, done.said).toBe(0);
    expect(outcomes(done.stdout)).toEqual([['order/i-1', 'removed']]);
  });

  it('the others go where some stand for nothing', async () => {
    const args = ['order/i-1', 'order/nobody', 'nothing/here', 'order/i-2', '--yes', '--confirm', 'order'];
    const dry = await at.run([...args, '--dry-run', '-o', 'json']);
    expect(dry.ended.code).toBe(8);
    expect(outcomes(dry.stdout).map(([, outcome]) => outcome)).toEqual([
      'planned',
      'planned',
      'absent',
      'absent',
    ]);
    expect(at.left(...names)).toEqual(names);
    const done = await at.run(args);
    expect(done.ended.code).toBe(8);
    expect(done.stdout).toBe('order/i-1\norder/i-2\n');
    expect(done.stderr).toContain('order/nobody: no instance "nobody" in order');
    expect(done.stderr).toContain('nothing/here: no service named "nothing"');
    expect(done.stderr).toContain('2 of 4 targets are not as asked for');
  });

  it('the only one that stands for nothing is not there: 3, and so are several', async () => {
    for (const args of [['order/nobody'], ['order/nobody', 'order/nobody'], ['order/nobody', 'no/one']]) {
      const missing = await at.run([...args, '--yes', '-o', 'json']);
      expect(missing.ended.code, missing.said).toBe(3);
      const kind = new Set(args).size === 1 ? 'Error' : 'DeregisterResult';
      expect(JSON.parse(missing.stdout)).toMatchObject({ kind });
    }
  });

  it('jsonl says each, and the failure last', async () => {
    const args = ['order/i-1', 'order/nobody', '--yes', '-o', 'jsonl'];
    const { lines, ended, types } = await at.run(args);
    expect(ended.code).toBe(8);
    expect(types).toEqual(['Deregistration', 'Deregistration', 'Error']);
    expect(lines.at(-1)?.line).toMatchObject({
      error: { code: 'E_PARTIAL', details: { failed: [{ name: 'order/nobody', code: 'E_NOT_FOUND' }] } },
    });
  });

  it('-q still says which of them failed', async () => {
    const { stderr, stdout, ended } = await at.run(['order/i-1', 'order/nobody', '--yes', '-q']);
    expect(ended.code).toBe(8);
    expect(stdout).toBe('order/i-1\n');
    expect(stderr).toMatch(/^ {2}order\/nobody: no instance .*\nError: 1 of 2 targets/);
  });

  it('a read-only context lets nothing go, whatever is confirmed', async () => {
    for (const args of [names.slice(0, 2), ['-l', 'zone=a'], ['--stale'], ['--undo', 'nowhere']]) {
      const refused = await at.run([...args, '-c', 'archive', '--yes', '--confirm', 'archive']);
      expect(refused.ended.code, args.join(' ')).toBe(5);
    }
    expect(at.left(...names)).toEqual(names);
  });
});

describe('by what they are', () => {
  const confirm = ['--yes', '--confirm', 'order'];

  it.each([
    [['order', '-l', 'zone=b'], ['order/i-4']],
    [['order', '--tag', 'old'], ['order/i-1']],
    [['order', '--health', 'critical'], ['order/i-3']],
    [['-l', 'zone=b'], ['order/i-4']],
    [['order', '-l', 'zone=a', '--health', 'critical'], ['order/i-3']],
    [['order/i-1', 'order/i-4', '-l', 'zone=a'], ['order/i-1']],
  ])('%j takes %j', async (args, gone) => {
    const done = await at.run([...args, ...confirm]);
    expect(done.ended.code, done.said).toBe(0);
    expect(done.stdout).toBe(gone.map((name) => `${name}\n`).join(''));
    expect(at.left(...names)).toEqual(names.filter((name) => !gone.includes(name)));
  });

  it('that nothing is, is nothing to do', async () => {
    const { stdout, stderr, ended } = await at.run(['order', '-l', 'zone=c', ...confirm, '-o', 'json']);
    expect(ended.code).toBe(0);
    expect(outcomes(stdout)).toEqual([]);
    expect(stderr).toContain('Nothing to remove in plain (local).');
  });

  it('of one service that is not there, and of another that is', async () => {
    expect((await at.run(['nothing', '-l', 'zone=b', ...confirm])).ended.code).toBe(3);
    const done = await at.run(['nothing', 'order', '-l', 'zone=b', ...confirm]);
    expect(done.ended.code, done.said).toBe(8);
    expect(done.stderr).toContain('no service named "nothing"');
    expect(at.has('order/i-4')).toBe(false);
  });

  it.each([
    [['order', '-l', ''], 'a term is empty'],
    [['order', '--health', ''], 'no state'],
    [['order', '-l', 'zone=(a'], 'no selector'],
    [['order*', '-l', 'zone=a'], 'is a pattern'],
    [['order/i-*', '--health', 'critical'], 'is a pattern'],
  ])('%j is refused', async (args, says) => {
    const refused = await at.run([...args, ...confirm]);
    expect(refused.ended.code, refused.said).toBe(2);
    expect(refused.stderr).toContain(says);
    expect(at.left(...names)).toEqual(names);
  });
});

describe('never a pattern', () => {
  it.each(['order/*', '*/i-1', 'ord*', 'order/i-?'])('%s', async (pattern) => {
    for (const args of [[pattern], [pattern, 'order/i-1']]) {
      const refused = await at.run([...args, '--yes', '--confirm', 'order']);
      expect(refused.ended.code).toBe(2);
      expect(refused.stderr).toContain('is a pattern');
    }
    expect(at.left(...names)).toEqual(names);
  });

  it('but an id that holds a wildcard is an id', async () => {
    at.write([anEntry('order', 'i-*', { ttlSeconds: 60 })]);
    const done = await at.run(['order/i-*', '--yes']);
    expect(done.ended.code, done.said).toBe(0);
    expect(at.left(...names)).toEqual(names);
  });
});

describe('--max', () => {
  const many = Array.from({ length: 12 }, (_, index) => `bulk/b-${index}`);
  const confirm = ['--yes', '--confirm', 'bulk', '--force'];

  beforeEach(() => {
    at.write(many.map((name) => anEntry('bulk', name.slice('bulk/'.length))));
  });

  it.each([
    ['ten are taken', many.slice(0, 10), [], 0],
    ['eleven are not', many.slice(0, 11), [], 2],
    ['nor by what they are', ['bulk', '--health', 'passing'], [], 2],
    ['more may be allowed', many, ['--max', '12'], 0],
    ['and fewer', many.slice(0, 3), ['--max', '2'], 2],
  ])('%s', async (_what, args, flags, code) => {
    const dry = await at.run([...args, ...flags, ...confirm, '--dry-run']);
    expect(dry.ended.code, dry.said).toBe(code);
    const done = await at.run([...args, ...flags, ...confirm]);
    expect(done.ended.code, done.said).toBe(code);
    if (code === 2) expect(done.stderr).toMatch(/more than --max \d+\n/);
    expect(at.left(...many)).toHaveLength(code === 0 ? 12 - args.length : 12);
  });

  it.each(['0', '-1', 'many', '1.5', ''])('"%s" is no number of instances', async (max) => {
    expect((await at.run(['bulk/b-1', `--max=${max}`, ...confirm])).ended.code).toBe(2);
    expect(at.left(...many)).toEqual(many);
  });
});

describe('names on standard input', () => {
  const confirm = ['--yes', '--confirm', 'order'];

  it('are read one in each line', async () => {
    const done = await at.run(['-', ...confirm], { stdin: '\ufefforder/i-1\r\n\n   \norder/i-2\norder/i-1' });
    expect(done.ended.code, done.said).toBe(0);
    expect(at.left(...names)).toEqual(['order/i-3', 'order/i-4']);
  });

  it('stand beside those that are typed', async () => {
    const done = await at.run(['order/i-3', '-', ...confirm], { stdin: 'order/i-1\n' });
    expect(done.ended.code, done.said).toBe(0);
    expect(at.left(...names)).toEqual(['order/i-2', 'order/i-4']);
  });

  it('are taken as they stand: a blank belongs to a name', async () => {
    at.write([anEntry('order', 'i-1 '), anEntry('order', ' i-1')]);
    const done = await at.run(['-', '--yes'], { stdin: 'order/i-1 \n' });
    expect(done.ended.code, done.said).toBe(0);
    expect(at.has('order/i-1')).toBe(true);
    expect(done.stdout).toBe('order/i-1 \n');
  });

  it('may be those that list prints, hostile ones too', async () => {
    at.write(Object.values(vectors).map((id) => anEntry('odd', id)));
    const list = await at.run(['odd', '--health', 'passing', '--max', '99', '--force', '--dry-run']);
    expect(list.said).not.toMatch(leak);
    const printed = await runBinary(['list', 'odd', '-o', 'name'], { home: at.home });
    const flags = ['--yes', '--confirm', 'odd', '--max', '99', '--force'];
    const done = await at.run(['-', ...flags], { stdin: printed.stdout });
    expect(done.ended.code, done.said).toBe(0);
    expect(done.said).not.toMatch(leak);
    expect(done.stdout).toBe(printed.stdout);
  });

  it.each([
    ['nothing', ''],
    ['blank lines', '\n \n\r\n'],
  ])('%s is no name', async (_what, stdin) => {
    for (const flags of [[], ['-l', 'zone=a']]) {
      const refused = await at.run(['-', ...flags, ...confirm], { stdin });
      expect(refused.ended.code).toBe(2);
      expect(refused.stderr).toContain('standard input held no name');
    }
    expect(at.left(...names)).toEqual(names);
  });

  it('cannot be read beside a secret', async () => {
    const refused = await at.run(['-', '--token-file', '-', '--yes'], { stdin: 'order/i-1\n' });
    expect(refused.ended.code).toBe(2);
    expect(refused.stderr).toContain('standard input cannot hold names and a secret');
  });

  it('a hundred thousand of them are refused before anything is asked', async () => {
    const stdin = Array.from({ length: 100_000 }, (_, index) => `s-${index}/i`).join('\n');
    const refused = await at.run(['-', ...confirm], { stdin, withinMs: 5_000 });
    expect(refused.ended.code).toBe(2);
    expect(refused.stderr).toContain('100000 instances would be removed');
  });
});

describe('what does not fit together', () => {
  it.each([
    [[], 'nothing is named'],
    [[''], 'a name is empty'],
    [['order/i-1', ''], 'a name is empty'],
    [['order'], 'does not name an instance'],
    [['order', 'order/i-1'], 'does not name an instance'],
    [['/'], 'does not name an instance'],
    [['order', 'pay', '--id', 'i-1'], '--id needs one SERVICE'],
    [['order', '--id', 'i-1', '-l', 'zone=a'], '--id needs one SERVICE'],
    [['order', '--id', ''], 'does not name an instance'],
    [['order/i-1', '--how', 'burn'], '--how burn is not valid'],
    [['order/i-1', '--how', 'delete', '--catalog-only'], 'contradict'],
    [['order/i-1', '--catalog-only'], 'for Consul'],
    [['order/i-1', '--probe', 'tcp'], '--probe belongs to --stale'],
    [['order', '--stale', '--probe', 'http'], '--probe http is not valid'],
    [['order/i-1', '--verify', '10'], 'durations are written'],
    [['order/i-1', '--min-healthy', '-1'], '--min-healthy -1 is not valid'],
    [['order/i-1', '--owner-port', '99999'], '--owner-port 99999 is not valid'],
    [['order/i-1', '--undo-file', ''], '--undo-file is empty'],
    [['--undo', ''], '--undo is empty'],
    [['order/i-1', '--undo', 'f'], 'it takes no names'],
    [['--undo', 'f', '--stale', '--max', '3'], '--stale, --max means nothing'],
  ])('%j', async (args, says) => {
    const { ended, stdout, stderr } = await at.run([...args, '--yes', '--confirm', 'order', '-o', 'json']);
    expect(ended.code, stderr).toBe(2);
    expect(stderr).toContain(says);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'Error', error: { exitCode: 2 } });
    expect(at.left(...names)).toEqual(names);
  });
});

describe('two runs at once', () => {
  it('take each entry once, and both say how it ended', async () => {
    const args = [...names, '--yes', '--confirm', 'order', '--force', '-o', 'json'];
    const runs = await Promise.all([at.run(args), at.run(args)]);
    for (const { ended, said } of runs) expect([0, 3, 6, 8], said).toContain(ended.code);
    const found = runs.flatMap(({ stdout }) => (JSON.parse(stdout) as Partial<Result>).items ?? []);
    for (const id of ids)
      expect(found.filter(({ instance, outcome }) => instance === id && outcome === 'removed')).toHaveLength(
        1,
      );
    expect(at.left(...names)).toEqual([]);
  });
});

describe('Ctrl-C between removals', () => {
  it('leaves the rest alone: what is printed is gone, and nothing else', async () => {
    const many = Array.from({ length: 400 }, (_, index) => `bulk/b-${index}`);
    at.write(many.map((name) => anEntry('bulk', name.slice('bulk/'.length))));
    const flags = ['--yes', '--confirm', 'bulk', '--max', '400', '--force', '--verify', '0'];
    await using run = startBinary(['deregister', ...many, ...flags], { home: at.home });
    await run.prints('bulk/b-', 10_000);
    run.signal('SIGINT');
    expect(await run.exit(10_000)).toMatchObject({ code: 130, signal: null });
    const printed = run.stdout.trimEnd().split('\n');
    expect(printed.length).toBeLessThan(many.length);
    expect(at.left(...many)).toEqual(many.filter((name) => !printed.includes(name)));
    expect(run.stderr.match(/was left alone: the removal was broken off/g)).toHaveLength(
      many.length - printed.length,
    );
    expect(run.stderr).not.toContain('Error');
  });
});

describe('a reader that goes away', () => {
  it('does not stop what was confirmed', async () => {
    const args = [...names, '--yes', '--confirm', 'order', '--force'];
    const { ended, stderr } = await at.run(args, { closeAfterLine: true });
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(stderr).not.toContain('Error');
    expect(at.left(...names)).toEqual([]);
  });
});

describe('what is offered for pasting', () => {
  it.each([
    ['$(reboot)', 'a', "'$(reboot)'", "'$(reboot)'"],
    ['a b', 'c', "'a b'", "'a b'"],
    ["it's", 'x', String.raw`'it'\''s'`, String.raw`'it'\''s'`],
    ['-y', 'x', '-- -y', null],
  ])('is one word: %s', async (service, id, argument, word) => {
    at.write([anEntry(service, id), anEntry(service, `${id}2`)]);
    const none = await at.run(['--', `${service}/n1`, `${service}/n2`]);
    expect(none.ended.code).toBe(3);
    expect(none.stderr).toContain(`Try: sdctl list ${argument}\n`);
    const several = await at.run(['--force', '--', `${service}/${id}`, `${service}/${id}2`]);
    expect(several.ended.code).toBe(2);
    if (word !== null) expect(several.stderr).toContain(`Try: add --yes --confirm ${word}\n`);
    const bare = await at.run(['--', service]);
    expect(bare.ended.code).toBe(2);
    expect(bare.stderr).toContain(`Try: sdctl list ${argument}\n`);
  });

  it('is nothing where a name hides something', async () => {
    at.write([anEntry('pay\u200bments', 'a')]);
    const none = await at.run(['pay\u200bments/n1', 'pay\u200bments/n2']);
    expect(none.ended.code).toBe(3);
    expect(none.stderr).not.toContain('Try: ');
    expect(none.said).not.toMatch(leak);
  });
});

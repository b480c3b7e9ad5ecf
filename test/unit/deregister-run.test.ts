/** A removal on a registry that fails, changes or is broken off at each of its steps. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FormatChoice } from '../../src/lib/command/choose-view.js';
import { toDeregisterOptions, type DeregisterFlags } from '../../src/lib/command/deregister-flags.js';
import { deregister } from '../../src/lib/command/deregister-run.js';
import { chooseTargets } from '../../src/lib/command/deregister-targets.js';
import { undoRemoval } from '../../src/lib/command/undo-run.js';
import { SdctlError } from '../../src/lib/errors.js';
import type { Instance } from '../../src/lib/model/instance.js';
import { anInstance } from '../support/builders.js';
import { commandRun, type CommandRun } from '../support/command-run.js';
import {
  away,
  scriptedRegistry,
  type Before,
  type Script,
  type ScriptedRegistry,
} from '../support/removal-registry.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const formats: FormatChoice = { allowed: ['name', 'json', 'jsonl'], terminal: 'name', pipe: 'name' };
const of = (id: string, overrides: Partial<Instance> = {}): Instance =>
  anInstance({ id, key: `/services/order/${id}`, root: '/services/', ...overrides });
const [a, b, c, d] = [of('a'), of('b'), of('c'), of('d')];
const three = ['order/a', 'order/b', 'order/c'];
let state: string;
let undo: string;

beforeEach(() => {
  state = makeTempDir('state');
  undo = path.join(state, 'undo.json');
});

interface Ended {
  /** All of stdout, and of stderr. */
  readonly out: string;
  readonly said: string;
  readonly error: SdctlError | null;
  readonly registry: ScriptedRegistry;
  readonly audit: readonly Readonly<Record<string, unknown>>[];
}

async function remove(
  names: readonly string[],
  script: Partial<Script> & { readonly during?: (run: CommandRun) => Before } = {},
  flags: DeregisterFlags & { readonly output?: string; readonly quiet?: boolean } = {},
): Promise<Ended> {
  const all: DeregisterFlags = { yes: true, confirm: 'order', verify: '0', ...flags };
  const run = await commandRun(
    { output: flags.output, ...(flags.quiet === undefined ? {} : { quiet: flags.quiet }) },
    { formats, env: { SDCTL_STATE_DIR: state } },
  );
  const before = script.during?.(run);
  const registry = scriptedRegistry({
    instances: [a, b, c, d],
    ...script,
    ...(before === undefined ? {} : { before }),
  });
  const work = async (): Promise<void> => {
    const options = toDeregisterOptions(all, false);
    const targets = await chooseTargets(run.invocation, registry.handle, names, all, options);
    await deregister(run.invocation, registry.handle, targets, options);
  };
  const error = await failureOf(work());
  return { out: run.stdout(), said: run.stderr(), registry, error, audit: audited() };
}

async function failureOf(work: Promise<void>): Promise<SdctlError | null> {
  return work.then(
    () => null,
    (thrown: unknown) => {
      if (thrown instanceof SdctlError) return thrown;
      throw thrown;
    },
  );
}

function audited(): readonly Readonly<Record<string, unknown>>[] {
  const file = path.join(state, 'audit.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

const failing =
  (step: string, subject: string, error: SdctlError = away): Before =>
  (asked, about) => {
    if (asked === step && about === subject) throw error;
  };
const outcomesOf = (audit: Ended['audit']) => audit.map(({ target, outcome }) => [target, outcome]);

describe('a registry that goes away', () => {
  it.each([
    ['lookUp', 'order'],
    ['planRemoval', 'order/a'],
    ['save', 'order/a'],
    ['remove', 'order/a'],
  ])('at %s: 4, and the only target is left alone', async (step, subject) => {
    const flags = { 'undo-file': undo };
    const { error, registry, out } = await remove(['order/a'], { before: failing(step, subject) }, flags);
    expect(error).toMatchObject({ code: 'E_UNREACHABLE', exitCode: 4 });
    expect(registry.keys()).toHaveLength(4);
    expect(out).toBe('');
    expect(existsSync(undo)).toBe(step === 'remove');
  });

  it('before it has saved all: nothing is removed', async () => {
    const { error, registry, audit } = await remove(
      three,
      { before: failing('save', 'order/c') },
      { 'undo-file': undo },
    );
    expect(error).toMatchObject({ code: 'E_UNREACHABLE' });
    expect(registry.asked.filter((step) => step.startsWith('remove'))).toEqual([]);
    expect(audit).toEqual([]);
    expect(existsSync(undo)).toBe(false);
  });

  it('at one of several owners: the others go', async () => {
    const { error, registry, out, said, audit } = await remove(three, {
      before: failing('planRemoval', 'order/b'),
    });
    expect(error).toMatchObject({ code: 'E_PARTIAL', exitCode: 8 });
    expect(registry.keys()).toEqual([b.key, d.key]);
    expect(out).toBe('order/a\norder/c\n');
    expect(said).toContain('  order/b: cannot reach the registry (connection refused)\n');
    expect(outcomesOf(audit)).toEqual([
      ['order/a', 'removed'],
      ['order/c', 'removed'],
    ]);
  });

  it('at all of several: its own code', async () => {
    const before: Before = (step) => {
      if (step === 'remove') throw away;
    };
    const { error, said, audit } = await remove(three, { before });
    expect(error).toMatchObject({ code: 'E_UNREACHABLE', exitCode: 4 });
    expect(said.match(/cannot reach the registry/g)).toHaveLength(3);
    expect(outcomesOf(audit)).toEqual(three.map((name) => [name, 'failed']));
  });

  it.each([
    ['a refusal', new SdctlError('E_FORBIDDEN', 'permission denied'), 5],
    ['a wrong wish', new SdctlError('E_USAGE', 'not that way'), 2],
  ])('%s for one is one for all: nothing is removed', async (_what, refusal, code) => {
    const { error, registry } = await remove(three, { before: failing('planRemoval', 'order/c', refusal) });
    expect(error?.exitCode).toBe(code);
    expect(registry.keys()).toHaveLength(4);
  });

  it('a defect is no result', async () => {
    const before: Before = (step) => {
      if (step === 'remove') throw new TypeError('bolt');
    };
    await expect(remove(three, { before })).rejects.toThrow('bolt');
  });
});

describe('Ctrl-C', () => {
  const aborting =
    (step: string, subject: string, isInFlight: boolean) =>
    (run: CommandRun): Before =>
    (asked, about) => {
      if (asked !== step || about !== subject) return;
      run.abort.abort();
      if (isInFlight) throw new SdctlError('E_ABORTED', 'aborted');
    };

  it('between two removals leaves the rest alone, and says so', async () => {
    const ended = await remove(three, { during: aborting('remove', 'order/b', false) });
    expect(ended.error).toMatchObject({ code: 'E_ABORTED' });
    expect(ended.out).toBe('order/a\norder/b\n');
    expect(ended.registry.keys()).toEqual([c.key, d.key]);
    expect(ended.said).toContain('order/c was left alone: the removal was broken off');
    expect(outcomesOf(ended.audit)).toEqual([
      ['order/a', 'removed'],
      ['order/b', 'removed'],
      ['order/c', 'failed'],
    ]);
  });

  it('in the middle of one says that nobody knows', async () => {
    const ended = await remove(three, { during: aborting('remove', 'order/b', true) });
    expect(ended.said).toContain('order/b was broken off: nobody knows whether it is removed');
    expect(outcomesOf(ended.audit)).toContainEqual(['order/b', 'failed']);
  });

  it('in the middle of the only one, too', async () => {
    const ended = await remove(['order/b'], { during: aborting('remove', 'order/b', true) });
    expect(ended.error).toMatchObject({ code: 'E_ABORTED' });
    expect(ended.said).toContain('order/b was broken off');
  });

  it('leaves one whole document', async () => {
    const ended = await remove(three, { during: aborting('remove', 'order/b', false) }, { output: 'json' });
    expect(JSON.parse(ended.out)).toMatchObject({
      kind: 'DeregisterResult',
      items: [
        { outcome: 'removed' },
        { outcome: 'removed' },
        { outcome: 'failed', error: { code: 'E_ABORTED' } },
      ],
    });
  });
});

describe('what changes meanwhile', () => {
  it('is left alone, and the others go', async () => {
    const { registry, error, said, audit } = await remove(three, {
      before: (step, subject, put) => {
        if (step === 'remove' && subject === 'order/b') put({ ...b, revision: '9' });
      },
    });
    expect(error).toMatchObject({
      code: 'E_PARTIAL',
      details: { failed: [{ name: 'order/b', code: 'E_CONFLICT' }] },
    });
    expect(said).toContain('order/b changed meanwhile and was left alone');
    expect(registry.keys()).toEqual([b.key, d.key]);
    expect(outcomesOf(audit)).toEqual([
      ['order/a', 'removed'],
      ['order/b', 'changed'],
      ['order/c', 'removed'],
    ]);
  });
});

describe('several on one lease', () => {
  const lease = { id: '694d8c1f2a3b4c2d', ttlSeconds: 30, leftSeconds: null };
  const shared = [of('a', { lease }), of('b', { lease }), of('c', { lease }), d];
  const ledger = of('l', { service: 'ledger', lease, key: '/services/ledger/l' });
  const revoke = { how: 'revoke' } as const;

  it('fall once, and each has its result', async () => {
    const { registry, error, out, said, audit } = await remove(
      ['order/a', 'order/b'],
      { instances: shared },
      revoke,
    );
    expect(error).toBeNull();
    expect(registry.keys()).toEqual([d.key]);
    expect(registry.asked.filter((step) => step.startsWith('remove'))).toEqual(['remove order/a']);
    expect(out).toBe('order/a\norder/c\norder/b\n');
    expect(said).not.toContain('already gone');
    expect(said.match(/With lease/g)).toHaveLength(1);
    expect(outcomesOf(audit)).toEqual([
      ['order/a', 'removed'],
      ['order/c', 'removed'],
      ['order/b', 'removed'],
    ]);
  });

  it('of another service need its consent: the floor, the word, the undo file', async () => {
    const instances = [...shared, ledger];
    const floor = await remove(['order/a'], { instances }, revoke);
    expect(floor.error).toMatchObject({
      code: 'E_MIN_HEALTHY',
      details: { services: [{ service: 'ledger' }] },
    });
    const word = await remove(['order/a'], { instances }, { ...revoke, force: true });
    expect(word.error).toMatchObject({ code: 'E_CONFIRM', hint: '--yes --confirm etcd' });
    const many = await remove(['order/a'], { instances }, { ...revoke, force: true, max: '3' });
    expect(many.error).toMatchObject({ code: 'E_USAGE', details: { targets: 4, max: 3 } });
    const flags = { ...revoke, force: true, confirm: 'etcd', 'undo-file': undo };
    const done = await remove(['order/a'], { instances }, flags);
    expect(done.error).toBeNull();
    const { items } = JSON.parse(readFileSync(undo, 'utf8')) as { readonly items: readonly { id: string }[] };
    expect(items.map(({ id }) => id)).toEqual(['a', 'b', 'c', 'l']);
  });

  it('are left alone when one of them is another entry by the time it is saved', async () => {
    const { error, registry, audit } = await remove(
      ['order/a'],
      {
        instances: shared,
        before: (step, subject, put) => {
          if (step === 'save' && subject === 'order/c') put(of('c', { lease, revision: '9' }));
        },
      },
      { ...revoke, 'undo-file': undo },
    );
    expect(error).toMatchObject({ code: 'E_CONFLICT', exitCode: 6 });
    expect(registry.keys()).toHaveLength(4);
    expect(outcomesOf(audit)).toEqual([['order/a', 'changed']]);
  });
});

describe('hostile names', () => {
  const evil = of("$(reboot)'\u001b[2J", { key: '/x' });

  it.each([
    ['$(reboot)', "sdctl list 'order/$(reboot)'"],
    ['a;b', "sdctl list 'order/a;b'"],
    ['plain', 'sdctl list order/plain'],
  ])('are offered quoted: %s', async (id, hint) => {
    const entry = of(id);
    const { error } = await remove([`order/${id}`], {
      instances: [entry, d],
      before: (step, _subject, put) => {
        if (step === 'remove') put({ ...entry, revision: '9' });
      },
    });
    expect(error).toMatchObject({ code: 'E_CONFLICT', hint });
  });

  it('are escaped wherever they are said', async () => {
    const { out, said } = await remove(
      [`order/${evil.id}`, 'order/d'],
      { instances: [evil, d, a], before: failing('remove', `order/${evil.id}`) },
      { 'undo-file': undo },
    );
    expect(out + said).not.toContain('\u001b');
    expect(said).toContain("order/$(reboot)'\\e[2J");
  });
});

describe('putting back', () => {
  const saved = async (): Promise<void> => {
    const { error } = await remove(three, {}, { 'undo-file': undo });
    expect(error).toBeNull();
  };
  const putBack = async (script: Partial<Script> & { readonly during?: (run: CommandRun) => Before }) => {
    const run = await commandRun({}, { formats, env: { SDCTL_STATE_DIR: state } });
    const before = script.during?.(run);
    const registry = scriptedRegistry({
      instances: [],
      ...script,
      ...(before === undefined ? {} : { before }),
    });
    const work = undoRemoval(run.invocation, registry.handle, { file: undo, isDryRun: false, force: false });
    const error = await failureOf(work);
    return { out: run.stdout(), said: run.stderr(), error, audit: audited().slice(3) };
  };

  it('goes on where one could not be', async () => {
    await saved();
    const { error, out, said, audit } = await putBack({ before: failing('restore', 'order/b') });
    expect(error).toMatchObject({ code: 'E_PARTIAL', details: { failed: [{ name: 'order/b' }] } });
    expect(out).toBe('order/a\norder/c\n');
    expect(said).toContain('order/b   /services/order/b: not put back: connection refused');
    expect(outcomesOf(audit)).toEqual([
      ['order/a', 'restored'],
      ['order/b', 'failed'],
      ['order/c', 'restored'],
    ]);
  });

  it('of none, because the registry is away: 4', async () => {
    await saved();
    const { error } = await putBack({
      before: () => {
        throw away;
      },
    });
    expect(error).toMatchObject({ code: 'E_UNREACHABLE', exitCode: 4 });
  });

  it('Ctrl-C leaves the rest, and says of one that nobody knows', async () => {
    await saved();
    const { error, said, audit } = await putBack({
      during: (run) => (step, subject) => {
        if (step !== 'restore' || subject !== 'order/b') return;
        run.abort.abort();
        throw new SdctlError('E_ABORTED', 'aborted');
      },
    });
    expect(error).toMatchObject({ code: 'E_ABORTED' });
    expect(said).toContain('order/b was broken off: nobody knows whether it is put back');
    expect(said).toContain('order/c was left alone');
    expect(outcomesOf(audit)).toEqual([
      ['order/a', 'restored'],
      ['order/b', 'failed'],
      ['order/c', 'failed'],
    ]);
  });
});

describe('an undo file that cannot be written', () => {
  it('by the time it is needed: nothing is removed', async () => {
    const { error, registry } = await remove(
      three,
      {
        before: (step, subject) => {
          // The folder was there when it was looked at.
          if (step === 'save' && subject === 'order/a') mkdirSync(undo);
        },
      },
      { 'undo-file': undo },
    );
    expect(error).toMatchObject({ code: 'E_FILE', exitCode: 2 });
    expect(registry.keys()).toHaveLength(4);
  });
});

/** The go-ahead for a removal: what is asked, what counts as yes, and what a script has to say. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { confirm, type Confirmation, type ConfirmFlags } from '../../src/lib/command/confirm.js';
import { commandRun, type CommandRunOptions } from '../support/command-run.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const config = path.join(makeTempDir('confirm'), 'config.yaml');
writeFileSync(
  config,
  'contexts:\n  lab: {backend: etcd, servers: ["http://127.0.0.1:1"]}\n  prod: {backend: etcd, servers: ["http://127.0.0.1:1"], protected: true}\n',
);

const many: Confirmation = { word: 'checkout', wordWhat: 'service', what: '4 instances of checkout' };
const lease: Confirmation = {
  word: '694d8c1f2a3b4c2d',
  wordWhat: 'lease',
  what: '3 keys with lease 694d8c1f2a3b4c2d',
  means: (typed) => typed === 'dec:7587875012669557805',
};

/** What was asked, and the error; null: it was confirmed. */
async function outcome(
  confirmation: Confirmation | undefined,
  flags: ConfirmFlags,
  options: CommandRunOptions & { readonly context?: string } = {},
) {
  const { context = 'lab', ...rest } = options;
  const run = await commandRun({ config, context, backend: undefined, server: undefined }, rest);
  try {
    await confirm(run.invocation, 'Remove it from lab?', flags, confirmation);
    return { prompts: run.prompts, error: null };
  } catch (error) {
    return { prompts: run.prompts, error };
  }
}

const terminal = (types: string) => ({ isTerminal: true, types });

describe('at a terminal', () => {
  it.each([
    ['y', true],
    ['YES', true],
    [' y ', true],
    ['', false],
    ['n', false],
    ['checkout', false],
  ])('one thing: %j is %s', async (types, isYes) => {
    const { prompts, error } = await outcome(undefined, {}, terminal(types));
    expect(prompts).toEqual(['Remove it from lab? [y/N] ']);
    if (isYes) expect(error).toBeNull();
    else expect(error).toMatchObject({ code: 'E_CONFIRM', message: 'not confirmed, nothing was removed' });
  });

  it.each([
    [many, 'checkout', true],
    [many, 'y', false],
    [many, '', false],
    [many, 'Checkout', false],
    [lease, '694d8c1f2a3b4c2d', true],
    [lease, 'dec:7587875012669557805', true],
    [lease, '694d8c1f2a3b4c2e', false],
  ])('%o: %j is %s', async (confirmation, types, isYes) => {
    const { error } = await outcome(confirmation, {}, terminal(types));
    expect(error === null).toBe(isYes);
  });

  it('says which word it wants', async () => {
    const promptOf = async (confirmation: Confirmation, context = 'lab') =>
      (await outcome(confirmation, {}, { ...terminal(''), context })).prompts[0];
    expect(await promptOf(many)).toBe(
      'Remove it from lab? Type the name of the service (checkout) to go on: ',
    );
    expect(await promptOf(lease)).toBe(
      'Remove it from lab? Type the id of the lease (694d8c1f2a3b4c2d) to go on: ',
    );
    expect(await promptOf({ ...many, word: 'lab', wordWhat: 'context' })).toBe(
      'Remove it from lab? Type the name of the context (lab) to go on: ',
    );
    expect(await promptOf(many, 'prod')).toBe(
      'Remove it from lab? prod is protected. Type its name to go on: ',
    );
  });

  it('a protected context wants its own name, whatever else is wanted', async () => {
    const inProd = (types: string) => ({ ...terminal(types), context: 'prod' });
    for (const confirmation of [undefined, many, lease]) {
      expect((await outcome(confirmation, {}, inProd('prod'))).error).toBeNull();
      for (const types of ['y', 'checkout', '694d8c1f2a3b4c2d', 'dec:7587875012669557805', ''])
        expect((await outcome(confirmation, {}, inProd(types))).error).not.toBeNull();
    }
  });

  it('a hostile word is shown harmless, and taken as it is shown', async () => {
    const evil = { ...many, word: 'a\u001b[2Jb' };
    const asked = await outcome(evil, {}, terminal('a\\e[2Jb'));
    expect(asked.prompts[0]).toContain('(a\\e[2Jb)');
    expect(asked.error).toBeNull();
  });

  it.each([
    [{ 'no-input': true }, {}],
    [{}, { CI: 'yes' }],
    [{}, { SDCTL_NO_INPUT: '1' }],
  ])('nothing is asked with %o %o', async (flags, env) => {
    const { prompts, error } = await outcome(many, flags, { ...terminal('checkout'), env });
    expect(prompts).toEqual([]);
    expect(error).toMatchObject({ why: 'prompts are switched off', hint: 'add --yes --confirm checkout' });
  });
});

describe('in a script', () => {
  it('one thing needs --yes', async () => {
    expect((await outcome(undefined, { yes: true })).error).toBeNull();
    expect((await outcome(undefined, {})).error).toMatchObject({
      code: 'E_CONFIRM',
      message: 'confirmation needed to remove 1 instance',
      why: 'stdin is not a terminal',
      hint: 'add --yes',
    });
  });

  it('a word needs --confirm too, and --yes never stands in for it', async () => {
    expect((await outcome(many, { yes: true, confirm: 'checkout' })).error).toBeNull();
    expect((await outcome(lease, { yes: true, confirm: 'dec:7587875012669557805' })).error).toBeNull();
    const message = 'confirmation needed to remove 4 instances of checkout';
    const hint = 'add --yes --confirm checkout';
    expect((await outcome(many, {})).error).toMatchObject({ message, hint, why: 'stdin is not a terminal' });
    expect((await outcome(many, { confirm: 'checkout' })).error).toMatchObject({ message, hint });
    expect((await outcome(many, { yes: true })).error).toMatchObject({
      message,
      hint,
      why: '--yes alone is not enough for that',
    });
    expect((await outcome(many, { yes: true, confirm: '' })).error).not.toBeNull();
    expect((await outcome(many, { yes: true, confirm: 'cart' })).error).toMatchObject({
      message: '--confirm cart is not the name of the service',
      why: 'it is about 4 instances of checkout',
      hint: '--yes --confirm checkout',
    });
    expect((await outcome({ ...many, word: 'a b' }, {})).error).toMatchObject({
      hint: "add --yes --confirm 'a b'",
    });
  });

  it('a protected context needs its name', async () => {
    const inProd = { context: 'prod' };
    expect((await outcome(many, { yes: true, confirm: 'prod' }, inProd)).error).toBeNull();
    expect((await outcome(undefined, { yes: true }, inProd)).error).toMatchObject({
      message: 'confirmation needed to remove 1 instance',
      why: 'context prod is protected',
      hint: 'add --yes --confirm prod',
    });
    expect((await outcome(many, { yes: true, confirm: 'checkout' }, inProd)).error).toMatchObject({
      message: '--confirm checkout is not the name of the context',
      why: 'context prod is protected',
      hint: '--yes --confirm prod',
    });
  });
});

it('a prompt that is left by Ctrl-C is no answer', async () => {
  const run = await commandRun(
    { config, context: 'lab', backend: undefined, server: undefined },
    terminal('y'),
  );
  run.abort.abort();
  await expect(confirm(run.invocation, 'Remove it?', {})).rejects.toMatchObject({ code: 'E_ABORTED' });
});

/** No removal takes the last passing instance of a service by accident. */
import { beforeEach, describe, expect, it } from 'vitest';
import { anEntry, RemovalHome } from '../support/removal-home.js';

let at: RemovalHome;
const health = (state: string) => ({ value: { endpoints: ['http://10.0.4.11:80'], health: state } });
const names = ['order/a', 'order/b', 'order/bad', 'pay/p'];

beforeEach(() => {
  at = new RemovalHome([
    anEntry('order', 'a'),
    anEntry('order', 'b'),
    anEntry('order', 'bad', health('critical')),
    anEntry('pay', 'p'),
  ]);
});

describe('the floor', () => {
  const order = ['--yes', '--confirm', 'order'];

  it.each([
    ['one of two passing may go', ['order/a', '--yes'], 0],
    ['two of two may not', ['order/a', 'order/b', ...order], 2],
    ['nor by what they are', ['order', '--health', 'passing', ...order], 2],
    ['what does not pass may', ['order/bad', '--yes'], 0],
    ['nor does it stand in for what passes', ['order/a', 'order/b', 'order/bad', ...order], 2],
    ['the only one may not', ['pay/p', '--yes'], 2],
    ['nor among others', ['order/a', 'pay/p', '--yes', '--confirm', 'plain'], 2],
    ['nor where others stand for nothing', ['pay/p', 'pay/nobody', '--yes'], 2],
    ['it may be none', ['pay/p', '--yes', '--min-healthy', '0'], 0],
    ['it may be higher', ['order/a', '--yes', '--min-healthy', '2'], 2],
    ['and then still lets go of what does not pass', ['order/bad', '--yes', '--min-healthy', '9'], 0],
    ['--force lifts it', ['pay/p', '--yes', '--force'], 0],
    ['but not the question', ['pay/p', '--force'], 2],
    ['nor what has to be typed', ['order/a', 'order/b', '--force', '--yes'], 2],
  ])('%s', async (_what, args, code) => {
    const dry = await at.run([...args, '--dry-run', '-o', 'json']);
    // Nobody is asked in a trial, so that only what is known beforehand counts.
    const isOnlyUnasked = code === 2 && args.includes('--force');
    expect(dry.ended.code, dry.said).toBe(isOnlyUnasked ? 0 : code);
    expect(at.left(...names)).toEqual(names);
    const done = await at.run([...args, '-o', 'json']);
    expect(done.ended.code, done.said).toBe(code);
    expect(at.left(...names).length < names.length).toBe(code === 0);
  });

  it('says which services, how many would be left, and how to go on', async () => {
    const args = ['order/a', 'order/b', 'pay/p', '--yes', '--confirm', 'plain'];
    const text = await at.run(args);
    expect(text.stderr).toContain('Error: too few passing instances of order would be left\n');
    expect(text.stderr).toContain(
      'order: 0 of 2 passing would be left; pay: 0 of 1 passing would be left; at least 1 have to stay',
    );
    expect(text.stderr).toContain('--force');
    const json = await at.run([...args, '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      kind: 'Error',
      error: {
        code: 'E_MIN_HEALTHY',
        exitCode: 2,
        details: {
          minHealthy: 1,
          services: [
            { service: 'order', passing: 2, left: 0 },
            { service: 'pay', passing: 1, left: 0 },
          ],
        },
      },
    });
  });

  it('is not asked about: it refuses at a terminal, too', async () => {
    await using terminal = at.terminal(['pay/p']);
    expect(await terminal.exit()).toBe(2);
    expect(terminal.screen).toContain('too few passing instances of pay');
    expect(terminal.screen).not.toContain('[y/N]');
  });

  it('with --force the question stands', async () => {
    const { code, screen } = await at.answer(['pay/p', '--force'], '[y/N] ', '\r');
    expect(code).toBe(2);
    expect(screen).toContain('not confirmed');
    expect((await at.answer(['pay/p', '--force'], '[y/N] ', 'y\r')).code).toBe(0);
    expect(at.has('pay/p')).toBe(false);
  });
});

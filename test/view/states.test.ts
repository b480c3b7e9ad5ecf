/** How the connection is, and how one goes to another registry. */
import { describe, expect, test } from 'vitest';
import { anInstance } from '../support/builders.js';
import { consulFixture } from '../support/view/fixtures/consul.js';
import {
  brokenFixture,
  deniedFixture,
  emptyFixture,
  forbidden,
  refused,
  stageFixture,
} from '../support/view/fixtures/others.js';
import { prodEu } from '../support/view/fixtures/prod-eu.js';
import { ScriptedView, type ScriptedViewOptions } from '../support/view/scripted-view.js';
import { drain, keys, press, WITHIN_MS } from '../support/view/steps.js';
import type { Fixture } from '../support/view/fixture.js';
import type { ViewTerminal } from '../support/view/view-terminal.js';

const contexts = { stage: stageFixture(), broken: brokenFixture() };

async function open(fixture: Fixture, options: ScriptedViewOptions = {}): Promise<ScriptedView> {
  const view = await ScriptedView.open(fixture, { contexts, ...options });
  await view.shown();
  return view;
}

const head = (terminal: ViewTerminal): string => terminal.rows()[0] ?? '';
const message = (terminal: ViewTerminal): string => (terminal.rows().at(-2) ?? '').trim();
const bars = (terminal: ViewTerminal): readonly string[] =>
  terminal.rows().flatMap((line) => /[█░]+ +[~\d]+s/.exec(line)?.[0] ?? []);

describe('while it is loading', () => {
  test('the time goes on, keys work, nothing is made up', async () => {
    await using view = await open(prodEu({ faults: { watch: { hang: true } } }));
    expect(head(view.terminal)).toMatch(/LOADING 0\.0s/);
    await view.advance(2_100);
    expect(head(view.terminal)).toMatch(/LOADING 2\.\ds/);
    expect(view.terminal.text()).not.toMatch(/\d of \d|instances|\(0\)/);
    await press(view, '4', /^ doctor/m);
    await press(view, '?', /▌help/);
    await press(view, keys.escape, /^ doctor/m);
    await press(view, '1', /^ services/m);
    await view.recover();
    await view.advance(200);
    await view.terminal.until(/LIVE/, WITHIN_MS);
    expect(view.terminal.text()).toContain('services (19)');
    view.terminal.press('q');
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
  });

  test('q ends it at once', async () => {
    await using view = await open(prodEu({ faults: { watch: { hang: true } } }));
    view.terminal.press('q');
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
  });

  test('the reason stands where rows would be, with the next attempt', async () => {
    await using view = await open(brokenFixture());
    await view.advance(1_600);
    expect(head(view.terminal)).toMatch(/LOADING 1\.\ds/);
    expect(view.terminal.text()).toContain('cannot reach http://10.9.9.9:2379');
    expect(view.terminal.text()).toContain('connect ECONNREFUSED 10.9.9.9:2379');
    expect(view.terminal.text()).toMatch(/retry in 0\.\ds/);
    await view.recover();
    await view.advance(1_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
    expect(view.terminal.text()).toContain('No services under');
  });
});

describe('while it is cut off', () => {
  test('what was known stays and stands still, and what happened meanwhile is told', async () => {
    await using view = await open(prodEu(), { columns: 120, rows: 30 });
    await view.advance(10_000);
    await view.fail('watch', refused, 8_000);
    await view.advance(100);
    await view.terminal.until(/STALE/, WITHIN_MS);
    const before = bars(view.terminal);
    expect(before.length).toBeGreaterThan(10);
    await view.advance(42_000);
    expect(head(view.terminal)).toMatch(/! STALE 42s {2}retry in \d\.\ds/);
    expect(bars(view.terminal)).toEqual(before);
    expect(view.terminal.text()).toContain('services (19) · instances 93');
    await view.emit(
      { type: 'left', service: 'auth', id: 'i-1' },
      {
        type: 'joined',
        instance: anInstance({
          service: 'newcomer',
          id: 'i-1',
          lease: null,
          key: '/microservices/newcomer/i-1',
        }),
      },
    );
    await view.recover();
    await view.advance(8_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
    expect(message(view.terminal)).toMatch(/^back after (4\d|50)s: 1 joined, 1 left meanwhile/);
    expect(view.terminal.text()).toContain('services (20)');
    await view.advance(7_000);
    expect(message(view.terminal)).not.toContain('back after');
    await press(view, '3', /^ events/m);
    for (const seen of [/stale +- /, /joined +newcomer\/i-1/, /left +auth\/i-1/])
      expect(view.terminal.text()).toMatch(seen);
  });

  test('R tries at once', async () => {
    await using view = await open(prodEu());
    await view.fail('watch', refused, 60_000);
    await view.advance(1_000);
    expect(head(view.terminal)).toMatch(/STALE \d+s {2}retry in 59s|STALE/);
    await view.recover();
    await view.advance(1_000);
    expect(head(view.terminal)).toContain('STALE');
    await press(view, 'R', 'reading everything anew');
    await view.advance(1_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
  });

  test('all screens can be gone to, and it never ends by itself', async () => {
    await using view = await open(prodEu(), { columns: 120, rows: 30 });
    await view.advance(1_000);
    await view.fail('watch', refused, 1_000);
    await view.fail('leases', refused);
    await view.fail('leaseIds', refused);
    await view.fail('readEntry', refused);
    await view.advance(120_000);
    for (const [key, there] of [
      ['2', /^ leases/m],
      ['3', /^ events/m],
      ['4', /^ doctor/m],
      ['1', /^ services/m],
      ['\r', /services › checkout/],
    ] as const)
      await press(view, key, there);
    await press(view, 'y', 'esc close');
    await view.advance(200);
    expect(view.terminal.text()).toContain('cannot reach http://10.9.9.9:2379');
    expect(view.terminal.running).toBe(true);
    expect(head(view.terminal)).toMatch(/STALE 2m/);
  });

  test('R while it is live reads everything anew', async () => {
    await using view = await open(prodEu());
    await view.advance(1_000);
    const watched = async (): Promise<number> =>
      (await view.calls()).filter(({ method }) => method === 'watch').length;
    const before = await watched();
    await press(view, 'R', 'reading everything anew');
    await view.advance(1_000);
    expect(await watched()).toBe(before + 1);
    expect(view.terminal.text()).toContain('services (19)');
    expect(head(view.terminal)).toContain('LIVE');
  });
});

describe('without permission', () => {
  test('from the start: it says so and goes on asking', async () => {
    await using view = await open(deniedFixture());
    await view.advance(1_500);
    expect(view.terminal.text()).toContain('user viewer may not read /microservices/');
    expect(view.terminal.text()).toContain('E_FORBIDDEN');
    await press(view, '2', /^ leases/m);
    await view.advance(6_000);
    expect(view.terminal.text()).toContain('user viewer may not read');
    await view.recover();
    await view.advance(6_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
  });

  test('later on: what was known stays', async () => {
    await using view = await open(prodEu());
    await view.advance(1_000);
    await view.fail('watch', forbidden);
    await view.advance(3_000);
    expect(head(view.terminal)).toContain('STALE');
    expect(view.terminal.text()).toContain('services (19)');
    await view.recover();
    await view.advance(2_000);
    await view.terminal.until(/LIVE/, WITHIN_MS);
  });

  test('for leases alone: only they say so', async () => {
    await using view = await open(
      prodEu({ faults: { leaseIds: { error: forbidden }, leases: { error: forbidden } } }),
    );
    await view.advance(3_000);
    expect(head(view.terminal)).toContain('LIVE');
    expect(view.terminal.text()).toMatch(/checkout +6 .*\?/);
    await press(view, '2', /^ leases/m);
    await view.advance(1_000);
    expect(message(view.terminal)).toContain('user viewer may not read');
    await press(view, '1', /^ services/m);
    expect(message(view.terminal)).not.toContain('may not read');
  });
});

describe('an empty registry', () => {
  test('says where it has looked, on every screen', async () => {
    await using view = await open(emptyFixture());
    await view.advance(1_000);
    expect(view.terminal.text()).toContain('No services under /microservices/ in prod-eu.');
    expect(view.terminal.text()).toContain('try :layout NAME');
    await press(view, '2', /^ leases/m);
    await view.advance(1_000);
    expect(view.terminal.text()).toContain('No leases in prod-eu.');
    await press(view, '3', /^ events/m);
    expect(view.terminal.text()).toMatch(/synced/);
    await press(view, '4', /^ doctor/m);
    for (const each of ['\r', ' ', 'y', 'j', 'G', 'n', 's', 'f']) view.terminal.press(each);
    await drain(view);
    expect(view.terminal.running).toBe(true);
  });

  test('fills as the first instance joins', async () => {
    await using view = await open(emptyFixture());
    const [instance] = prodEu().instances;
    if (instance === undefined) throw new Error('nothing to register');
    await view.emit({ type: 'joined', instance });
    await view.advance(200);
    expect(view.terminal.text()).toMatch(/▌✖ checkout +1/);
    expect(view.terminal.text()).not.toContain('No services');
  });
});

describe(':ctx', () => {
  test('goes from a registry that cannot be reached to one that can, and back', async () => {
    await using view = await open(brokenFixture(), { args: ['watch', '-i', '--context', 'broken'] });
    await view.advance(3_000);
    expect(head(view.terminal)).toMatch(/ broken .*LOADING/);
    await press(view, ':', (now) => message(now).startsWith(':'));
    await press(view, 'ctx sta\t', (now) => message(now).startsWith(':ctx stage'));
    await press(view, keys.enter, (now) => head(now).includes(' stage '));
    await view.advance(200);
    await view.terminal.until(/LIVE/, WITHIN_MS);
    expect(view.terminal.text()).toContain('services (3) · instances 7');
    expect(head(view.terminal)).not.toContain('PROTECTED');
    await press(view, ':ctx prod-eu\r', /prod-eu PROTECTED/);
    await press(view, ':ctx broken\r', / broken .*LOADING/);
    await view.advance(1_000);
    expect(view.terminal.text()).toContain('ECONNREFUSED');
    expect(view.terminal.text()).not.toContain('svc-');
  });

  test('while it is cut off, and nothing of the old registry stays', async () => {
    await using view = await open(prodEu(), { columns: 120, rows: 30 });
    await view.advance(1_000);
    await press(view, '  /cart\r', /filter: cart/);
    await view.fail('watch', refused, 30_000);
    await view.advance(5_000);
    expect(head(view.terminal)).toContain('STALE');
    await press(view, 'p', /PAUSED/);
    await press(view, ':ctx stage\r', (now) => head(now).includes(' stage '));
    await view.advance(1_000);
    expect(head(view.terminal)).toMatch(/stage .*LIVE/);
    expect(view.terminal.text()).toContain('filter: none');
    for (const old of ['checkout', 'cart', 'PAUSED', 'marked', 'legacy-batch'])
      expect(view.terminal.text()).not.toContain(old);
    await press(view, '3', /^ events/m);
    expect(view.terminal.text()).not.toMatch(/stale/);
    await press(view, '[', /^ services/m);
    view.terminal.press('[');
    await drain(view);
    expect(view.terminal.text()).toContain('svc-');
  });

  test('to a Consul and back shows what each of them has', async () => {
    await using view = await open(prodEu(), {
      contexts: { ...contexts, consul: consulFixture() },
      config: '  consul:\n    backend: consul\n    servers: [http://10.0.0.5:8500]\n',
    });
    await press(view, ':ctx consul\r', (now) => head(now).includes(' consul '));
    await view.advance(1_000);
    expect(view.terminal.text()).toMatch(/INST .*CHECKS/);
    await press(view, ':ctx prod-eu\r', /PROTECTED/);
    await view.advance(1_000);
    expect(view.terminal.text()).toMatch(/INST .*LOWEST TTL/);
  });

  test('closes what it leaves', async () => {
    await using view = await open(prodEu());
    await press(view, ':ctx stage\r', (now) => head(now).includes(' stage '));
    await view.advance(1_000);
    expect((await view.calls('prod-eu')).map(({ method }) => method)).toContain('dispose');
  });

  test.each([
    [':ctx nowhere', 'no context of that name; contexts: broken prod-eu stage'],
    [':ctx', 'contexts: broken prod-eu stage'],
    [':layout nosuch', 'no layout of that name; layouts:'],
    [':layout', 'layouts:'],
    [':svc nosuch', 'no service of that name'],
    [':nosuch', 'no command nosuch'],
    [':leases now', 'leases stands alone'],
    [':q now', 'q stands alone'],
  ])('%s changes nothing and says why', async (line, why) => {
    await using view = await open(prodEu(), { columns: 120 });
    await press(view, `${line}\r`, (now) => message(now).startsWith(why));
    expect(view.terminal.text()).toContain('services (19)');
  });
});

describe('the line behind :', () => {
  test('completes words, contexts, services and layouts', async () => {
    await using view = await open(prodEu(), { columns: 120 });
    const line = (now: ViewTerminal): string => message(now);
    for (const [typed, whole] of [
      ['do', 'doctor'],
      ['ctx b', 'ctx broken'],
      ['svc legacy', 'svc legacy-batch'],
      ['layout kra', 'layout kratos'],
    ] as const) {
      await press(view, ':', (now) => line(now) === ':');
      // What Tab would add is seen before it is pressed.
      await press(view, typed, (now) => line(now) === `:${whole}`);
      await press(view, '\tZ', (now) => line(now) === `:${whole}Z`);
      await press(view, keys.escape, (now) => !line(now).startsWith(':'));
    }
    await press(view, ':', (now) => line(now) === ':');
    await press(view, 'nosuch\tZ', (now) => line(now) === ':nosuchZ');
    await press(view, `${keys.backspace.repeat(7)}x`, (now) => line(now) === ':x');
    await press(view, keys.escape, (now) => !line(now).startsWith(':'));
    await press(view, ':\r', (now) => !line(now).startsWith(':'));
  });

  test.each([
    [':leases', /^ leases/m],
    [':events', /^ events/m],
    [':doctor', /^ doctor/m],
    [':services', /^ services \(/m],
    [':svc', /^ services \(/m],
    [':svc cart', /^ services › cart/m],
    [':help', /▌help/],
    ['  :doctor  ', /^ doctor/m],
  ])('%s', async (line, there) => {
    await using view = await open(prodEu());
    await press(view, '4', /^ doctor/m);
    await press(view, '3', /^ events/m);
    await press(view, `${line.trim()}\r`, there);
  });

  test(':layout reads the same registry in another way', async () => {
    await using view = await open(prodEu());
    for (const layout of ['go-zero', 'auto']) {
      await press(view, `:layout ${layout}`, (now) => message(now).startsWith(`:layout ${layout}`));
      await press(view, keys.enter, (now) => !message(now).startsWith(':'));
      await view.advance(1_000);
      await view.terminal.until(/^ sdctl {2}prod-eu PROTECTED.*LIVE/, WITHIN_MS);
    }
    expect(view.terminal.text()).toContain('services (19)');
  });
});

test('a service that is named on the command line is where it begins', async () => {
  await using view = await open(prodEu(), { args: ['top', 'checkout'] });
  await view.advance(200);
  expect(view.terminal.text()).toMatch(/^ services › checkout/m);
  expect(view.terminal.text()).toContain('i-7f3a');
  view.terminal.press('q');
  expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
});

test('a pattern and a selector on the command line are filters', async () => {
  await using pattern = await open(prodEu(), { args: ['watch', '-i', 'p*'] });
  await pattern.advance(200);
  expect(pattern.terminal.text()).toContain('(3 shown of 19)');
  await using selector = await open(prodEu(), { args: ['top', '-l', 'version=1.8.2'] });
  await selector.advance(200);
  expect(selector.terminal.text()).toContain('(2 shown of 19)');
});

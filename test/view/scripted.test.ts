/** The scripted registry and its clock, seen through the commands that print. */
import { describe, expect, test } from 'vitest';
import { instanceKey } from '../../src/lib/model/instance.js';
import { consulFixture } from '../support/view/fixtures/consul.js';
import {
  brokenFixture,
  deniedFixture,
  hostileFixture,
  largeFixture,
  refused,
  wideFixture,
} from '../support/view/fixtures/others.js';
import { prodEu, prodEuBefore, prodEuStory, storyStartMs } from '../support/view/fixtures/prod-eu.js';
import type { Fixture } from '../support/view/fixture.js';
import { ScriptedView } from '../support/view/scripted-view.js';

const WITHIN_MS = 15_000;
const wide = { columns: 160, rows: 45 };

test('the fixtures are what they say', () => {
  const count = ({ instances }: Fixture): readonly number[] => [
    new Set(instances.map(({ service }) => service)).size,
    instances.length,
    new Set(instances.map(instanceKey)).size,
  ];
  expect(count(prodEu())).toEqual([19, 93, 93]);
  expect(count(prodEuBefore())).toEqual([19, 92, 92]);
  expect(count(largeFixture())).toEqual([500, 10_000, 10_000]);
  expect(largeFixture()).toEqual(largeFixture());
  expect(count(consulFixture())).toEqual([3, 5, 5]);
  for (const { instances } of [hostileFixture(), wideFixture()])
    expect(new Set(instances.map(instanceKey)).size).toBe(instances.length);
});

describe('a scripted registry', () => {
  test('lists the fixture with the leases of that moment', async () => {
    await using view = await ScriptedView.open(prodEu(), { args: ['list', 'checkout'], ...wide });
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
    expect(view.terminal.text()).toMatch(/i-91c2 .* 3s\b/);
    expect(view.terminal.text()).toMatch(/i-02bd .* 29s\b/);
  });

  test('tells changes and outages by its own clock', async () => {
    await using view = await ScriptedView.open(prodEuBefore(), {
      args: ['watch', 'checkout'],
      startMs: storyStartMs,
      ...wide,
    });
    await view.terminal.until('synced', WITHIN_MS);
    await view.tell(prodEuStory);
    const lines = view.terminal.text().split('\n');
    expect(lines.filter((line) => line.includes('i-7f3a')).length).toBe(3);
    await view.terminal.until(/10:38:12.*stale/s, WITHIN_MS);
    await view.terminal.until(/10:41:59.*left.*i-55e0/, WITHIN_MS);
    expect(await view.nowMs()).toBe(Date.parse('2026-03-02T10:42:11.300Z'));
    view.terminal.press('\x03');
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 130, signal: null });
  });

  test('finds out after an outage what it missed', async () => {
    await using view = await ScriptedView.open(prodEu(), { args: ['watch', 'cart', '-o', 'tsv'], ...wide });
    await view.terminal.until('synced', WITHIN_MS);
    await view.fail('watch', refused);
    await view.emit({ type: 'left', service: 'cart', id: 'i-late' });
    await view.advance(2_500);
    await view.terminal.until('stale', WITHIN_MS);
    expect(view.terminal.text()).not.toContain('left');
    await view.recover('watch');
    await view.advance(1_000);
    await view.terminal.until(/left.*i-late/, WITHIN_MS);
  });

  test('refuses, with a failure that the program knows', async () => {
    await using view = await ScriptedView.open(deniedFixture(), { args: ['watch'], ...wide });
    expect((await view.terminal.exit(WITHIN_MS)).code).toBe(5);
    expect(view.terminal.text()).toContain('user viewer may not read');
  });

  test('has a registry for each context', async () => {
    await using view = await ScriptedView.open(prodEu(), {
      args: ['watch', '--context', 'broken'],
      contexts: { broken: brokenFixture() },
      ...wide,
    });
    expect((await view.terminal.exit(WITHIN_MS)).code).toBe(4);
    expect(view.terminal.text()).toContain('ECONNREFUSED');
  });

  test('hangs until it is told to go on, and knows what was called', async () => {
    const fixture = prodEu({ faults: { lookUp: { hang: true } } });
    await using view = await ScriptedView.open(fixture, { args: ['list', 'geo'], ...wide });
    await expect.poll(async () => (await view.calls()).map(({ method }) => method)).toContain('lookUp');
    expect(view.terminal.running).toBe(true);
    await view.recover();
    expect(await view.terminal.exit(WITHIN_MS)).toEqual({ code: 0, signal: null });
    expect(view.terminal.text()).toContain('i-3');
  });
});

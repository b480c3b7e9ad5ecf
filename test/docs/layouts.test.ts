import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { layoutTables, withTables } from '../../scripts/layout-table.mjs';
import { consulLayouts } from '../../src/lib/layouts/consul/index.js';
import { etcdLayouts } from '../../src/lib/layouts/etcd/index.js';
import { fixturesOf } from '../support/layout-fixtures.js';
import { readers } from '../support/readers/index.js';

it('the tables of the README are those of the layouts', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  expect(await withTables(readme)).toBe(readme);
  const tables = await layoutTables();
  for (const { name } of [...etcdLayouts, ...consulLayouts]) expect(tables).toContain(`\`${name}\``);
});

it('every layout has the tests that its table claims', () => {
  const withEntries = new Set([...fixturesOf('etcd'), ...fixturesOf('consul')].map(({ layout }) => layout));
  for (const { name, writer } of etcdLayouts) {
    if (name === 'sdctl') continue; // the contract of the backends is its test
    expect([name, withEntries.has(name)]).toEqual([name, true]);
    expect([name, name in readers]).toEqual([name, writer !== undefined]);
  }
  for (const { name } of consulLayouts)
    if (name !== 'sdctl') expect([name, withEntries.has(name)]).toEqual([name, true]);
});

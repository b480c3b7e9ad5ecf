/** Entries as frameworks write them, and what an instance of each has to look like in a document. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';

export interface FixtureEntry {
  readonly key: string;
  readonly value: string;
  readonly encoding?: 'base64';
  /** 0: without lease; null: the application chooses. */
  readonly ttlSeconds: number | null;
  readonly leaseId?: string;
  readonly expect: Readonly<Record<string, unknown>>;
}

export interface Fixture extends FixtureEntry {
  readonly layout: string;
  readonly backend: 'etcd' | 'consul';
}

interface FixtureFile {
  readonly backend: 'etcd' | 'consul';
  readonly layout: string;
  readonly entries: readonly FixtureEntry[];
}

const folder = new URL('../fixtures/layouts/', import.meta.url);

/** All fixtures of a backend. */
export function fixturesOf(backend: Fixture['backend']): readonly Fixture[] {
  return readdirSync(folder)
    .sort()
    .map((file) => JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as FixtureFile)
    .filter((file) => file.backend === backend)
    .flatMap(({ layout, entries }) => entries.map((entry) => ({ ...entry, layout, backend })));
}

export function fixtureBytes({ value, encoding }: FixtureEntry): Buffer {
  return Buffer.from(value, encoding ?? 'utf8');
}

export type Json = Readonly<Record<string, unknown>>;

/** What is absent in an expectation is null or empty in the item. */
const OPTIONAL = [
  'protocol',
  'version',
  'weight',
  'effectiveWeight',
  'namespace',
  'warnings',
  'readOnly',
  'owner',
  'alloc',
  'kind',
  'external',
  'tags',
  'checks',
  'node',
];

/** An item of a document against an expectation in the words of the frameworks. */
export function expectItem(item: Json, fixture: Fixture, hasLease: boolean): void {
  const { status, checks, endpoints, ...rest } = fixture.expect;
  expect(item['layout']).toBe(fixture.layout);
  expect(item['health']).toBe(status ?? (hasLease ? 'passing' : 'unknown'));
  for (const [name, value] of Object.entries(rest)) expect([name, item[name]]).toEqual([name, value]);
  for (const name of OPTIONAL.filter((one) => !(one in fixture.expect) && one !== 'checks'))
    expect([name, isNothing(item[name])]).toEqual([name, true]);
  const types = (item['checks'] as readonly Json[]).map((check) => check['type']).sort();
  expect(types).toEqual([...((checks as readonly string[] | undefined) ?? [])].sort());
  const found = item['endpoints'] as readonly Json[];
  expect(found[0]).toMatchObject({ address: item['address'], port: item['port'] });
  if (endpoints !== undefined)
    expect(asSet(found.map(withoutNull))).toEqual(asSet((endpoints as readonly Json[]).map(withoutNull)));
}

/** A skipped key against an expectation. */
export function expectSkipped(skipped: readonly Json[], fixture: Fixture): void {
  const { skip: _skip, ...rest } = fixture.expect;
  const item = skipped.find((one) => one['key'] === fixture.key);
  expect(item).toMatchObject({ ...rest, layout: fixture.layout });
}

function withoutNull(value: Json): Json {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== null));
}

function asSet(values: readonly Json[]): readonly string[] {
  return values.map((value) => JSON.stringify(Object.entries(value).sort())).sort();
}

function isNothing(value: unknown): boolean {
  if (value === null || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

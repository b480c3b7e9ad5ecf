/** Whoever follows CONTRIBUTING.md or docs/architecture.md finds the files they name. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot, readDocument } from '../support/docs/blocks.js';

const documents = ['CONTRIBUTING.md', 'docs/architecture.md', 'README.md'];

/** Code spans that are paths of the project: they begin with one of its folders, or are one of its files. */
function pathsIn(text: string): readonly string[] {
  const spans = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '');
  const isPath = (span: string): boolean =>
    /^(?:src|test|scripts|docs|schemas|bench|bin|\.ci)\/[\w./-]*$/.test(span) ||
    /^\w[\w.-]*\.(?:md|json|js|ts)$/.test(span);
  return [...new Set(spans.filter(isPath))];
}

/** A folder is written with a trailing separator. */
function isThere(name: string): boolean {
  const file = path.join(projectRoot, name);
  return existsSync(file) && statSync(file).isDirectory() === name.endsWith('/');
}

function scripts(): readonly string[] {
  const { scripts: all } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  return Object.keys(all);
}

describe.each(documents)('%s', (document) => {
  const text = readDocument(document);

  it('names files and folders that exist', () => {
    expect(pathsIn(text).filter((name) => !isThere(name))).toEqual([]);
  });

  it('names scripts that package.json has', () => {
    const named = [...text.matchAll(/`npm run ([\w:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !scripts().includes(name))).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
    const folder = path.dirname(path.join(projectRoot, document));
    expect(links.filter((link) => !existsSync(path.join(folder, link)))).toEqual([]);
  });
});

/** The layers as the linter knows them, highest first; without names that no file has. */
function heldLayers(): readonly (readonly string[])[] {
  const source = readDocument('scripts/lint/architecture.mjs');
  const list = /^(?:export )?const layers = \[$([\s\S]*?)^\];$/m.exec(source)?.[1] ?? '';
  const isUsed = (name: string): boolean =>
    ['src', 'src/lib'].some((folder) => existsSync(path.join(projectRoot, folder, name)));
  return [...list.matchAll(/^ {2}\[(.*)\],$/gm)].map((row) =>
    [...(row[1] ?? '').matchAll(/'([^']+)'/g)]
      .map((match) => match[1] ?? '')
      .filter(isUsed)
      .sort(),
  );
}

it('the architecture page shows the layers that the linter holds', () => {
  const text = readDocument('docs/architecture.md');
  const table = text.slice(text.indexOf('| Layer')).split('\n\n', 1)[0] ?? '';
  const rows = table.split('\n').slice(2);
  const shown = rows.map((row) =>
    [...row.matchAll(/`src\/(?:lib\/)?([\w.]+)\/?`/g)].map((match) => match[1] ?? '').sort(),
  );
  expect(shown.length).toBeGreaterThan(5);
  expect(shown).toEqual(heldLayers());
});

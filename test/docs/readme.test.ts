/** Every fenced block of the documentation is run or checked; a kind of block that is not known here fails. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/lib/errors.js';
import { eventFields } from '../../src/lib/render/event-lines.js';
import { type Block, blocksOf, projectRoot, readDocument } from '../support/docs/blocks.js';
import { checkJson, checkYaml } from '../support/docs/data.js';
import { type Places, startPlaces } from '../support/docs/places.js';
import { makeSandbox, type Sandbox } from '../support/docs/sandbox.js';
import { Session } from '../support/docs/session.js';
import { runShell } from '../support/docs/shell.js';
import { runTypeScript } from '../support/docs/typescript.js';
import { keepNamedFile, runStepOf, workflowSteps } from '../support/docs/workflow.js';

const markdownIn = (folder: string): readonly string[] =>
  existsSync(path.join(projectRoot, folder))
    ? readdirSync(path.join(projectRoot, folder))
        .filter((name) => name.endsWith('.md'))
        .map((name) => path.posix.join(folder, name))
    : [];

/** README first: its blocks build on each other. */
const files = [
  'README.md',
  ...markdownIn('.').filter((name) => name !== 'README.md'),
  ...markdownIn('docs'),
  ...markdownIn('docs/adr'),
];
const blocks = files.flatMap(blocksOf);

let sandbox: Sandbox;
let places: Places;
let session: Session | undefined;

beforeAll(async () => {
  sandbox = makeSandbox();
  places = await startPlaces(sandbox.home);
  session = new Session(sandbox, places);
});

afterAll(async () => {
  // Absent when the servers did not start.
  session?.kill();
  if (session !== undefined) await places.stop();
});

async function shell(script: string): Promise<string> {
  const { code, output } = await runShell(sandbox, places.toReal(script));
  expect(code, places.toDocument(output)).toBe(0);
  return output;
}

async function yaml(block: Block): Promise<void> {
  const toReal = (text: string): string => places.toReal(text);
  keepNamedFile(sandbox, block, toReal);
  if (checkYaml(block) !== 'workflow') return;
  for (const step of workflowSteps(block.text)) {
    const { code, output } = await runStepOf(sandbox, step, toReal);
    expect(code, places.toDocument(output)).toBe(0);
  }
}

async function check(block: Block): Promise<void> {
  switch (block.kind) {
    case 'sh':
      await shell(block.text);
      return;
    case 'console':
      await session?.run(block);
      return;
    case 'ts':
      await runTypeScript(sandbox, `line-${block.line}`, block.text);
      return;
    case 'json':
      checkJson(block);
      return;
    case 'yaml':
      await yaml(block);
      return;
    default:
      throw new Error(`the documentation test does not know blocks of the kind "${block.kind}"`);
  }
}

const nameOf = (block: Block): string => `${block.file}:${block.line} ${block.kind}`;
const isRecipe = (block: Block): boolean => block.file === 'README.md' && block.heading === 'List and narrow';

describe('the blocks of the documentation', () => {
  it('are there', () => {
    expect(blocks.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(20);
  });

  for (const [index, block] of blocks.entries()) {
    const next = blocks[index + 1];
    it(nameOf(block), { timeout: 60_000 }, async () => {
      if (isRecipe(block)) await places.seed();
      await check(block);
      // The terminals of a section stay open until its last block.
      if (next?.heading !== block.heading || next.file !== block.file) await session?.close();
    });
  }
});

describe('what README.md says of the program', () => {
  /** Cells of tables are padded; a run of blanks counts as one. */
  const readme = readDocument('README.md').replace(/ +/g, ' ');

  it('names the two commands of a fresh clone, each in a block of its own', () => {
    const texts = blocksOf('README.md').map(({ text }) => text);
    expect(texts).toContain('npm ci && npm start\n');
    expect(texts).toContain('npm ci && npm test\n');
  });

  it.each([
    ['list', 'list'],
    ['list order', 'list SERVICE'],
    ['context list', 'context list'],
    ['config view', 'config view'],
  ])('lists the tsv columns of %s', async (command, documented) => {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${documented}\``)) ?? '';
    const output = await shell(`sdctl ${command} -o tsv --headers | head -1`);
    expect(row).toContain(output.trim().replaceAll('\t', ' '));
  });

  it('lists the tsv columns of watch', () => {
    expect(readme).toContain(`| \`watch\` | ${eventFields.map(({ key }) => key).join(' ')} |`);
  });

  it('lists every exit code that an error can have', () => {
    const documented = new Set([...readme.matchAll(/^\| (\d+) \|/gm)].map((match) => Number(match[1])));
    // 130 is a signal's; 10 and 11 belong to no error.
    const missing = Object.values(exitCodes).filter((code) => code < 128 && !documented.has(code));
    expect(missing).toEqual([]);
  });

  it('lists every variable that sdctl reads as its own', async () => {
    const output = await shell(
      `grep -rhoE "SDCTL_[A-Z_]+" ${projectRoot}/src ${projectRoot}/scripts ${projectRoot}/test | sort -u`,
    );
    const known = new Set(
      output
        .trim()
        .split('\n')
        .flatMap((name) => [name, `${name}_FILE`]),
    );
    const documented = new Set(readme.match(/SDCTL_[A-Z_]+/g));
    expect([...documented].filter((name) => !known.has(name))).toEqual([]);
    const read = await shell(`grep -rhoE "'SDCTL_[A-Z_]+'" ${projectRoot}/src | tr -d "'" | sort -u`);
    expect(
      read
        .trim()
        .split('\n')
        .filter((name) => !documented.has(name)),
    ).toEqual([]);
  });

  it('links to files that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1] ?? '');
    expect(links.filter((link) => !existsSync(path.join(projectRoot, link)))).toEqual([]);
  });
});

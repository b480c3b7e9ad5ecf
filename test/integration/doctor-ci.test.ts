/** The pipeline of docs/ci.md as it is documented: its files, its shell steps and its workflow, from day one on. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import type { TestCase, TestSuites } from 'junit2json';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blocksOf } from '../support/docs/blocks.js';
import { makeSandbox, type Sandbox } from '../support/docs/sandbox.js';
import { runShell, type ShellResult } from '../support/docs/shell.js';
import { keepNamedFile, runStepOf, stepSummary, workflowSteps } from '../support/docs/workflow.js';
import { type Etcd, startEtcd } from '../support/servers/index.js';

const blocks = blocksOf('docs/ci.md');
const textUnder = (heading: string, kind: string): string =>
  blocks.find((block) => block.heading === heading && block.kind === kind)?.text ?? '';
const dayOne = textUnder('Day one', 'sh');
const step = textUnder('A step of any pipeline', 'sh');
const [workflowStep, ...moreSteps] = workflowSteps(textUnder('GitHub', 'yaml'));

let etcd: Etcd;
let sandbox: Sandbox;
const toReal = (text: string): string => text.replaceAll('http://127.0.0.1:2379', etcd.url);
const inWork = (name: string): string => path.join(sandbox.home, 'work', name);
const read = (name: string): string => readFileSync(inWork(name), 'utf8');

const put = async (service: string, id: string, endpoint: string): Promise<void> =>
  etcd.put(
    `/services/${service}/${id}`,
    JSON.stringify({ sdctl: 1, service, id, endpoints: [endpoint], health: 'passing' }),
  );

/** Years of it: nothing has a lease, two on one address, one at home, one that nobody can read. */
async function makeMess(): Promise<void> {
  await etcd.del('/services/', { prefix: true });
  await put('order', 'i-1', 'http://10.0.4.11:8080');
  await put('order', 'i-2', 'http://10.0.4.11:8080');
  await put('geo', 'i-3', 'http://127.0.0.1:8080');
  await put('legacy-batch', 'i-4', 'http://10.0.4.14:8080');
  await etcd.put('/services/order/broken', 'neither JSON nor an address');
}

beforeAll(async () => {
  etcd = await startEtcd({ version: '3.5' });
  sandbox = makeSandbox();
});

afterAll(async () => {
  await etcd.stop();
});

beforeEach(async () => {
  rmSync(inWork('.'), { recursive: true });
  rmSync(path.join(sandbox.home, 'step-summary.md'), { force: true });
  mkdirSync(inWork('.'));
  for (const block of blocks) if (block.kind === 'yaml') keepNamedFile(sandbox, block, toReal);
  await makeMess();
});

const shell = async (script: string): Promise<ShellResult> => runShell(sandbox, toReal(script));

async function workflow(): Promise<ShellResult> {
  if (workflowStep === undefined) throw new Error('docs/ci.md has no step that runs');
  return runStepOf(sandbox, workflowStep, toReal);
}

/** Today's findings are accepted. */
async function adopt(): Promise<void> {
  const { code, output } = await shell(dayOne);
  expect(code, output).toBe(0);
}

interface Finding {
  readonly rule: string;
  readonly subject: { readonly service: string | null; readonly instance: string | null };
  readonly suppression: { readonly by: string } | null;
}

function findingsIn(file: string): readonly Finding[] {
  return (JSON.parse(read(file)) as { readonly findings: readonly Finding[] }).findings;
}

async function casesIn(file: string): Promise<readonly TestCase[]> {
  const { parse } = await import('junit2json');
  const { testsuite = [] } = (await parse(read(file))) as TestSuites;
  return testsuite.flatMap(({ testcase }) => testcase ?? []);
}

interface SarifResult {
  readonly ruleId: string;
  readonly suppressions: readonly unknown[];
  readonly locations: readonly { readonly physicalLocation: unknown }[];
}

/** Results of a file that is as the standard says. */
function sarifIn(file: string): readonly SarifResult[] {
  const schema = new URL('../support/sarif/sarif-schema-2.1.0.json', import.meta.url);
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
  const log = JSON.parse(read(file)) as { readonly runs: readonly [{ readonly results: SarifResult[] }] };
  expect(validate(log), ajv.errorsText(validate.errors)).toBe(true);
  return log.runs[0].results;
}

const isOpen = ({ suppressions }: SarifResult): boolean => suppressions.length === 0;

it('the document has what is run here', () => {
  expect(dayOne).toContain('--update-baseline');
  expect(step).toContain('sdctl doctor');
  expect(workflowStep?.script).toContain('-o github');
  expect(moreSteps).toEqual([]);
  expect(existsSync(inWork('registry/sdctl.yaml'))).toBe(true);
  expect(existsSync(inWork('registry/services.yaml'))).toBe(true);
});

describe('day one', () => {
  it('adopts all that is wrong, and the pipeline passes', async () => {
    const without = await shell(step);
    expect(without.code, without.output).toBe(2);
    expect(without.output).toContain(
      'Try: sdctl doctor --baseline registry/doctor.baseline --update-baseline',
    );
    const before = await shell(step.replace('--baseline registry/doctor.baseline', ''));
    expect(before.code, before.output).toBe(10);
    expect(before.output).toContain('the registry has new faults');
    await adopt();
    const lines = read('registry/doctor.baseline').trimEnd().split('\n').slice(2);
    expect(lines.length).toBeGreaterThan(3);
    expect(lines).toEqual([...lines].sort());
    for (const line of lines) expect(line).toMatch(/^[0-9a-f]{16}\tSD\d{3}\t\d{4}-\d\d-\d\d\t\S/);
    const after = await shell(step);
    expect(after.code, after.output).toBe(0);
    expect(after.output).toContain(` ${lines.length} in the baseline `);
    expect((await workflow()).code).toBe(0);
  });

  it('takes nothing in that a suppression accepts, which ends by itself', async () => {
    await adopt();
    expect(read('registry/doctor.baseline')).not.toContain('legacy-batch');
    await shell(step);
    const legacy = findingsIn('doctor.json').filter(({ subject }) => subject.service === 'legacy-batch');
    expect(legacy.find(({ rule }) => rule === 'SD101')?.suppression).toMatchObject({ by: 'config' });
  });

  it('twice changes nothing', async () => {
    await adopt();
    const first = read('registry/doctor.baseline');
    await adopt();
    expect(read('registry/doctor.baseline')).toBe(first);
  });
});

describe('the shell step', () => {
  it('fails at a new fault, and says which one in every report', async () => {
    await adopt();
    await put('order', 'i-9', 'http://127.0.0.1:9090');
    const { code, output } = await shell(step);
    expect(code, output).toBe(10);
    expect(output).toContain('the registry has new faults');
    expect(output).toMatch(/Exit 10 because of --fail-on warning\.\n/);
    const open = findingsIn('doctor.json').filter(({ suppression }) => suppression === null);
    expect(new Set(open.map(({ subject }) => `${subject.service}/${subject.instance}`))).toEqual(
      new Set(['order/i-9']),
    );
    const failed = (await casesIn('doctor.xml')).filter(({ failure }) => failure !== undefined);
    expect(failed).toHaveLength(open.length);
    for (const { name } of failed) expect(name).toContain('order/i-9');
  });

  it('reports what has disappeared, until the baseline is written anew', async () => {
    await adopt();
    await etcd.del('/services/geo/i-3');
    const { code, output } = await shell(step);
    expect(code, output).toBe(0);
    expect(output).toMatch(/Not found any more\n(.*\n)?.* SD203 {2}geo\/i-3 since \d{4}-\d\d-\d\d\n/);
    const { gone } = JSON.parse(read('doctor.json')) as { readonly gone: readonly { rule: string }[] };
    expect(gone.map(({ rule }) => rule)).toEqual(['SD101', 'SD203']);
    await adopt();
    expect(read('registry/doctor.baseline')).not.toContain('geo/i-3');
    expect((await shell(step)).output).not.toContain('Not found any more');
  });

  it('says that doctor could not run, and why', async () => {
    await adopt();
    writeFileSync(inWork('registry/services.yaml'), 'services: {order: {mni: 2}}\n');
    const wrong = await shell(step);
    expect(wrong.code, wrong.output).toBe(2);
    expect(wrong.output).toContain('registry/services.yaml line 1: unknown key "mni" in order');
    expect(wrong.output).toContain('doctor could not run');
    writeFileSync(inWork('registry/services.yaml'), 'services: {order: {}}\n');
    const config = read('registry/sdctl.yaml').replace(etcd.url, 'http://127.0.0.1:1');
    writeFileSync(inWork('registry/sdctl.yaml'), config);
    rmSync(inWork('doctor.xml'), { force: true });
    const dead = await shell(step);
    expect(dead.code, dead.output).toBe(4);
    expect(dead.output).toContain('doctor could not run');
    expect(existsSync(inWork('doctor.xml'))).toBe(false);
  });

  it('fails at a suppression whose last day is over', async () => {
    const config = read('registry/sdctl.yaml');
    await adopt();
    expect((await shell(step)).code).toBe(0);
    writeFileSync(inWork('registry/sdctl.yaml'), config.replace(/until: \S+/, 'until: 2020-01-31'));
    const { code, output } = await shell(step);
    expect(code, output).toBe(10);
    expect(output).toContain('SD901');
    const open = findingsIn('doctor.json').filter(({ suppression }) => suppression === null);
    expect(open.map(({ rule }) => rule).sort()).toEqual(['SD101', 'SD901']);
    const lenient = await shell(step.replace('--fail-on warning', '--fail-on error'));
    expect(lenient.code, lenient.output).toBe(0);
  });

  it('compares with the inventory', async () => {
    await adopt();
    const inventory = 'services:\n  order: { min: 2 }\n  geo: { min: 4 }\n';
    writeFileSync(inWork('registry/services.yaml'), inventory);
    const { code, output } = await shell(step);
    expect(code, output).toBe(10);
    const open = findingsIn('doctor.json').filter(({ suppression }) => suppression === null);
    expect(open.map(({ rule, subject }) => [rule, subject.service])).toEqual([['SD309', 'geo']]);
  });
});

describe('the workflow', () => {
  it('annotates the inventory, fills the summary and writes both reports', async () => {
    await adopt();
    await put('order', 'i-9', 'http://127.0.0.1:9090');
    const { code, output } = await workflow();
    expect(code, output).toBe(10);
    const line =
      read('registry/services.yaml')
        .split('\n')
        .findIndex((text) => text.includes('order:')) + 1;
    expect(output).toMatch(
      new RegExp(`^::error file=registry/services.yaml,line=${line},col=3,endColumn=8,title=SD203 `, 'm'),
    );
    for (const printed of output.trimEnd().split('\n')) expect(printed).toMatch(/^::(error|warning|notice) /);
    const summary = stepSummary(sandbox);
    expect(summary).toMatch(/^### sdctl doctor failed: `prod` \(etcd\)\n/);
    expect(summary).toMatch(/^\| error \| SD203 unroutable-address \| `order\/i-9` \|/m);
    expect(summary).toContain('#### Suppressed');
    const open = sarifIn('doctor.sarif').filter(isOpen);
    expect(open.map(({ ruleId }) => ruleId)).toContain('SD203');
    expect(open[0]?.locations[0]?.physicalLocation).toMatchObject({
      artifactLocation: { uri: 'registry/services.yaml' },
      region: { startLine: line, startColumn: 3, endColumn: 8 },
    });
    const cases = await casesIn('doctor.xml');
    expect(cases.some(({ failure }) => failure !== undefined)).toBe(true);
    expect(cases.some(({ skipped }) => skipped !== undefined)).toBe(true);
  });

  it('passes with a summary of what is accepted, and remembers nothing', async () => {
    rmSync(path.join(sandbox.home, '.local'), { recursive: true, force: true });
    const env = { ...sandbox.env, CI: 'true' };
    await runShell({ ...sandbox, env }, toReal(dayOne));
    const { code, output } = await workflow();
    expect(code, output).toBe(0);
    expect(output).toBe('');
    expect(stepSummary(sandbox)).toMatch(/^### sdctl doctor passed: /);
    expect(sarifIn('doctor.sarif').every((result) => !isOpen(result))).toBe(true);
    expect(existsSync(path.join(sandbox.home, '.local/state/sdctl/doctor'))).toBe(false);
  });

  it('adds to the summary of an earlier step, and finds the checkout from a folder in it', async () => {
    await adopt();
    await workflow();
    const earlier = stepSummary(sandbox);
    await put('order', 'i-9', 'http://127.0.0.1:9090');
    if (workflowStep === undefined) throw new Error('docs/ci.md has no step that runs');
    const script = `cd registry\n${workflowStep.script.replaceAll('registry/', '')}`;
    const env = { ...workflowStep.env, SDCTL_CONFIG: 'sdctl.yaml' };
    const { output } = await runStepOf(sandbox, { script, env }, toReal);
    expect(output).toContain('::error file=registry/services.yaml,line=');
    expect(stepSummary(sandbox).startsWith(earlier)).toBe(true);
    expect(stepSummary(sandbox).match(/^### sdctl doctor/gm)).toHaveLength(2);
  });
});

/** A documented GitHub workflow: its `run:` steps, and running them as a runner does. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Block } from './blocks.js';
import type { Sandbox } from './sandbox.js';
import { runShell, type ShellResult } from './shell.js';

type Variables = Readonly<Record<string, string>>;

export interface WorkflowStep {
  readonly script: string;
  /** Of the workflow, its job and itself. */
  readonly env: Variables;
}

interface Scope {
  readonly env?: Variables;
}

interface Step extends Scope {
  readonly run?: string;
  readonly uses?: string;
}

interface Job extends Scope {
  readonly 'runs-on'?: unknown;
  readonly steps?: readonly Step[];
}

interface Workflow extends Scope {
  readonly on?: unknown;
  readonly jobs?: Readonly<Record<string, Job>>;
}

/** @throws {Error} for what no runner takes, and for an expression in a step, whose value nobody knows here */
export function workflowSteps(text: string): readonly WorkflowStep[] {
  const workflow = parse(text) as Workflow;
  if (workflow.on === undefined) throw new Error('the workflow says nowhere when it runs');
  return Object.entries(workflow.jobs ?? {}).flatMap(([name, job]) => {
    if (job['runs-on'] === undefined) throw new Error(`the job ${name} says nowhere what it runs on`);
    const { steps = [] } = job;
    if (steps.length === 0) throw new Error(`the job ${name} has no steps`);
    return steps.flatMap((step) => runStep(step, { ...workflow.env, ...job.env }));
  });
}

function runStep({ run, uses, env }: Step, around: Variables): readonly WorkflowStep[] {
  if ((run === undefined) === (uses === undefined)) throw new Error('a step either runs or uses');
  if (uses !== undefined) {
    if (/^[\w-]+\/[\w/-]+@v?\d/.test(uses)) return [];
    throw new Error(`${uses} is no action with a version`);
  }
  const step = { script: run ?? '', env: { ...around, ...env } };
  if (JSON.stringify(step).includes('${{')) throw new Error(`an expression cannot be run: ${step.script}`);
  return [step];
}

/** What a runner sets for a step. The summary of all steps goes into one file here. */
function runnerEnv(checkout: string): Variables {
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_WORKSPACE: checkout,
    GITHUB_STEP_SUMMARY: summaryFile(checkout),
  };
}

const summaryFile = (checkout: string): string => path.join(path.dirname(checkout), 'step-summary.md');

/** What the steps wrote into their summary so far. */
export function stepSummary(sandbox: Sandbox): string {
  return readFileSync(summaryFile(path.join(sandbox.home, 'work')), 'utf8');
}

/** Runs one step in the folder of the sandbox. @param toReal puts the addresses of this run into its script */
export async function runStepOf(
  sandbox: Sandbox,
  { script, env }: WorkflowStep,
  toReal: (text: string) => string,
): Promise<ShellResult> {
  const around = runnerEnv(path.join(sandbox.home, 'work'));
  return runShell({ ...sandbox, env: { ...sandbox.env, ...around, ...env } }, toReal(script));
}

/** Writes a block that begins with the comment `# path/of/a.yaml` into that file; others are not kept. */
export function keepNamedFile(sandbox: Sandbox, { text }: Block, toReal: (text: string) => string): void {
  const name = /^# ([\w./-]+\.ya?ml)\n/.exec(text)?.[1];
  if (name === undefined) return;
  const file = path.join(sandbox.home, 'work', name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, toReal(text));
}

/** Checking and running a `ts` block as a program that has sdctl installed. */
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import type { Sandbox } from './sandbox.js';

const run = promisify(execFile);

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
};

/** One file alone is compiled to an ES module whatever package it lies in. */
const emit: ts.CompilerOptions = {
  ...options,
  module: ts.ModuleKind.ES2022,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
};

/** Problems the compiler finds; the name `sdctl` means the built package. */
function problemsOf(file: string): readonly string[] {
  const program = ts.createProgram([file], { ...options, noEmit: true });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

/** Compiles the block strictly, runs it, answers what it prints. @throws {Error} with what the compiler or the run says */
export async function runTypeScript(sandbox: Sandbox, name: string, source: string): Promise<string> {
  const folder = path.join(sandbox.program.folder, 'documented');
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, `${name}.ts`);
  writeFileSync(file, source);
  const problems = problemsOf(file);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const script = path.join(folder, `${name}.js`);
  writeFileSync(script, ts.transpileModule(source, { compilerOptions: emit }).outputText);
  const { stdout } = await run(process.execPath, [script], { env: sandbox.env, timeout: 20_000 });
  return stdout;
}

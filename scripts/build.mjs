/**
 * Compiles src to dist and writes the manifest from which oclif reads its commands without loading them.
 *
 * The compiler writes beside dist and the result takes its place at the end: a failed build leaves the last good one,
 * and a program that starts meanwhile finds all its files.
 */
import { execFileSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const at = (name) => path.join(root, name);
const staging = at(`.cache/dist-${process.pid}`);
const remove = (name) => rmSync(name, { recursive: true, force: true });

const run = (script, args, stdout, env = process.env) =>
  execFileSync(process.execPath, [at(`node_modules/${script}`), ...args], {
    cwd: root,
    stdio: ['ignore', stdout, 'inherit'],
    env,
  });

try {
  run('typescript/bin/tsc', ['-p', 'tsconfig.build.json', '--outDir', staging], 'inherit');
  remove(at('dist'));
  renameSync(staging, at('dist'));
  remove(at('oclif.manifest.json'));
  // oclif's update check and colours have no place in a build.
  const quiet = { OCLIF_SKIP_UPDATE_CHECK: '1', NO_COLOR: '1', FORCE_COLOR: undefined };
  run('oclif/bin/run.js', ['manifest'], 'ignore', { ...process.env, ...quiet });
} catch (error) {
  // The tool has said what is wrong.
  process.exitCode = error.status || 1;
} finally {
  remove(staging);
}

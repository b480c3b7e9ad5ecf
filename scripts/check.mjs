/** `npm run check`: everything a pipeline runs, in the order of its cost; stops at the first failure. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const steps = ['format:check', 'lint', 'typecheck', 'build', 'knip', 'test', 'pack:check'];

for (const [index, step] of steps.entries()) {
  console.log(`\n==== ${index + 1}/${steps.length} ${step}`);
  const startedMs = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', step], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  if (status !== 0) {
    console.error(`\n==== ${step} failed after ${seconds} s: npm run ${step}`);
    process.exit(1);
  }
  console.log(`---- ${step}: ${seconds} s`);
}
console.log('\n==== all checks passed');

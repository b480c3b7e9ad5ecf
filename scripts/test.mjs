/**
 * `npm test`: builds the program if it is older than its sources, then runs all tests but the long ones and names those.
 *
 * Arguments go to vitest (`npm test -- test/contract -t renewal`). `--long` runs the long ones instead.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { isStale } from './is-stale.mjs';

const root = path.dirname(import.meta.dirname);
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const isLong = process.argv.includes('--long');
const args = process.argv.slice(2).filter((arg) => arg !== '--long');
const long = ['--config', 'vitest.long.config.ts'];

/** `file > group > name` of every long test. */
function longTests() {
  const answer = spawnSync(process.execPath, [vitest, 'list', ...long], { cwd: root, encoding: 'utf8' });
  if (answer.status !== 0) throw new Error(`the long tests cannot be listed: ${answer.stderr}`);
  return answer.stdout.split('\n').filter((line) => line.includes(' > '));
}

/** The counts stand in a file too, so that a pipeline can add them up. */
function runTests() {
  const results = path.join('.cache/test-results', isLong ? 'long.json' : 'all.json');
  const report = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const all = ['run', ...(isLong ? long : []), ...report, ...args];
  return spawnSync(process.execPath, [vitest, ...all], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}

if (isStale()) {
  console.log('Building first: the program is older than its sources.');
  execFileSync(process.execPath, [path.join(root, 'scripts/build.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
}
const { status } = runTests();
process.exitCode = status ?? 1;
if (!isLong) {
  const names = longTests();
  console.log(`\nNot run, because they wait longer than a minute (npm run test:long): ${names.length}`);
  for (const name of names) console.log(`  ${name}`);
}

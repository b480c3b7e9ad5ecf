/**
 * Runs the built program with the machine's clock, whose functions fail from SIGUSR2 on: defects where the program itself
 * calls something. SDCTL_TEST_PROGRAM is the folder of the program, SDCTL_TEST_CRASH says which function is to fail.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const { SDCTL_TEST_PROGRAM, SDCTL_TEST_CRASH } = process.env;
delete process.env.SDCTL_TEST_PROGRAM;
delete process.env.SDCTL_TEST_CRASH;

const require = createRequire(import.meta.url);
const { main } = require(path.join(SDCTL_TEST_PROGRAM, 'dist/lib/chunks/main.cjs'));
let isBroken = false;
process.on('SIGUSR2', () => (isBroken = true));

function fail(name) {
  if (isBroken && SDCTL_TEST_CRASH === name) throw new TypeError('planted defect \x1b[31m of the test');
}

const clock = {
  nowMs() {
    fail('nowMs');
    return Date.now();
  },
  monotonicMs() {
    fail('monotonicMs');
    return performance.now();
  },
  async sleep(ms, signal) {
    fail('sleep');
    if (signal?.aborted === true) return;
    await new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    });
  },
};

await main(pathToFileURL(path.join(SDCTL_TEST_PROGRAM, 'bin/run.js')).href, { clock });

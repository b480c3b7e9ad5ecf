/** What the emulator's cells show is what the servers say, while everything changes and a server goes away. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkTruth } from '../support/view/truth.js';
import { consulTruth, etcdTruth, localTruth } from '../support/view/truth-backends.js';

/** Another one each time, printed, so that what fails can be run again: SDCTL_TEST_SEED. */
const seed = process.env['SDCTL_TEST_SEED'] ?? randomBytes(4).toString('hex');
const SECONDS = 60;

test.each([
  ['etcd 3.5', etcdTruth],
  ['Consul', consulTruth],
  ['the embedded registry', localTruth],
] as const)('the view of %s tells the truth', { timeout: 300_000 }, async (name, open) => {
  console.log(`truth on ${name}, seed ${seed}`);
  await using backend = await open();
  const result = await checkTruth(backend, { seed, seconds: SECONDS });
  console.log(`truth on ${name}: ${JSON.stringify(result)}`);
  expect(result.services).toBeGreaterThan(0);
  expect(result.changes).toBeGreaterThan(100);
});

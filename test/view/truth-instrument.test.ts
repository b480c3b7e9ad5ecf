/** The truth test tells a view that lies from one that does not: tried with a dummy. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { programFolder } from '../support/binary.js';
import { checkTruth, type TruthOptions } from '../support/view/truth.js';
import { localTruth } from '../support/view/truth-backends.js';

const dummy = fileURLToPath(new URL('../support/view/dummy-view.mjs', import.meta.url));

function optionsOf(lie: string): TruthOptions {
  const program = path.join(programFolder(), 'bin', 'run.js');
  return {
    seed: 'instrument',
    seconds: 1,
    args: [program],
    terminal: { command: [process.execPath, dummy], env: { DUMMY_LIE: lie } },
    ...(process.env['DEBUG_TRUTH'] === undefined ? {} : { say: (line: string) => console.log(line) }),
  };
}

test('a view that tells the truth passes', { timeout: 60_000 }, async () => {
  await using backend = await localTruth();
  const result = await checkTruth(backend, optionsOf(''));
  expect(result.services).toBeGreaterThan(0);
  expect(result.changes).toBeGreaterThan(10);
});

test.each([
  ['count', /the overview is not true: svc-\d+ is \d+, shown is \d+/],
  ['endpoint', /svc-\d+ is not true: i-\d+ is http:.*, shown is http:\/\/lie/],
  ['gone', /is not true: .*(is shown and is not there|shown is \d)/],
] as const)('a view that lies about %s does not', { timeout: 60_000 }, async (lie, message) => {
  await using backend = await localTruth();
  await expect(checkTruth(backend, { ...optionsOf(lie), seconds: 40 })).rejects.toThrow(message);
});

/**
 * `node scripts/soak-view.mjs [--backend etcd|consul|local] [--seconds N] [--seed TEXT]`: the truth test of the view for
 * as long as wanted. The seed is printed first; a failure can be run again by it. Build first.
 */
import { randomBytes } from 'node:crypto';
import { register } from 'node:module';
import process from 'node:process';
import { parseArgs } from 'node:util';

register('../bench/hooks/typescript.mjs', import.meta.url);
const { checkTruth } = await import('../test/support/view/truth.ts');
const { consulTruth, etcdTruth, localTruth } = await import('../test/support/view/truth-backends.ts');

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'etcd' },
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
  },
});
const open = { etcd: etcdTruth, consul: consulTruth, local: localTruth }[values.backend];
if (open === undefined) {
  console.error(`no backend ${values.backend}`);
  process.exit(2);
}
const backend = await open();
try {
  const result = await checkTruth(backend, {
    seed: values.seed,
    seconds: Number(values.seconds),
    say: (line) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`),
  });
  console.log(JSON.stringify(result));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  await backend[Symbol.asyncDispose]();
}
process.exit();

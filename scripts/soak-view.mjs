/**
 * `node scripts/soak-view.mjs [--minutes N] [--truth-minutes N] [--backend etcd|consul|local] [--seed TEXT]`: the view
 * for half an hour at 50 changes a second, whose heap may grow by 5 MB, then ten minutes of the truth test. The seed is
 * printed first; a failure can be run again by it. 0 minutes leave a part out. Build first.
 */
import { randomBytes } from 'node:crypto';
import { register } from 'node:module';
import process from 'node:process';
import { parseArgs } from 'node:util';

register('../bench/hooks/typescript.mjs', import.meta.url);
const { soakMemory } = await import('../bench/view/soak.ts');
const { checkTruth } = await import('../test/support/view/truth.ts');
const { consulTruth, etcdTruth, localTruth } = await import('../test/support/view/truth-backends.ts');

const MOST_GROWTH_MB = 5;
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    'truth-minutes': { type: 'string', default: '10' },
    backend: { type: 'string', default: 'etcd' },
    seed: { type: 'string', default: randomBytes(4).toString('hex') },
  },
});
const open = { etcd: etcdTruth, consul: consulTruth, local: localTruth }[values.backend];
if (open === undefined) {
  console.error(`no backend ${values.backend}`);
  process.exit(2);
}
const say = (line) => console.log(`${new Date().toISOString().slice(11, 19)}  ${line}`);

async function memory(minutes) {
  const result = await soakMemory(minutes, say);
  say(`the heap grew by ${result.growthMegabytes.toFixed(2)} MB (limit ${MOST_GROWTH_MB} MB)`);
  console.log(JSON.stringify(result));
  if (result.growthMegabytes >= MOST_GROWTH_MB) process.exitCode = 1;
}

async function truth(minutes) {
  say(`truth on ${values.backend}, seed ${values.seed}`);
  const backend = await open();
  try {
    console.log(JSON.stringify(await checkTruth(backend, { seed: values.seed, seconds: minutes * 60, say })));
  } finally {
    await backend[Symbol.asyncDispose]();
  }
}

const [minutes, truthMinutes] = [Number(values.minutes), Number(values['truth-minutes'])];
if (!(minutes >= 0 && truthMinutes >= 0)) {
  console.error('--minutes and --truth-minutes take numbers');
  process.exit(2);
}
try {
  if (minutes > 0) await memory(minutes);
  if (truthMinutes > 0) await truth(truthMinutes);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
process.exit();

// Loaded into a watched process by --import: writes the files of all modules it loads to $SDCTL_BENCH_OUT.
import { appendFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';

register('./record-modules.mjs', import.meta.url, { data: process.env.SDCTL_BENCH_OUT });
const { cache } = createRequire(import.meta.url);
process.on('exit', () => {
  appendFileSync(
    process.env.SDCTL_BENCH_OUT,
    Object.keys(cache)
      .map((file) => `${file}\n`)
      .join(''),
  );
});

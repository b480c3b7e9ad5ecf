// Compiles src to dist and writes the manifest from which oclif reads its commands without loading them.
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (script, ...args) => {
  execFileSync(process.execPath, [`${root}node_modules/${script}`, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
};

rmSync(`${root}dist`, { recursive: true, force: true });
node('typescript/bin/tsc', '-p', 'tsconfig.build.json');
rmSync(`${root}dist/.tsbuildinfo`, { force: true });
rmSync(`${root}oclif.manifest.json`, { force: true });
execFileSync(process.execPath, [`${root}node_modules/oclif/bin/run.js`, 'manifest'], {
  cwd: root,
  stdio: ['ignore', 'ignore', 'inherit'],
  // Its update check and colours have no place in a build.
  env: { ...process.env, OCLIF_SKIP_UPDATE_CHECK: '1', NO_COLOR: '1', FORCE_COLOR: undefined },
});

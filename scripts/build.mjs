// Compiles src to dist and writes the manifest from which oclif reads its commands without loading them.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = (script, ...args) => {
  execFileSync(process.execPath, [`${root}node_modules/${script}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
};

rmSync(`${root}dist`, { recursive: true, force: true });
node('typescript/bin/tsc', '-p', 'tsconfig.build.json');
rmSync(`${root}dist/.tsbuildinfo`, { force: true });
rmSync(`${root}oclif.manifest.json`, { force: true });
await writeManifest();

async function writeManifest() {
  const { Plugin } = await import('@oclif/core/config');
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  writeFileSync(`${root}oclif.manifest.json`, `${JSON.stringify(plugin.manifest, null, 2)}\n`);
}

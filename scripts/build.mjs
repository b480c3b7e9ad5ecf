/**
 * Compiles src to dist, puts the commands into few files, and writes the manifest from which oclif reads its commands
 * without loading them.
 *
 * The compiler writes beside dist and the result takes its place at the end: a failed build leaves the last good one,
 * and a program that starts meanwhile finds all its files.
 */
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Plugin } from '@oclif/core/config';
import { bundleCommands } from './bundle.mjs';

const root = path.dirname(import.meta.dirname);
const at = (name) => path.join(root, name);
const staging = at(`.cache/dist-${process.pid}`);
const remove = (name) => rmSync(name, { recursive: true, force: true });

/** True when the compiler found nothing wrong; otherwise it has said what is. */
function compile() {
  const args = [at('node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json', '--outDir', staging];
  return (
    spawnSync(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0
  );
}

async function writeManifest() {
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const staged = at(`.cache/manifest-${process.pid}.json`);
  writeFileSync(staged, `${JSON.stringify(plugin.manifest, null, 2)}\n`);
  renameSync(staged, at('oclif.manifest.json'));
}

try {
  if (compile()) {
    await bundleCommands(root, staging);
    remove(at('dist'));
    renameSync(staging, at('dist'));
    await writeManifest();
  } else {
    process.exitCode = 1;
  }
} finally {
  remove(staging);
}

/**
 * Compiles src to dist, puts the commands into few files, and writes the manifest from which oclif reads its commands
 * without loading them.
 *
 * The compiler writes beside dist and the result takes its place at the end: a failed build leaves the last good one,
 * and a program that starts meanwhile finds all its files.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
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

/** Runs that touch what short commands need. No server answers on port 1: it takes the drivers as far as a refused connection. */
function keepCompiledCode() {
  const home = mkdtempSync(path.join(tmpdir(), 'sdctl-build-'));
  const nowhere = ['--server', 'http://127.0.0.1:1', '--timeout', '5s'];
  const runs = [
    ['version'],
    ['list', '--dir', home],
    ['list', 'order', '-o', 'json', '--backend', 'consul', ...nowhere],
    ['resolve', 'order', '--backend', 'etcd', ...nowhere],
    ['list', 'order', '--backend', 'etcd', ...nowhere],
    ['watch', '--backend', 'etcd', ...nowhere],
    ['watch', '--backend', 'consul', ...nowhere],
    ['top', '--backend', 'etcd', ...nowhere],
  ];
  for (const words of runs) {
    // Most of them fail, as they should.
    spawnSync(process.execPath, [at('scripts/record-compiled.mjs'), ...words], {
      cwd: home,
      stdio: 'ignore',
      env: { HOME: home },
      timeout: 30_000,
    });
  }
  remove(home);
}

try {
  if (compile()) {
    await bundleCommands(root, staging);
    remove(at('dist'));
    renameSync(staging, at('dist'));
    await writeManifest();
    keepCompiledCode();
  } else {
    process.exitCode = 1;
  }
} finally {
  remove(staging);
}

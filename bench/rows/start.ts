/** Start-up: how long nothing takes, and what is loaded for it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { compare, timeOf, type Command } from '../measure.js';
import type { Bench, Row } from '../row.js';

/** Node doing nothing: what every program in JavaScript pays. */
export function emptyNode(bench: Bench): Command {
  return { file: process.execPath, args: ['-e', '0'], env: bench.env };
}

export const versionRow: Row = {
  name: 'version',
  async measure(bench) {
    const { ratio, measuredMs, baselineMs } = await compare(bench.sdctl('version'), emptyNode(bench));
    const baseline = `${measuredMs.toFixed(0)} ms to ${baselineMs.toFixed(0)} ms of node -e 0`;
    return [{ what: 'sdctl version', limit: 3, measured: ratio, unit: 'x', baseline }];
  },
};

const drivers = ['@grpc/grpc-js', 'etcd3', 'protobufjs', 'consul'];
const view = ['ink', 'react'];

export const modulesRow: Row = {
  name: 'modules',
  async measure(bench) {
    const help = await loadedFiles(bench, ['--help']);
    const listHelp = await loadedFiles(bench, ['list', '--help']);
    const version = await loadedFiles(bench, ['version']);
    const everything = [...help, ...listHelp, ...version];
    const loadedDrivers = packagesIn(everything, drivers);
    const loadedView = packagesIn(everything, view);
    return [
      {
        what: '--help, list --help, version: drivers loaded',
        limit: 0,
        measured: loadedDrivers.length,
        unit: '',
        baseline:
          loadedDrivers.join(', ') || `${help.length}, ${listHelp.length} and ${version.length} files loaded`,
      },
      {
        what: '--help, list --help, version: ink and react loaded',
        limit: 0,
        measured: loadedView.length,
        unit: '',
        baseline: loadedView.join(', ') || `none of ${view.join(', ')}`,
      },
    ];
  },
};

/** The files that a run of sdctl loads as modules. */
async function loadedFiles(bench: Bench, args: readonly string[]): Promise<readonly string[]> {
  const hook = new URL('../hooks/loaded-modules.mjs', import.meta.url).href;
  const record = bench.file(`modules-${args.join('-')}`);
  const command = bench.sdctl(...args);
  await timeOf({
    ...command,
    args: ['--import', hook, ...command.args],
    env: { ...bench.env, SDCTL_BENCH_OUT: record },
  });
  const own = fileURLToPath(new URL('../hooks/', import.meta.url));
  const files = new Set(readFileSync(record, 'utf8').split('\n'));
  return [...files].filter((file) => file !== '' && !file.startsWith(own) && existsSync(file));
}

/** Which packages these files are part of, or have inside: a bundle names each module it holds in a comment. */
function packagesIn(files: readonly string[], names: readonly string[]): readonly string[] {
  const texts = files.map((file) => `// ${file}\n${readFileSync(file, 'utf8')}`);
  return names.filter((name) =>
    texts.some((text) => new RegExp(`^// .*node_modules/${name}/`, 'm').test(text)),
  );
}

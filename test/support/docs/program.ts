/** The built program in a folder of its own, so that another build under way does not end a running test. */
import { chmodSync, cpSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeTempDir } from '../servers/lifetime.js';
import { projectRoot } from './blocks.js';

const parts = ['bin', 'dist', 'schemas', 'package.json', 'oclif.manifest.json'];

export interface Program {
  /** Holds package.json, bin and dist, as an installed package does. */
  readonly folder: string;
  /** Holds `sdctl`, and what stands in for programs that a machine may lack or must not run here. */
  readonly binFolder: string;
}

/** @throws {Error} when the program is not built */
export function installProgram(): Program {
  const folder = makeTempDir('program');
  for (const part of parts) {
    const from = path.join(projectRoot, part);
    if (!existsSync(from)) throw new Error(`${part} is missing, the program is not built: npm run build`);
    cpSync(from, path.join(folder, part), { recursive: true });
  }
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(folder, 'node_modules'));
  const binFolder = path.join(folder, 'path');
  mkdirSync(binFolder);
  const wrap = (name: string, script: string): void => {
    const file = path.join(binFolder, name);
    writeFileSync(file, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
    chmodSync(file, 0o755);
  };
  wrap('sdctl', path.join(folder, 'bin', 'run.js'));
  wrap('npm', path.join(projectRoot, 'test/support/docs/npm-stand-in.mjs'));
  wrap('curl', path.join(projectRoot, 'test/support/docs/curl-stand-in.mjs'));
  return { folder, binFolder };
}

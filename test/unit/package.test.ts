/** What package.json and its lock file promise to those who install. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

interface Manifest {
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}
interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read('package.json')) as Manifest;
const locked = (
  JSON.parse(read('package-lock.json')) as { packages: Readonly<Record<string, LockedPackage>> }
).packages;

/** Tracked files that still exist: somebody may be about to remove one. */
function trackedFiles(): string[] {
  const names = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0');
  return names.filter((name) => name !== '' && existsSync(path.join(root, name)));
}

describe('package.json', () => {
  it('asks for Node 20.19 or newer', () => {
    expect(manifest.engines).toEqual({ node: '>=20.19' });
  });

  it('names one exact version of every dependency', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies, ...manifest.overrides };
    const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
    expect(loose).toEqual([]);
  });

  it('builds before it packs, so that the command manifest is shipped', () => {
    expect(manifest.scripts.prepack).toContain('build');
    expect(manifest.files).toContain('oclif.manifest.json');
  });
});

describe('package-lock.json', () => {
  it('names no place to download from: each machine uses its own', () => {
    expect(Object.keys(locked).filter((name) => locked[name]?.resolved !== undefined)).toEqual([]);
  });

  it('holds every package by its checksum', () => {
    expect(
      Object.keys(locked).filter((name) => name !== '' && locked[name]?.integrity === undefined),
    ).toEqual([]);
  });

  it('holds the optional packages of every platform, without which npm ci refuses it', () => {
    const missing = Object.entries(locked).flatMap(([name, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((wanted) => {
        const nested = name === '' ? '' : `${name}/`;
        return (
          locked[`node_modules/${wanted}`] === undefined &&
          locked[`${nested}node_modules/${wanted}`] === undefined
        );
      }),
    );
    expect(missing).toEqual([]);
  });
});

describe('tracked files', () => {
  it('name no host of a package registry', () => {
    // Put together here, so that this file does not name one either.
    const hosts = ['registry.npmjs', 'registry.yarnpkg', 'npm.pkg.github', 'artifactory', 'verdaccio'];
    const pattern = new RegExp(hosts.map((host) => host.replace('.', '\\.')).join('|'), 'i');
    const self = 'test/unit/package.test.ts';
    expect(trackedFiles().filter((file) => file !== self && pattern.test(read(file)))).toEqual([]);
    expect(read('.npmrc')).not.toMatch(/registry\s*=/);
  });
});

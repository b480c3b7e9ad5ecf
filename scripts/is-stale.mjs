import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

/** True when the program was never built, or something it is built from is newer than its last part, the manifest. */
export function isStale() {
  const manifest = path.join(root, 'oclif.manifest.json');
  if (!existsSync(manifest) || !existsSync(path.join(root, 'dist'))) return true;
  const builtMs = statSync(manifest).mtimeMs;
  const sources = readdirSync(path.join(root, 'src'), { recursive: true }).map((name) =>
    path.join('src', name),
  );
  const others = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'scripts/build.mjs',
  ];
  // Folders count as well: their time changes when a file is removed.
  return [...sources, ...others].some((name) => statSync(path.join(root, name)).mtimeMs > builtMs);
}

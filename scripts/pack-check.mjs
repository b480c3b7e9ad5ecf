/** `npm run pack:check`: the package holds what a user needs, all of it and nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);
const exact = ['CHANGELOG.md', 'LICENSE', 'README.md', 'bin/run.js', 'oclif.manifest.json', 'package.json'];
const shapes = [/^dist\/(?:commands|lib)\/.*\.(?:js|d\.ts)(?:\.map)?$/, /^schemas\/.*\.json$/];

/** Files a folder of the package has to bring along. */
function filesBelow(folder) {
  const entries = readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
}

/** What every source file becomes. */
function compiled(file) {
  const base = file.replace(/^src/, 'dist').replace(/\.tsx?$/, '');
  return [`${base}.js`, `${base}.d.ts`];
}

/** Maps that a shipped file points to and that are not there. */
function missingMaps(packed) {
  return packed
    .filter((file) => file.startsWith('dist/') && file.endsWith('.js'))
    .filter((file) => /^\/\/# sourceMappingURL=/m.test(readFileSync(path.join(root, file), 'utf8')))
    .map((file) => `${file}.map`)
    .filter((map) => !packed.includes(map));
}

// Scripts off: `prepack` would build once more.
const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
  cwd: root,
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
  shell: process.platform === 'win32',
});
// npm 11 answers with a list, later ones with an object that has one entry per package.
const [summary] = Object.values(JSON.parse(answer));
const packed = summary.files.map((file) => file.path).sort();
const isHidden = (file) => file.split('/').some((part) => part.startsWith('.'));
const isAllowed = (file) =>
  !isHidden(file) && (isChunk(file) || exact.includes(file) || shapes.some((shape) => shape.test(file)));
const expected = [...exact, ...filesBelow('src').flatMap(compiled), ...filesBelow('schemas')];
const sources = new Set(expected);
// What several commands share has no source of its own; beside it lies what V8 made of it.
const isChunk = (file) => /^dist\/lib\/chunks\/(?:[\w-]+\.cjs|v8-[\w.-]+\/[\w-]+\.cjs\.bin)$/.test(file);
const isLeftover = (file) =>
  file.startsWith('dist/') && !file.endsWith('.map') && !isChunk(file) && !sources.has(file);

const problems = [
  ...packed.filter((file) => !isAllowed(file)).map((file) => `+ ${file} does not belong into the package`),
  ...packed.filter(isLeftover).map((file) => `+ ${file} has no source any more: npm run build`),
  ...expected
    .filter((file) => !packed.includes(file))
    .map((file) => `- ${file} is missing${existsSync(path.join(root, file)) ? ' from the package' : ''}`),
  ...missingMaps(packed).map((file) => `- ${file} is pointed to, but missing`),
];
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exitCode = 1;
else
  console.log(
    `${packed.length} files, ${Math.round(summary.unpackedSize / 1_024)} KiB unpacked: as expected`,
  );

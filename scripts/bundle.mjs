/**
 * Puts the commands and what they load into few files, because opening hundreds of small modules is most of the time
 * that a short command takes. Code is split where the sources say `import()`, so a command still loads only what it
 * uses. Names, lines and comments stay, for readable stacks.
 *
 * What is loaded from its own package as before: oclif's own program (help, manifest) and the driver of Consul.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { lazyRequires } from './lazy-requires.mjs';

/** Parts of oclif that running a command needs; everything else is loaded from its package when it is called. */
const oclifParts =
  /^(?:command|cache|logger|flags|args|screen|parser\/.*|errors\/(?:index|error|logger|errors\/.*|exit|warn)|util\/(?:util|ids|aggregate-flags|fs)|help\/util|ux\/(?:list|theme|write))\.js$/;
const oclifLibrary = /node_modules\/@oclif\/core\/lib\/(.*)$/;

/** A whole file of requires becomes requires at first use; those of parts left out go to the package. */
const lazyModules = {
  name: 'lazy-modules',
  setup(bundle) {
    // The index of oclif loads all of it; commands take these two names from there.
    bundle.onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: 'oclif', namespace: 'oclif-names' }));
    bundle.onLoad({ filter: /.*/, namespace: 'oclif-names' }, () => ({
      contents: "export * as Args from '@oclif/core/args'; export * as Flags from '@oclif/core/flags';",
      resolveDir: import.meta.dirname,
    }));
    bundle.onLoad({ filter: /node_modules\/@oclif\/core\/lib\/.*\.js$/ }, ({ path: file }) => ({
      contents: lazyRequires(readFileSync(file, 'utf8'), (specifier) => oclifRequire(file, specifier)),
    }));
    bundle.onLoad({ filter: /node_modules\/@grpc\/grpc-js\/build\/src\/.*\.js$/ }, ({ path: file }) => ({
      contents: lazyRequires(readFileSync(file, 'utf8')),
    }));
  },
};

/** The expression that loads `specifier` where it is required by a file of oclif. */
function oclifRequire(from, specifier) {
  const literal = `require(${JSON.stringify(specifier)})`;
  if (!specifier.startsWith('.')) {
    const isKept = specifier.startsWith('node:') || specifier === 'debug' || specifier === 'ansis';
    return isKept ? literal : `$requireFromOclif(${JSON.stringify(specifier)})`;
  }
  const base = path.resolve(path.dirname(from), specifier);
  const file = [`${base}.js`, path.join(base, 'index.js')].find((candidate) => existsSync(candidate));
  const inside = oclifLibrary.exec(file ?? '')?.[1];
  if (inside === undefined || oclifParts.test(inside)) return literal;
  return `$requireFromOclif(${JSON.stringify(`./lib/${inside}`)})`;
}

const banner = `import { createRequire as $createRequire } from 'node:module';
import { fileURLToPath as $fileURLToPath } from 'node:url';
const require = $createRequire(import.meta.url);
const __filename = $fileURLToPath(import.meta.url);
const __dirname = $fileURLToPath(new URL('.', import.meta.url));
const $requireFromOclif = (name) => $createRequire(require.resolve('@oclif/core/package.json'))(name);`;

/**
 * @param root the project's folder, of which `src` is read
 * @param outdir holds what the compiler made; the files of commands and of the program's start are replaced
 */
export async function bundleCommands(root, outdir) {
  const commands = readdirSync(path.join(root, 'src/commands'), { recursive: true })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(root, 'src/commands', file));
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, 'src/lib/command/main.ts'), ...commands],
    outbase: path.join(root, 'src'),
    outdir,
    chunkNames: 'lib/chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external: ['consul', '@oclif/core/run', '@oclif/core/settings', '@oclif/core/config', '@oclif/core/help'],
    plugins: [lazyModules],
    banner: { js: banner },
    legalComments: 'inline',
    logLevel: 'warning',
  });
}

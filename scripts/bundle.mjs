/**
 * Puts the program into few files, because opening hundreds of small modules is most of the time that a short command
 * takes. Code is split where the sources say `import()`, so a command still loads only what it uses. Names, lines and
 * comments stay, for readable stacks. The compiled files stay beside it: for applications, and for oclif's help.
 *
 * What is loaded from its own package as before: oclif's own program (help, manifest) and the driver of Consul.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build, transform } from 'esbuild';
import { lazyRequires } from './lazy-requires.mjs';

/** Loaded from their own packages. */
const external = [
  'consul',
  '@oclif/core/run',
  '@oclif/core/settings',
  '@oclif/core/config',
  '@oclif/core/help',
  // For services that sdctl does not offer.
  '@grpc/proto-loader',
];

/** Parts of oclif that running a command needs; everything else is loaded from its package when it is called. */
const oclifParts =
  /^(?:command|cache|logger|flags|args|screen|parser\/.*|errors\/(?:index|error|logger|errors\/.*|exit|warn)|util\/(?:util|ids|aggregate-flags|fs)|help\/util|ux\/(?:list|theme|write))\.js$/;
/** Where ink and all it needs goes, beside the chunks. */
const inkModule = 'ink.cjs';
const largeNodeModules = /^node:(?:crypto|readline|http|https|http2|tls|net|dns|child_process)$/;
const oclifLibrary = /node_modules\/@oclif\/core\/lib\/(.*)$/;

/** A whole file of requires becomes requires at first use; those of parts left out go to the package. */
const lazyModules = {
  name: 'lazy-modules',
  setup(bundle) {
    // An `import` of a large module of Node's becomes a load at its first use.
    bundle.onResolve({ filter: largeNodeModules }, ({ path: name, kind }) =>
      kind === 'import-statement' ? { path: name, namespace: 'node-module' } : { path: name, external: true },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'node-module' }, async ({ path: name }) => ({
      contents: `const names = ${JSON.stringify(Object.keys(await import(name)))};
        for (const name of names) Object.defineProperty(exports, name, {
          enumerable: true,
          get: () => require(${JSON.stringify(name)})[name],
        });`,
    }));
    // `import()` of a CommonJS package would answer with a default export only; Node finds the names as well.
    bundle.onResolve({ filter: /^[\w@]/ }, ({ path: name, kind, resolveDir, namespace }) =>
      kind === 'dynamic-import' &&
      namespace === 'file' &&
      !name.startsWith('node:') &&
      !external.includes(name)
        ? { path: name, namespace: 'named-exports', pluginData: { resolveDir } }
        : undefined,
    );
    bundle.onLoad({ filter: /.*/, namespace: 'named-exports' }, async ({ path: name, pluginData }) => {
      const names = Object.keys(await import(name)).filter(
        (key) => /^[a-z_]\w*$/i.test(key) && key !== 'default',
      );
      return {
        contents: `import * as all from ${JSON.stringify(name)};
          export const { ${names.join(', ')} } = all;
          export default all.default;`,
        resolveDir: pluginData.resolveDir,
      };
    });
    // A module of its own, see `bundleInk`.
    bundle.onResolve({ filter: /\/ink\/open-frame\.js$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: `./${inkModule}`, external: true } : undefined,
    );
    // The index of oclif loads all of it; commands take these two names from there.
    bundle.onResolve({ filter: /^@oclif\/core$/ }, () => ({ path: 'oclif', namespace: 'oclif-names' }));
    bundle.onLoad({ filter: /.*/, namespace: 'oclif-names' }, () => ({
      contents: "export * as Args from '@oclif/core/args'; export * as Flags from '@oclif/core/flags';",
      resolveDir: import.meta.dirname,
    }));
    bundle.onLoad({ filter: /src\/lib\/command\/load-command\.ts$/ }, () => ({
      contents: commandTable(bundle.initialOptions.absWorkingDir),
      resolveDir: bundle.initialOptions.absWorkingDir,
    }));
    bundle.onLoad({ filter: /src\/lib\/registry\/etcd\/protocol\.ts$/ }, () => etcdProtocol());
    bundle.onLoad({ filter: /node_modules\/@oclif\/core\/lib\/.*\.js$/ }, ({ path: file }) => ({
      contents: lazyRequires(readFileSync(file, 'utf8'), (specifier) => oclifRequire(file, specifier)),
    }));
    // sdctl is no gRPC server, and the largest files of grpc are about being one.
    bundle.onLoad(
      { filter: /node_modules\/@grpc\/grpc-js\/build\/src\/server(?:-interceptors)?\.js$/ },
      () => ({
        contents: 'module.exports = {};',
      }),
    );
    bundle.onLoad({ filter: /node_modules\/@grpc\/grpc-js\/build\/src\/.*\.js$/ }, ({ path: file }) => ({
      contents: lazyRequires(readFileSync(file, 'utf8')),
    }));
  },
};

/** All commands in one file, each evaluated when it is asked for: `require` of a module of ours is a call, not a file. */
function commandTable(root) {
  const files = readdirSync(path.join(root, 'src/commands'), { recursive: true });
  const entries = files
    // Help needs all of oclif, and oclif runs it.
    .filter((file) => file.endsWith('.ts') && file !== 'help.ts')
    .map((file) => file.split(path.sep).join('/'))
    .map(
      (file) => `[${JSON.stringify(file.slice(0, -3))}, () => require('./src/commands/${file}').default],`,
    );
  return `const commands = new Map([${entries.join('')}]);
    export const loadCommand = async (words) => commands.get(words.join('/'))?.() ?? null;`;
}

/**
 * etcd's protocol, read from etcd3's files now, with the small form of the protobufjs that etcd3 brings. 64-bit numbers
 * need `long`, which protobufjs itself looks for in a way that no bundle follows.
 */
function etcdProtocol() {
  const etcd3 = createRequire(import.meta.url).resolve('etcd3/lib/rpc.js');
  const loader = createRequire(etcd3).resolve('@grpc/proto-loader');
  const protobuf = createRequire(loader)('protobufjs');
  const root = new protobuf.Root();
  root.loadSync(path.join(path.dirname(etcd3), '../proto/rpc.proto'), { keepCase: true });
  // Text, because JSON.parse is faster than the same as code.
  const protocol = JSON.stringify(JSON.stringify(withoutOptions(root.toJSON())));
  const contents = `const protobuf = require('protobufjs/light.js');
    protobuf.util.Long = require('long');
    protobuf.configure();
    export const loadProtocol = () => protobuf.Root.fromJSON(JSON.parse(${protocol}));`;
  return { contents, resolveDir: path.dirname(createRequire(loader).resolve('protobufjs')) };
}

/** Only the messages and services of etcd, without what gateways and other languages make of them. */
function withoutOptions({ nested, ...root }) {
  const strip = (name, value) => {
    if (name !== 'options' || value === null || typeof value !== 'object') return value;
    const kept = Object.entries(value).filter(([option]) => !option.startsWith('('));
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  };
  const { etcdserverpb, mvccpb, authpb } = nested;
  return JSON.parse(JSON.stringify({ ...root, nested: { etcdserverpb, mvccpb, authpb } }, strip));
}

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

const banner = `'use strict';
const $requireFromOclif = (name) =>
  require('node:module').createRequire(require.resolve('@oclif/core/package.json'))(name);`;

/**
 * Written as CommonJS, which Node reads at once; every ES module goes through several asynchronous reads, and a busy
 * machine waits for each of them.
 *
 * @param root the project's folder, of which `src` is read
 * @param outdir the folder of what the compiler made; the bundle goes to `lib/chunks` below, and begins in `main.cjs`
 */
export async function bundleCommands(root, outdir) {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, 'src/lib/command/main.ts')],
    outdir: path.join(outdir, 'lib/chunks'),
    outExtension: { '.js': '.cjs' },
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    // Only ES modules can be split.
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    external,
    plugins: [lazyModules],
    legalComments: 'inline',
    logLevel: 'warning',
    write: false,
  });
  const chunks = path.join(outdir, 'lib/chunks');
  mkdirSync(chunks, { recursive: true });
  copyFileSync(path.join(import.meta.dirname, 'chunk-loader.cjs'), path.join(chunks, 'loader.cjs'));
  await bundleInk(root, path.join(chunks, inkModule));
  for (const file of outputFiles) {
    const { code } = await transform(withLocalRequires(file.text), {
      format: 'cjs',
      banner,
      target: 'node20.19',
      // What is left outside is CommonJS, and code that V8 has kept cannot import: it becomes a require.
      supported: { 'dynamic-import': false },
    });
    writeFileSync(file.path, withPlainExports(code));
  }
}

/** A chunk's exports without a copy of them: a call into another chunk would go through two getters, one shared by all. */
function withPlainExports(code) {
  return code.replace(
    /^module\.exports = __toCommonJS\((\w+)\);$/m,
    'module.exports = __defProp($1, "__esModule", { value: true });',
  );
}

/** `import()` of another chunk as a promise of its require; ink has to be waited for. */
function withLocalRequires(text) {
  return text
    .replaceAll(`import("./${inkModule}")`, `require("./${inkModule}").load()`)
    .replace(/\bimport\((".\/[\w-]+\.cjs")\)/g, 'Promise.resolve().then(() => require($1))');
}

/** Parts of ink that the frame of the view has no use for: what connects to tools, ends the process, or explains a crash. */
const inkLeavesOut = {
  name: 'ink-leaves-out',
  setup(bundle) {
    bundle.onLoad({ filter: /node_modules\/ink\/build\/utils\.js$/ }, () => ({
      contents: 'export const isDev = () => false;',
    }));
    bundle.onLoad({ filter: /node_modules\/ink\/build\/components\/ErrorOverview\.js$/ }, () => ({
      contents: 'export default () => null;',
    }));
    // It takes over signals and the end of the process, which the view sees to by itself.
    bundle.onResolve({ filter: /^signal-exit$/ }, () => ({ path: 'signal-exit', namespace: 'left-out' }));
    bundle.onResolve({ filter: /\/devtools\.js$/ }, () => ({ path: 'devtools', namespace: 'left-out' }));
    bundle.onLoad({ filter: /.*/, namespace: 'left-out' }, () => ({
      contents:
        'const leftOut = () => () => undefined; export default leftOut; export { leftOut as onExit };',
    }));
  },
};

/**
 * Ink's layout engine is awaited where it is loaded, which no CommonJS can do. Nobody uses it before the first picture, so
 * it is awaited by whoever loads ink.
 */
const inkWaits = {
  name: 'ink-waits',
  setup(bundle) {
    bundle.onLoad({ filter: /node_modules\/yoga-layout\/dist\/src\/index\.js$/ }, ({ path: file }) => ({
      contents: `import loadYoga, { wasmBinary } from '../binaries/yoga-wasm-base64-esm.js';
        import wrapAssembly from './wrapAssembly.js';
        let Yoga;
        export const isReady = loadYoga({ wasmBinary }).then((engine) => { Yoga = wrapAssembly(engine); });
        export { Yoga as default };
        export * from './generated/YGEnums.js';`,
      resolveDir: path.dirname(file),
    }));
    // By itself it fetches its own text as a URL, for which Node loads all of its HTTP client.
    bundle.onLoad(
      { filter: /node_modules\/yoga-layout\/dist\/binaries\/yoga-wasm-base64-esm\.js$/ },
      ({ path: file }) => {
        const glue = readFileSync(file, 'utf8');
        const [url, base64] = /(?<=")data:application\/octet-stream;base64,([\w+/=]+)(?=")/.exec(glue) ?? [];
        if (url === undefined) throw new Error(`no engine in ${file}`);
        return {
          contents: `${glue.replace(url, url.slice(0, -base64.length))}
          export const wasmBinary = Buffer.from('${base64}', 'base64');`,
        };
      },
    );
    bundle.onLoad({ filter: /node_modules\/ink\/build\/reconciler\.js$/ }, ({ path: file }) => ({
      contents: readFileSync(file, 'utf8').replace(
        /\bawait (?:import\('\.\/devtools\.js'\)|loadPackageJson\(\))/g,
        'undefined',
      ),
      resolveDir: path.dirname(file),
    }));
  },
};

/**
 * The tables of all emoji take longer to load than all the rest of ink, and nearly every text that it measures is of
 * letters, lines and blocks, of one cell each. They are loaded by the first text that is not.
 */
const inkMeasures = {
  name: 'ink-measures',
  setup(bundle) {
    bundle.onResolve({ filter: /^string-width$/ }, ({ namespace }) =>
      namespace === 'measure' ? undefined : { path: 'string-width', namespace: 'measure' },
    );
    bundle.onLoad({ filter: /.*/, namespace: 'measure' }, () => ({
      contents: `const SGR = /\\x1b\\[[\\d;:]*m/g;
        const SINGLE = /^[\\x20-\\x7e\\xa1-\\xac\\xae-\\u02ff\\u2190-\\u2193\\u2500-\\u259f…●▲▼✖◼◌○›→⏎]*$/;
        export default (text, options) => {
          const bare = text.includes('\\x1b') ? text.replace(SGR, '') : text;
          return SINGLE.test(bare) ? bare.length : require('string-width').default(text, options);
        };`,
      resolveDir: import.meta.dirname,
    }));
  },
};

/** Ink and React as one chunk, of which V8's code is kept as that of the others. */
async function bundleInk(root, outfile) {
  const frame = path.join(root, 'src/lib/tui/ink/open-frame.ts');
  await build({
    absWorkingDir: root,
    stdin: {
      contents: `import * as frame from ${JSON.stringify(frame)};
        import { isReady } from 'yoga-layout';
        export const load = async () => { await isReady; return frame; };`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    // React for developers is slow and keeps what it has drawn.
    define: { 'process.env.NODE_ENV': '"production"', 'import.meta.url': '__filename' },
    minifySyntax: true,
    plugins: [inkLeavesOut, inkWaits, inkMeasures],
    legalComments: 'inline',
    logLevel: 'warning',
  });
}

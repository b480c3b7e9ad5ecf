/**
 * The architecture of `src` as data, and the lint rule that holds the code to it.
 *
 * Imports point one way: from a higher layer to a lower one. Folders of one layer are siblings and do not know each
 * other. Static and dynamic imports, re-exports, `import('x')` in types and `require('x')` all count.
 */
import path from 'node:path';

/** Highest layer first. A name is a folder or file directly in `src` or `src/lib`. */
const layers = [
  ['commands', 'index.ts'],
  ['command'],
  // Clients of the registries, as a command is: the simulated fleet, the interactive view.
  ['demo', 'tui'],
  ['registry', 'discovery', 'doctor', 'probe', 'render', 'config'],
  ['layouts', 'time', 'files'],
  ['model'],
  ['errors.ts'],
];

/** Imports against the direction, each with the reason why it is right. Paths below `src/lib`; `/` at the end: a folder. */
const exceptions = [
  // The port holds types only, and every sibling of registry/ speaks in them.
  { from: ['discovery/', 'doctor/', 'render/', 'config/'], to: ['registry/types.ts'] },
  // A layout encodes what the port is asked to register; RegistrationSpec is part of the port.
  { from: ['layouts/'], to: ['registry/types.ts'] },
  // Settings end in a Connection, and say no to an address in the same words as the adapters do.
  { from: ['config/'], to: ['registry/connection.ts', 'registry/server-url.ts'] },
];

/** Adapters are opened by `registry/open.ts`, lazily; nobody else knows that they exist, siblings included. */
const adapters = ['registry/etcd/', 'registry/consul/', 'registry/local/'];

/** The few who may look into an adapter. */
const adapterUsers = [
  { from: ['registry/open.ts'], to: adapters },
  // An application gets the registry in memory at once, without the loading of an adapter.
  { from: ['index.ts'], to: ['registry/local/open-local.ts'] },
  // The fleet shows what the port cannot write: instances that fall ill or vanish; and one fleet per directory.
  { from: ['demo/'], to: ['registry/local/'] },
];

/** Which part of `src` a package belongs to; paths below `src`. Packages not named here are free. */
const owners = {
  etcd3: ['lib/registry/etcd/'],
  '@grpc/grpc-js': ['lib/registry/etcd/', 'lib/probe/'],
  consul: ['lib/registry/consul/'],
  ink: ['lib/tui/'],
  react: ['lib/tui/'],
  yaml: ['lib/config/', 'lib/render/'],
  '@oclif/core': ['commands/', 'lib/command/'],
  process: ['lib/command/deps.ts'],
};

/** The global `process`, beside the owner of the module of that name. */
const processUsers = [
  ...owners.process,
  // grpc-js makes Node warn on stderr; only emitWarning can stop that one warning.
  'lib/registry/etcd/quiet.ts',
];

const within = (file, places) =>
  places.some((place) => (place.endsWith('/') ? file.startsWith(place) : file === place));
const belowLib = (file) => (file.startsWith('lib/') ? file.slice('lib/'.length) : file);
const rank = (file) => layers.findIndex((names) => names.includes(belowLib(file).split('/')[0]));
const layerName = (file) => belowLib(file).split('/')[0];
const isListed = (list, from, to) => list.some((entry) => within(from, entry.from) && within(to, entry.to));

/** What is wrong with `from` importing the file `to` (both below `src`, with `/`), or null. */
function judgeFile(from, to) {
  const [source, target] = [belowLib(from), belowLib(to)];
  for (const [file, shown] of [
    [from, source],
    [to, target],
  ]) {
    if (rank(file) === -1) return `${shown} is in no layer: add its folder to scripts/lint/architecture.mjs`;
  }
  const adapter = adapters.find((folder) => target.startsWith(folder));
  if (adapter !== undefined && !source.startsWith(adapter) && !isListed(adapterUsers, source, target)) {
    return `${target} belongs to its adapter: open it through registry/open.ts`;
  }
  if (layerName(from) === layerName(to) || rank(from) < rank(to) || isListed(exceptions, source, target))
    return null;
  const relation =
    rank(from) === rank(to) ? 'siblings do not import each other' : 'imports point the other way';
  return `${source} must not import ${target}: ${relation}`;
}

/** What is wrong with `from` importing a package, or null. */
function judgePackage(from, specifier) {
  const bare = specifier.replace(/^node:/, '');
  const name = bare.split('/', bare.startsWith('@') ? 2 : 1).join('/');
  const places = Object.hasOwn(owners, name) ? owners[name] : undefined;
  if (places === undefined || within(from, places)) return null;
  return `${specifier} is for ${places.map((place) => `src/${place}`).join(', ')} only`;
}

/** Path below `src`, or null for files elsewhere. */
function sourcePath(filename) {
  const below = path.relative(path.join(import.meta.dirname, '../../src'), filename);
  return below.startsWith('..') || path.isAbsolute(below) ? null : below.split(path.sep).join('/');
}

function judge(filename, from, specifier) {
  if (!specifier.startsWith('.')) return judgePackage(from, specifier);
  const target = path.resolve(path.dirname(filename), specifier);
  const to = sourcePath(target);
  if (to === null) return `${specifier} lies outside src`;
  return judgeFile(from, to.replace(/\.js$/, '.ts'));
}

const imports = {
  meta: { type: 'problem', schema: [], messages: { wrong: '{{what}}' } },
  create(context) {
    const from = sourcePath(context.filename);
    if (from === null) return {};
    const look = (node) => {
      if (node?.type !== 'Literal' || typeof node.value !== 'string') return;
      const what = judge(context.filename, from, node.value);
      if (what !== null) context.report({ node, messageId: 'wrong', data: { what } });
    };
    return {
      ImportDeclaration: (node) => look(node.source),
      ExportNamedDeclaration: (node) => look(node.source),
      ExportAllDeclaration: (node) => look(node.source),
      ImportExpression: (node) => look(node.source),
      TSImportType: (node) => look(node.source ?? node.argument?.literal),
      TSExternalModuleReference: (node) => look(node.expression),
      'CallExpression[callee.name="require"]': (node) => look(node.arguments[0]),
    };
  },
};

const processGlobal = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { wrong: 'take it from Deps: {{who}} alone reads the process' },
  },
  create(context) {
    const from = sourcePath(context.filename);
    if (from === null || within(from, processUsers)) return {};
    const report = (node) =>
      context.report({ node, messageId: 'wrong', data: { who: `src/${owners.process.join(', ')}` } });
    return {
      // A local variable of that name is nobody's business; the global has no definition in the file.
      'Program:exit'(program) {
        const scope = context.sourceCode.getScope(program);
        const known = scope.references
          .concat(scope.through)
          .filter((ref) => ref.identifier.name === 'process');
        for (const ref of new Set(known)) if ((ref.resolved?.defs.length ?? 0) === 0) report(ref.identifier);
      },
      'MemberExpression[object.name=/^(globalThis|global)$/]'(node) {
        if ((node.property.name ?? node.property.value) === 'process') report(node);
      },
      'VariableDeclarator[init.name=/^(globalThis|global)$/] > ObjectPattern > Property[key.name="process"]':
        report,
    };
  },
};

export const architecture = {
  meta: { name: 'architecture' },
  rules: { imports, 'process-global': processGlobal },
};

'use strict';
/**
 * Loads the bundled program. Half of the time of a short command is V8 compiling it, and Node keeps compiled code by
 * itself only from 22.8 on. So the build leaves what it compiled in a folder named after V8's version, and this loader
 * uses it. Without that folder (another Node than the one of the build) the chunks are required as usual.
 *
 * Copied beside the chunks by the build.
 */
const { existsSync, readFileSync, mkdirSync, statSync, writeFileSync } = require('node:fs');
const { createRequire, enableCompileCache } = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

/** Compiled code is good for one version of V8 on one kind of machine; V8 checks that itself once more. */
const compiledFolder = path.join(__dirname, `v8-${process.versions.v8}-${process.platform}-${process.arch}`);

const scripts = new Map();
const modules = new Map();

function compiledFile(file) {
  return path.join(compiledFolder, `${path.basename(file)}.bin`);
}

/** One chunk, evaluated once, with the compiled code of the build where it is there and still fits. */
function load(file) {
  const known = modules.get(file);
  if (known !== undefined) return known.exports;
  const loaded = { exports: {} };
  modules.set(file, loaded);
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'utf8')}\n})`;
  const cached = existsSync(compiledFile(file)) ? readFileSync(compiledFile(file)) : undefined;
  const script = new vm.Script(source, { filename: file, cachedData: cached });
  scripts.set(file, script);
  script
    .runInThisContext()
    .call(loaded.exports, loaded.exports, requireFrom(file), loaded, file, path.dirname(file));
  return loaded.exports;
}

/** `require` as a chunk sees it: other chunks through this loader, everything else through Node's. */
function requireFrom(file) {
  const outside = createRequire(file);
  const own = (name) => (name.startsWith('./') ? load(path.join(path.dirname(file), name)) : outside(name));
  return Object.assign(own, { resolve: outside.resolve });
}

/** The program's own exports: `main`. */
function loadProgram() {
  const entry = path.join(__dirname, 'main.cjs');
  if (existsSync(compiledFolder)) return load(entry);
  enableCompileCache?.();
  return require(entry);
}

/** For the build: runs through this loader and keeps what V8 has compiled by the end, if that is more than before. */
function recordProgram() {
  process.once('exit', () => {
    mkdirSync(compiledFolder, { recursive: true });
    for (const [file, script] of scripts) {
      const data = script.createCachedData();
      const target = compiledFile(file);
      if (!existsSync(target) || statSync(target).size < data.length) writeFileSync(target, data);
    }
  });
  return load(path.join(__dirname, 'main.cjs'));
}

module.exports = { loadProgram, recordProgram };

'use strict';
/**
 * `import()` of a module beside this file. Chunks cannot do it themselves: code that V8 has kept does not import. Node
 * itself has to load this file.
 *
 * Copied beside the chunks by the build.
 */
module.exports = (name) => import(`./${name}`);

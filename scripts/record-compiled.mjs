/** `node scripts/record-compiled.mjs ARGUMENTS…`: one run of the built program, whose compiled code is kept for the next ones. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.dirname(import.meta.dirname);
const { recordProgram } = createRequire(import.meta.url)('../dist/lib/chunks/loader.cjs');
await recordProgram().main(pathToFileURL(path.join(root, 'bin/run.js')).href);

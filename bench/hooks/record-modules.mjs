// Loader hook: notes every module that comes through `import`. What CommonJS requires below it is in require.cache.
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

let file;

export function initialize(data) {
  file = data;
}

export async function load(url, context, next) {
  if (url.startsWith('file:')) appendFileSync(file, `${fileURLToPath(url)}\n`);
  return next(url, context);
}

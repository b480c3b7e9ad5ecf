/** Pictures of the view that are kept as files and compared exactly. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { pictureOf } from './picture.js';
import type { ViewTerminal } from './view-terminal.js';

const FOLDER = fileURLToPath(new URL('../../view/golden/', import.meta.url));

/**
 * Compares what is on the screen with `test/view/golden/NAME.txt`. `UPDATE_GOLDENS=1` writes it; one that is missing
 * fails.
 */
export function expectGolden(name: string, terminal: ViewTerminal): void {
  const file = path.join(FOLDER, `${name}.txt`);
  const picture = pictureOf(terminal);
  if (process.env['UPDATE_GOLDENS'] === '1') {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, picture);
    return;
  }
  if (!existsSync(file)) {
    throw new Error(`there is no golden ${name}: UPDATE_GOLDENS=1 writes it\n${picture}`);
  }
  expect(picture).toBe(readFileSync(file, 'utf8'));
}

/** Pictures of the view that are kept as files and compared exactly. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { pictureOf } from './picture.js';
import type { ViewTerminal } from './view-terminal.js';

const FOLDER = fileURLToPath(new URL('../../view/golden/', import.meta.url));

/** Whether pictures are written in place of being compared. */
export const isUpdating = process.env['UPDATE_GOLDENS'] === '1';

/**
 * Compares what is on the screen with `test/view/golden/NAME.txt`. `UPDATE_GOLDENS=1` writes it; one that is missing
 * fails.
 */
export function expectGolden(name: string, terminal: ViewTerminal): void {
  expectGoldenText(name, pictureOf(terminal));
}

/** The same with several pictures in one file. */
export function expectGoldenText(name: string, picture: string): void {
  const file = path.join(FOLDER, `${name}.txt`);
  if (isUpdating) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, picture);
    return;
  }
  const golden = readGolden(name);
  if (golden === null) throw new Error(`there is no golden ${name}: UPDATE_GOLDENS=1 writes it\n${picture}`);
  expect(picture).toBe(golden);
}

/** null: there is none. */
export function readGolden(name: string): string | null {
  const file = path.join(FOLDER, `${name}.txt`);
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

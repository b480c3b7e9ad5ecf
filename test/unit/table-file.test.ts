/** Tables that are saved: whose they are, and what happens where none can be. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { saveTable } from '../../src/lib/command/table-file.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const NOW_MS = Date.parse('2024-05-01T10:00:00.000Z');
const save = (folder: string): string => saveTable({ SDCTL_STATE_DIR: folder }, 'services', 'a\tb\n', NOW_MS);

describe('saveTable', () => {
  it('makes the folders that are missing, for nobody else, and replaces nothing', () => {
    const folder = path.join(makeTempDir('tables'), 'one', 'two');
    const [first, second] = [save(folder), save(folder)];
    expect([first, second].map((file) => path.relative(folder, file))).toEqual([
      'tables/services-2024-05-01-100000.tsv',
      'tables/services-2024-05-01-100000-2.tsv',
    ]);
    expect(readFileSync(first, 'utf8')).toBe('a\tb\n');
    expect(statSync(first).mode & 0o777).toBe(0o600);
    expect(statSync(path.join(folder, 'tables')).mode & 0o777).toBe(0o700);
  });

  it('says where it could not, at once', () => {
    const file = path.join(makeTempDir('tables'), 'file');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    // Where nobody can make anything, a recursive mkdir of Node may try for ever.
    for (const folder of [path.join(file, 'below'), '/proc/nobody/can'])
      expect(() => save(folder)).toThrow(/cannot save the table in/);
  });
});

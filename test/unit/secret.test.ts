import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { openSecret } from '../../src/lib/config/secret.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const file = path.join(makeTempDir('secret'), 'token');
const secret = openSecret({ type: 'file', file, origin: '--token-file' }, {});

it('is read anew each time, without the end of its line', () => {
  writeFileSync(file, 'first\n');
  expect(secret.read()).toBe('first');
  writeFileSync(file, ' second \r\n');
  expect(secret.read()).toBe(' second ');
});

it.each(['', '\n'])('is not nothing: %j', (text) => {
  writeFileSync(file, text);
  expect(() => secret.read()).toThrow(
    expect.objectContaining({ code: 'E_FILE', why: 'nothing stands in it, named by --token-file' }) as Error,
  );
});

it('of a missing file or variable says what named it', () => {
  const missing = openSecret({ type: 'file', file: `${file}.nope`, origin: '--token-file' }, {});
  expect(() => missing.read()).toThrow(
    expect.objectContaining({ code: 'E_FILE', why: 'no such file, named by --token-file' }) as Error,
  );
  const unset = openSecret({ type: 'env', name: 'LAB_TOKEN', origin: 'LAB_TOKEN' }, { LAB_TOKEN: '' });
  expect(() => unset.read()).toThrow(
    expect.objectContaining({ code: 'E_FILE', why: 'the variable LAB_TOKEN is empty' }) as Error,
  );
});

import { execFileSync, spawn } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { editConfig, loadConfig, locateConfig, setAt } from '../../src/lib/config/file.js';
import { maskDeep, maskUserInfo } from '../../src/lib/config/mask.js';
import { parseConfig } from '../../src/lib/config/parse.js';
import { SdctlError } from '../../src/lib/errors.js';
import { makeTempDir } from '../support/servers/lifetime.js';

function failure(text: string): string {
  try {
    parseConfig(text, 'config.yaml');
  } catch (error) {
    if (error instanceof SdctlError) return [error.code, error.message, error.why, error.hint].join(' | ');
    throw error;
  }
  return 'none';
}

describe('a wrong file', () => {
  it.each([
    [
      'contexts:\n  a:\n    backend: etcd\n    endpoint: x\n',
      /^E_CONFIG \| config\.yaml line 4: unknown key "endpoint" in contexts\.a \| valid: backend, servers/,
    ],
    ['contexts:\n  a:\n    backend: etcd\n    sevrers: [x]\n', /line 4: .* \| servers:$/],
    ['contexts:\n  a:\n    servers: [x]\n', /line 2: "backend" is missing in contexts\.a/],
    ['version: 2\n', /line 1: "version" must be 1/],
    ['a: [\n', /line \d: /],
    ['defaults:\n  # how long\n  timeout: 30\n', /line 3: "timeout" in defaults must be string/],
    ['defaults:\n  timeout: "30"\n', /line 2: timeout "30" has no unit \| .* \| timeout: 30s/],
    ['defaults:\n  output: jsn\n', /line 2: "output" in defaults must be/],
    ['defaults:\n  timeout: 0s\n', /line 2: timeout "0s" is too short/],
    ['contexts:\n  constructor: {backend: local}\n', /line 2: no context can be named "constructor"/],
    ['contexts:\n  __proto__: {backend: local}\n', /line 2: no context can be named "__proto__"/],
    ['- a\n', /config\.yaml: not a mapping|must be/],
    ['a: 1\na: 2\n', /line 2/],
  ])('%j says the line and what is meant', (text, expected) => {
    expect(failure(text)).toMatch(expected);
  });

  it('shows no secret that was written into it', () => {
    const texts = [
      'contexts:\n  a:\n    backend: etcd\n    auth: s3cr3t\n',
      'contexts:\n  a:\n    backend: etcd\n    auth:\n      password: s3cr3t\n',
      'contexts:\n  a:\n    backend: etcd\n    servers: http://ops:s3cr3t@h\n',
    ];
    for (const text of texts) {
      expect(failure(text)).toMatch(/^E_CONFIG .*line \d/);
      expect(failure(text)).not.toContain('s3cr3t');
    }
  });

  it('is not one with empty sections', () => {
    expect(parseConfig('contexts:\ndefaults:\n', 'f').config).toEqual({});
    expect(parseConfig('', 'f').config).toEqual({});
  });
});

describe('its place', () => {
  it('is the flag, SDCTL_CONFIG, XDG_CONFIG_HOME, HOME, nothing', () => {
    const env = { SDCTL_CONFIG: '/s', XDG_CONFIG_HOME: '/x', HOME: '/h' };
    expect(locateConfig('/f', env, 'linux')?.path).toBe('/f');
    expect(locateConfig(undefined, env, 'linux')?.path).toBe('/s');
    expect(locateConfig(undefined, { ...env, SDCTL_CONFIG: '' }, 'linux')?.path).toBe('/x/sdctl/config.yaml');
    expect(locateConfig(undefined, { HOME: '/h' }, 'linux')?.path).toBe('/h/.config/sdctl/config.yaml');
    expect(locateConfig(undefined, {}, 'linux')).toBeNull();
  });

  it('must exist only when the flag names it', async () => {
    const missing = path.join(makeTempDir('config'), 'none.yaml');
    expect(await loadConfig({ path: missing, from: 'SDCTL_CONFIG' })).toEqual({});
    await expect(loadConfig({ path: missing, from: '--config' })).rejects.toMatchObject({ code: 'E_CONFIG' });
  });
});

describe('a change', () => {
  const text =
    '# mine\nversion: 1\ncontexts:\n  a: # first\n    backend: etcd\n    servers: [http://h:2379] # one\n';

  it('keeps comments, is private, and leaves nothing beside the file', async () => {
    const folder = path.join(makeTempDir('config'), 'sdctl');
    const file = path.join(folder, 'config.yaml');
    await editConfig({ path: file, from: 'HOME' }, (document) =>
      setAt(document, ['defaults', 'timeout'], '10s'),
    );
    writeFileSync(file, text, { mode: 0o644 });
    await editConfig({ path: file, from: 'HOME' }, (document) =>
      setAt(document, ['contexts', 'a', 'protected'], true),
    );
    const changed = readFileSync(file, 'utf8');
    for (const comment of ['# mine', '# first', '# one']) expect(changed).toContain(comment);
    expect(changed).toContain('protected: true');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it('that would be wrong changes nothing', async () => {
    const file = path.join(makeTempDir('config'), 'config.yaml');
    writeFileSync(file, text);
    const edit = async (keys: readonly string[], value: unknown): Promise<void> =>
      editConfig({ path: file, from: 'HOME' }, (document) => setAt(document, keys, value));
    await expect(edit(['contexts', 'a', 'backend'], 'etdc')).rejects.toMatchObject({ code: 'E_CONFIG' });
    await expect(edit(['version', 'x'], 1)).rejects.toMatchObject({ code: 'E_USAGE' });
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it('of many at once leaves nothing out', async () => {
    const folder = makeTempDir('config');
    const file = path.join(folder, 'config.yaml');
    const names = Array.from({ length: 20 }, (_, index) => `c${index}`);
    const firsts = await Promise.all(
      names.map(async (name) =>
        editConfig({ path: file, from: 'HOME' }, (document, config) => {
          setAt(document, ['contexts', name, 'backend'], 'local');
          return config.contexts === undefined;
        }),
      ),
    );
    const { contexts } = parseConfig(readFileSync(file, 'utf8'), file).config;
    expect(Object.keys(contexts ?? {}).sort()).toEqual(names.sort());
    expect(firsts.filter(Boolean)).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['config.yaml']);
  });

  it('says what stands in the way of its turn', async () => {
    const file = path.join(makeTempDir('config'), 'config.yaml');
    writeFileSync(`${file}.lock`, '');
    await expect(editConfig({ path: file, from: 'HOME' }, () => undefined)).rejects.toMatchObject({
      code: 'E_CONFIG',
      why: expect.stringContaining('config.yaml.lock does not go away') as string,
    });
  });

  it('puts no file in the place of something else', async () => {
    const folder = makeTempDir('config');
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Somebody writes into it, so that reading it ends.
    spawn('sh', ['-c', `: > '${pipe}'`], { stdio: 'ignore' });
    await expect(editConfig({ path: pipe, from: '--config' }, () => undefined)).rejects.toMatchObject({
      code: 'E_CONFIG',
      why: 'it is not a regular file',
    });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect(readdirSync(folder)).toEqual(['pipe']);
  });

  it('reaches the file behind a link', async () => {
    const folder = makeTempDir('config');
    mkdirSync(path.join(folder, 'dotfiles'));
    const [real, link] = [path.join(folder, 'dotfiles', 'sdctl.yaml'), path.join(folder, 'config.yaml')];
    writeFileSync(real, text);
    symlinkSync(real, link);
    await editConfig({ path: link, from: 'HOME' }, (document) => setAt(document, ['currentContext'], 'a'));
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('currentContext: a');
  });
});

describe('a mask', () => {
  it.each([
    ['http://ops:s3cr3t@h:1', 'http://***@h:1'],
    ['http://ops:p/s@w@rd@h:1', 'http://***@h:1'],
    ['--server=https://ops:s3cr3t@h', '--server=https://***@h'],
    ['ops:s3cr3t@h', '***@h'],
    ['http://h:1', 'http://h:1'],
  ])('of %s', (text, expected) => {
    expect(maskUserInfo(text)).toBe(expected);
  });

  it('goes through a whole value', () => {
    expect(maskDeep({ a: ['http://u:p@h'], b: { c: 'x@y' } })).toEqual({
      a: ['http://***@h'],
      b: { c: 'x@y' },
    });
  });
});

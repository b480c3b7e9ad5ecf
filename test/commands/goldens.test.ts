/** What every command prints in every format, byte for byte. `npm run test:golden -- -u` writes the goldens anew. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import stringWidth from 'string-width';
import { beforeAll, describe, expect, it } from 'vitest';
import { runBinary } from '../support/binary.js';
import { fleet, writeRegistry } from '../support/registry-folder.js';
import { makeTempDir } from '../support/servers/lifetime.js';

const home = makeTempDir('golden');
const registry = path.join(home, 'state', 'sdctl', 'registry');
const config = path.join(home, 'config', 'sdctl', 'config.yaml');

const lost = path.join(home, 'lost.yaml');

const configText = `version: 1
currentContext: dev
contexts:
  dev:
    backend: local
    directory: ~/state/sdctl/registry
  prod-eu:
    backend: etcd
    servers: [https://10.0.0.5:2379, https://10.0.0.6:2379, https://10.0.0.7:2379]
    layout: sdctl
    tls: {caFile: /etc/sdctl/ca.pem}
    auth: {username: ops, passwordFile: /etc/sdctl/password}
    protected: true
  stage:
    backend: consul
    servers: [https://consul.stage:8501]
    datacenter: dc2
    auth: {tokenEnv: STAGE_CONSUL_TOKEN}
    readOnly: true
`;

const formats = ['table', 'wide', 'tsv', 'name', 'json', 'jsonl', 'yaml'];
const lists: Readonly<Record<string, readonly string[]>> = {
  list: ['list'],
  'list-order': ['list', 'order'],
  'list-none': ['list', 'nothing-here'],
  resolve: ['resolve', 'order', '--all', '--include', 'warning'],
  'context-list': ['context', 'list'],
};

/** Times, the rest of a lease and temporary folders, as words of the same kind. */
function steady(text: string): string {
  return text
    .replaceAll(home, '/home')
    .replace(/"takenAt": ?"[^"]+"/g, '"takenAt":"<time>"')
    .replace(/takenAt: \S+/g, 'takenAt: <time>')
    .replace(/\b7[12]\d\ds/g, '7200s')
    .replace(/\b7[12]\d\d\.\d+/g, '<left>');
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const { stdout, stderr, ended } = await runBinary(args, { home, env });
  const said = stderr === '' ? '' : `--- stderr\n${stderr}`;
  return steady(`$ sdctl ${args.join(' ')}\n${stdout}${said}--- exit ${ended.code}\n`);
}

beforeAll(() => {
  mkdirSync(path.dirname(config), { recursive: true });
  writeFileSync(config, configText);
  writeFileSync(lost, 'currentContext: gone\n');
  writeRegistry(registry, fleet);
});

const golden = (name: string): string => `golden/${name}.txt`;

describe('every format', () => {
  it.each(Object.entries(lists))('of %s', async (name, args) => {
    let text = '';
    for (const format of formats) text += await run([...args, '-o', format]);
    await expect(text).toMatchFileSnapshot(golden(name));
  });

  it('of one context, one value, the settings and the version', async () => {
    let text = '';
    for (const format of ['table', 'tsv', 'name', 'json', 'yaml'])
      text += await run(['context', 'show', 'prod-eu', '-o', format]);
    for (const format of ['name', 'json', 'yaml'])
      text += await run(['config', 'get', 'contexts.stage', '-o', format]);
    for (const format of ['table', 'tsv', 'json'])
      text += await run(['config', 'view', '--sources', '-o', format]);
    for (const format of ['table', 'json']) text += await run(['config', 'path', '-o', format]);
    const text2 = await run(['version', '-o', 'name']);
    await expect(text + text2).toMatchFileSnapshot(golden('settings'));
  });

  it('of failures', async () => {
    const failures = [
      ['list', 'nothing-here'],
      ['list', 'order/i-9'],
      ['list', '--timeout', '30'],
      ['list', '-o', 'xml'],
      ['list', '--fields', 'nope'],
      ['list', '-l', 'a=(b'],
      ['resolve', 'käse'],
      ['watch', '--until', 'passing>=many'],
      ['watch', '', '--until', 'passing>=1'],
      ['resolve', ''],
      ['register', 'order'],
      ['register', 'order', '--endpoint', 'http://0.0.0.0:80'],
      ['register', 'order', '--endpoint', 'http://ops:s3cr3t@10.0.0.5:80'],
      ['deregister', 'order'],
      ['context', 'use', 'prdo-eu'],
      ['config', 'set', 'defaults.timeuot', '5s'],
      ['config', 'set', 'currentContext', 'prdo-eu'],
      ['config', 'validate', '--config', lost],
      ['lsit'],
      [''],
    ];
    let text = '';
    for (const args of failures)
      text += (await run(args)) + (await run([...args, '-o', args.includes('-o') ? 'name' : 'json']));
    await expect(text).toMatchFileSnapshot(golden('failures'));
  });
});

describe('tables', () => {
  it.each([40, 80, 200])('at %i columns', async (width) => {
    const wide = ['--width', String(width), '-o', 'table'];
    const text =
      (await run(['list', ...wide])) +
      (await run(['list', 'order', ...wide])) +
      (await run(['context', 'list', ...wide]));
    for (const line of text
      .split('\n')
      .filter(
        (each) => !each.startsWith('$') && !each.includes('could not be read') && !each.startsWith('  '),
      )) {
      expect(stringWidth(line), line).toBeLessThanOrEqual(Math.max(width, 80));
    }
    await expect(text).toMatchFileSnapshot(golden(`width-${width}`));
  });

  it('in colour, in words, in ASCII', async () => {
    let text = '';
    for (const dress of [
      ['--color', 'always'],
      ['--plain'],
      ['--ascii'],
      ['--no-headers'],
      ['--sort-by', 'service:desc'],
      ['--limit', '2'],
    ]) {
      text += await run(['list', '-o', 'table', ...dress]);
    }
    text += await run(['list', 'order', '--headers', '-o', 'tsv', '--fields', 'instance,health,endpoint']);
    await expect(text).toMatchFileSnapshot(golden('dress'));
  });
});

/** The lint rules that hold the architecture, tried on files that do not exist: what they refuse and what they let pass. */
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The project's own configuration, only without the rules that need types: a file that does not exist belongs to no
 * TypeScript project.
 */
const eslint = new ESLint({ cwd: root, overrideConfig: [tseslint.configs.disableTypeChecked] });

const watched = ['architecture/imports', 'architecture/process-global', 'no-restricted-syntax'];

/** Messages of the architecture's rules for `code` in the file `src/…`. */
async function lint(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${code}\n`, { filePath: `${root}${file}` });
  const messages = result?.messages ?? [];
  expect(messages.filter(({ fatal }) => fatal)).toEqual([]);
  return messages.filter(({ ruleId }) => ruleId !== null && watched.includes(ruleId)).map((m) => m.message);
}

const refused: readonly (readonly [file: string, code: string, says: RegExp])[] = [
  // packages
  ['src/lib/registry/open.ts', "import { Etcd3 } from 'etcd3'; Etcd3;", /src\/lib\/registry\/etcd\/ only/],
  ['src/lib/registry/consul/x.ts', "import type { IKeyValue } from 'etcd3/lib/rpc.js';", /etcd3/],
  ['src/lib/command/x.ts', "export const x = () => import('@grpc/grpc-js');", /@grpc\/grpc-js/],
  ['src/lib/render/x.ts', "export type X = import('@grpc/grpc-js').Channel;", /@grpc\/grpc-js/],
  ['src/lib/registry/etcd/x.ts', "export { default as C } from 'consul';", /registry\/consul\/ only/],
  ['src/lib/doctor/x.ts', "export * from 'consul/lib/health.js';", /registry\/consul\/ only/],
  ['src/commands/x.ts', "export const x = () => import('ink');", /lib\/tui\/ only/],
  ['src/lib/render/table.ts', "import React from 'react'; React;", /lib\/tui\/ only/],
  ['src/lib/command/x.ts', "import { parse } from 'yaml'; parse;", /config\/, src\/lib\/render\/ only/],
  [
    'src/lib/discovery/x.ts',
    "import { Flags } from '@oclif/core'; Flags;",
    /commands\/, src\/lib\/command\/ only/,
  ],
  // the process
  ['src/lib/command/x.ts', "import process from 'node:process'; process;", /deps\.ts only/],
  ['src/commands/x.ts', "import { env } from 'process'; env;", /deps\.ts only/],
  ['src/lib/config/x.ts', 'export const home = process.env.HOME;', /take it from Deps/],
  ['src/lib/registry/etcd/x.ts', 'globalThis.process.exit(1);', /take it from Deps/],
  ['src/commands/x.ts', "global['process'].exit(1);", /take it from Deps/],
  ['src/lib/registry/local/x.ts', 'const { process } = globalThis; process.exit(1);', /take it from Deps/],
  // direction
  ['src/lib/errors.ts', "import './model/instance.js';", /imports point the other way/],
  ['src/lib/model/x.ts', "import '../time/clock.js';", /imports point the other way/],
  ['src/lib/time/x.ts', "import '../config/file.js';", /imports point the other way/],
  ['src/lib/layouts/x.ts', "import '../registry/connection.js';", /imports point the other way/],
  ['src/lib/registry/x.ts', "import '../command/deps.js';", /imports point the other way/],
  ['src/lib/command/x.ts', "import '../../commands/list.js';", /imports point the other way/],
  [
    'src/lib/registry/x.ts',
    "export const x = () => import('../demo/run-fleet.js');",
    /imports point the other way/,
  ],
  ['src/commands/x.ts', "import '../lib/index.js';", /siblings/],
  // siblings
  ['src/lib/layouts/x.ts', "import '../time/clock.js';", /siblings/],
  ['src/lib/render/x.ts', "import '../registry/open.js';", /siblings/],
  ['src/lib/discovery/x.ts', "import '../render/safe-text.js';", /siblings/],
  ['src/lib/doctor/x.ts', "import '../config/file.js';", /siblings/],
  ['src/lib/config/x.ts', "import '../registry/claim.js';", /siblings/],
  ['src/lib/registry/x.ts', "import '../config/file.js';", /siblings/],
  // adapters
  ['src/lib/registry/keep-following.ts', "import './etcd/calls.js';", /belongs to its adapter/],
  ['src/lib/registry/etcd/x.ts', "import '../consul/call.js';", /belongs to its adapter/],
  ['src/lib/registry/local/x.ts', "import '../etcd/calls.js';", /belongs to its adapter/],
  ['src/lib/command/x.ts', "import '../registry/local/store.js';", /belongs to its adapter/],
  ['src/lib/index.ts', "import './registry/etcd/open-etcd.js';", /belongs to its adapter/],
  // the rest
  ['src/lib/helpers/x.ts', "import '../errors.js';", /is in no layer/],
  ['src/lib/model/x.ts', "import '../../../test/support/builders.js';", /outside src/],
  ['src/lib/model/x.ts', 'export default 1;', /default export/],
  ['src/lib/model/x.ts', 'const x = 1; export { x as default };', /default export/],
];

const allowed: readonly (readonly [file: string, code: string])[] = [
  ['src/lib/registry/etcd/x.ts', "import { Etcd3 } from 'etcd3'; import '@grpc/grpc-js'; Etcd3;"],
  ['src/lib/registry/consul/x.ts', "import Consul from 'consul'; Consul;"],
  ['src/lib/tui/ink/x.ts', "import { render } from 'ink'; import React from 'react'; React; render;"],
  ['src/lib/config/x.ts', "import { parse } from 'yaml'; parse;"],
  ['src/lib/render/x.ts', "export const x = () => import('yaml');"],
  ['src/commands/x.ts', "import { Args } from '@oclif/core'; export default Args;"],
  ['src/lib/command/x.ts', "import { Command } from '@oclif/core/command'; Command;"],
  ['src/lib/command/deps.ts', "import process from 'node:process'; process.exit(1);"],
  ['src/lib/command/x.ts', 'export const run = (process: { readonly id: string }) => process.id;'],
  ['src/commands/x.ts', "import '../lib/command/deps.js'; import '../lib/errors.js';"],
  [
    'src/lib/command/x.ts',
    "import '../registry/open.js'; import '../render/table.js'; import '../config/file.js';",
  ],
  ['src/lib/registry/open.ts', "export const x = () => import('./etcd/open-etcd.js');"],
  [
    'src/lib/registry/etcd/x.ts',
    "import '../types.js'; import '../../layouts/index.js'; import './calls.js';",
  ],
  [
    'src/lib/discovery/x.ts',
    "import '../registry/types.js'; import '../time/clock.js'; import '../model/instance.js';",
  ],
  ['src/lib/layouts/x.ts', "import '../registry/types.js';"],
  ['src/lib/config/x.ts', "import '../registry/connection.js'; import '../registry/server-url.js';"],
  ['src/lib/index.ts', "import './registry/local/open-local.js'; import './registry/open.js';"],
  ['bin/x.js', 'process.exit(1);'],
  ['scripts/x.mjs', "import process from 'node:process'; process.exit(1);"],
  ['bench/x.mjs', "import 'etcd3'; process.exit(1);"],
  ['test/unit/x.ts', "import '../../src/lib/registry/local/store.js'; process.exit(1);"],
];

describe('the architecture as lint', { timeout: 60_000 }, () => {
  it.each(refused)('refuses in %s: %s', async (file, code, says) => {
    const messages = await lint(file, code);
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(says);
  });

  it.each(allowed)('allows in %s: %s', async (file, code) => {
    expect(await lint(file, code)).toEqual([]);
  });

  it('has the rules that need types and files switched on', async () => {
    const rules = (await new ESLint({ cwd: root }).calculateConfigForFile(`${root}src/lib/errors.ts`)) as {
      readonly rules: Readonly<Record<string, readonly [severity: number]>>;
    };
    const severities = [
      '@typescript-eslint/no-explicit-any',
      '@typescript-eslint/no-non-null-assertion',
      '@typescript-eslint/no-floating-promises',
      'eslint-comments/require-description',
      'import-x/no-cycle',
    ].map((name) => [name, rules.rules[name]?.[0]]);
    expect(severities.filter(([, severity]) => severity !== 2)).toEqual([]);
  });
});

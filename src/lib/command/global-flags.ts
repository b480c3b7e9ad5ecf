import { Flags } from '@oclif/core';

/** Where to go and as whom; read by `config/settings.ts`. */
const connectionFlags = {
  context: Flags.string({
    char: 'c',
    description: 'named registry of the config file',
    helpGroup: 'REGISTRY',
    helpValue: 'NAME',
  }),
  config: Flags.string({ description: 'config file', helpGroup: 'REGISTRY', helpValue: 'FILE' }),
  backend: Flags.string({
    description: 'kind of registry: etcd, consul or local',
    helpGroup: 'REGISTRY',
    helpValue: 'KIND',
  }),
  server: Flags.string({
    description: 'registry address, repeatable or a comma list',
    helpGroup: 'REGISTRY',
    helpValue: 'URL',
    multiple: true,
    multipleNonGreedy: true,
  }),
  dir: Flags.string({
    description: 'directory of the embedded registry',
    helpGroup: 'REGISTRY',
    helpValue: 'DIR',
  }),
  layout: Flags.string({
    description: 'key and value scheme: auto, or a name such as kratos (sdctl list --layouts)',
    helpGroup: 'REGISTRY',
    helpValue: 'NAME',
  }),
  prefix: Flags.string({
    description:
      "etcd root, repeatable (default: that of the layout, else /services/; '' is the whole store)",
    helpGroup: 'REGISTRY',
    helpValue: 'KEY',
    multiple: true,
    multipleNonGreedy: true,
  }),
  datacenter: Flags.string({ description: 'Consul datacenter', helpGroup: 'REGISTRY', helpValue: 'NAME' }),
  namespace: Flags.string({ description: 'Consul namespace', helpGroup: 'REGISTRY', helpValue: 'NAME' }),
  partition: Flags.string({
    description: 'Consul admin partition',
    helpGroup: 'REGISTRY',
    helpValue: 'NAME',
  }),
  'ca-file': Flags.string({
    description: 'CA that signed the server certificate',
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
  }),
  'cert-file': Flags.string({ description: 'client certificate', helpGroup: 'REGISTRY', helpValue: 'FILE' }),
  'key-file': Flags.string({
    description: 'key of the client certificate',
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
  }),
  'tls-server-name': Flags.string({
    description: 'name expected in the server certificate',
    helpGroup: 'REGISTRY',
    helpValue: 'NAME',
  }),
  'insecure-skip-verify': Flags.boolean({
    description: 'do not check the server certificate',
    helpGroup: 'REGISTRY',
  }),
  username: Flags.string({ description: 'user name', helpGroup: 'REGISTRY', helpValue: 'NAME' }),
  'password-file': Flags.string({
    description: 'file with the password, - for standard input',
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
  }),
  'token-file': Flags.string({
    description: 'file with the token, - for standard input',
    helpGroup: 'REGISTRY',
    helpValue: 'FILE',
  }),
  timeout: Flags.string({
    description: 'bound of the whole network part (5s, lists 20s); on watch the whole wait',
    helpGroup: 'REGISTRY',
    helpValue: 'DUR',
  }),
};

const outputFlags = {
  output: Flags.string({
    char: 'o',
    description: 'table, wide, tsv, name, json, jsonl or yaml',
    helpGroup: 'OUTPUT',
    helpValue: 'FORMAT',
  }),
  json: Flags.boolean({ description: 'same as -o json', helpGroup: 'OUTPUT' }),
  quiet: Flags.boolean({ char: 'q', description: 'only the answer and errors', helpGroup: 'OUTPUT' }),
  verbose: Flags.boolean({
    char: 'v',
    description: 'also say servers, retries and timings',
    helpGroup: 'OUTPUT',
  }),
  debug: Flags.boolean({ description: 'also print causes and stacks, secrets masked', helpGroup: 'OUTPUT' }),
  color: Flags.string({ description: 'auto, always or never', helpGroup: 'OUTPUT', helpValue: 'WHEN' }),
  ascii: Flags.boolean({ description: 'ASCII glyphs only', helpGroup: 'OUTPUT' }),
  width: Flags.string({ description: 'columns to use', helpGroup: 'OUTPUT', helpValue: 'N' }),
  plain: Flags.boolean({ description: 'append-only output, words in place of glyphs', helpGroup: 'OUTPUT' }),
  'log-file': Flags.string({
    description: 'also write diagnostics to this file as JSON lines',
    helpGroup: 'OUTPUT',
    helpValue: 'FILE',
  }),
};

/** On every command. */
export const globalFlags = { ...connectionFlags, ...outputFlags };

/** On commands that print lists. */
export const listFlags = {
  fields: Flags.string({
    description: 'fields of json, jsonl, yaml, or columns of tsv and tables, comma list',
    helpValue: 'a,b',
  }),
  'sort-by': Flags.string({ description: 'column, :desc for the reverse', helpValue: 'FIELD' }),
  'no-headers': Flags.boolean({ description: 'no header line in tables' }),
  headers: Flags.boolean({ description: 'header line in tsv' }),
  limit: Flags.string({ description: 'at most this many rows', helpValue: 'N' }),
};

/** On commands that choose among instances. */
export const selectFlags = {
  selector: Flags.string({
    char: 'l',
    description: 'by metadata: zone=a,version!=1.2,tier in (a,b),canary,!legacy',
    helpValue: 'SELECTOR',
  }),
  tag: Flags.string({
    description: 'has this tag, repeatable: all must match',
    helpValue: 'TAG',
    multiple: true,
    multipleNonGreedy: true,
  }),
  health: Flags.string({
    description: 'passing, warning, critical, maintenance, disabled, unknown; comma list',
    helpValue: 'STATES',
  }),
};

/** On commands that ask before they write. */
export const confirmFlags = {
  yes: Flags.boolean({ char: 'y', description: 'confirm without a prompt' }),
  confirm: Flags.string({ description: 'text that would be typed at the prompt', helpValue: 'TEXT' }),
  'no-input': Flags.boolean({ description: 'never prompt' }),
  'dry-run': Flags.boolean({ description: 'say what would change, change nothing' }),
};

/** Letters that stand alone before a command, for the argument normaliser: flags with a value, and without. */
export function globalFlagTokens(): {
  readonly withValue: ReadonlySet<string>;
  readonly alone: ReadonlySet<string>;
} {
  const withValue = new Set<string>();
  const alone = new Set<string>();
  for (const [name, flag] of Object.entries(globalFlags)) {
    const into = flag.type === 'boolean' ? alone : withValue;
    into.add(`--${name}`);
    if (flag.char !== undefined) into.add(`-${flag.char}`);
  }
  return { withValue, alone };
}

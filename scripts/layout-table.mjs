/**
 * The table of layouts in the README, made of the layouts themselves.
 *
 * `npm run docs` writes it; a test compares.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const root = path.dirname(import.meta.dirname);
const file = path.join(root, 'README.md');
const BEGIN = '<!-- layouts: written by npm run docs -->';
const END = '<!-- end of layouts -->';

/** From the build, which is what users get. */
async function load() {
  const [etcd, consul] = await Promise.all([
    import('../dist/lib/layouts/etcd/index.js'),
    import('../dist/lib/layouts/consul/index.js'),
  ]);
  return { etcd: etcd.etcdLayouts, consul: consul.consulLayouts };
}

const HEAD = [
  'Layout',
  'Root',
  'TTL',
  'sdctl',
  'After deleting the key, its process alive',
  'After revoking its lease',
  'Tested by',
];

function etcdRow({ name, root: place, facts, writer }) {
  const uses = facts.readOnly
    ? 'reads, never writes or removes'
    : writer === undefined
      ? 'reads'
      : 'reads, registers';
  const tested = writer === undefined ? 'entries' : 'entries, strict reader';
  return [
    `\`${name}\``,
    place === '' ? 'any' : `\`${place}\``,
    ttlText(writer === undefined ? facts.defaultTtlSeconds : writer.ttlSeconds),
    uses,
    facts.afterDelete.text,
    facts.afterRevoke.text,
    `${tested}; etcd 3.4, 3.5`,
  ];
}

function consulRow({ name, facts }) {
  const uses = name === 'sdctl' ? 'reads, registers' : 'reads';
  return [
    `\`${name}\``,
    ttlText(facts.defaultTtlSeconds),
    uses,
    facts.afterDelete.text,
    'entries; Consul 1.8.7',
  ];
}

function ttlText(seconds) {
  if (seconds === null) return "application's";
  return seconds === 0 ? 'none' : `${seconds} s`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The part of the README between the marks. */
export async function layoutTables() {
  const { etcd, consul } = await load();
  const seen = new Set();
  const once = consul.filter(({ name }) => !seen.has(name) && seen.add(name));
  return [
    'On etcd, in the order of detection:',
    table(HEAD, etcd.map(etcdRow)),
    'On Consul, in the order of detection; names are accepted without `consul-` too:',
    table(['Layout', 'TTL', 'sdctl', 'After a removal, its process alive', 'Tested by'], once.map(consulRow)),
  ].join('\n\n');
}

/** The README with the tables that belong in it. */
export async function withTables(text) {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error('README.md has no place for the layouts');
  const next = `${text.slice(0, begin)}${BEGIN}\n\n${await layoutTables()}\n\n${text.slice(end)}`;
  return format(next, { ...(await resolveConfig(file)), filepath: file });
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(file, await withTables(readFileSync(file, 'utf8')));

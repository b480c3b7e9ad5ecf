/**
 * Getting Debian packages of the tested servers without installing them: apt runs with its own sources, lists
 * and cache, on the mirror this machine already uses, and `dpkg -x` unpacks the result. Nothing of the system's
 * own apt state is read for writing, so it works for a user without privileges too.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Suites older than the machine may be signed by keys that only these keyrings hold. */
const KEYRINGS = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-removed-keys.gpg',
];

/** The two etcd packages share one folder so that etcdctl lies beside etcd. */
export const PACKAGE_SETS = {
  'etcd-3.4': {
    suite: 'bookworm',
    packages: ['etcd-server', 'etcd-client'],
    files: [/^etcd-server_3\.4.*\.deb$/, /^etcd-client_3\.4.*\.deb$/],
  },
  'etcd-3.5': {
    suite: 'trixie',
    packages: ['etcd-server', 'etcd-client'],
    files: [/^etcd-server_3\.5.*\.deb$/, /^etcd-client_3\.5.*\.deb$/],
  },
  // The newest there is: releases from 3.5.28 on hide more from ordinary users. The tests do without, see recentEtcd.
  'etcd-recent': {
    suite: 'sid',
    packages: ['etcd-server', 'etcd-client'],
    files: [
      /^etcd-server_3\.(5\.(2[89]|[3-9]\d)|[6-9]).*\.deb$/,
      /^etcd-client_3\.(5\.(2[89]|[3-9]\d)|[6-9]).*\.deb$/,
    ],
  },
  consul: { suite: 'bullseye', packages: ['consul'], files: [/^consul_1\..*\.deb$/] },
};

/** @param {string} message */
export const say = (message) => void process.stderr.write(`fetch-servers: ${message}\n`);

/** True where apt can be used at all: Debian itself, not a derivative whose mirror lacks Debian's suites. */
export async function isDebian() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID="?debian"?$/m.test(release) && existsSync('/usr/bin/apt-get');
}

/** Every `deb` entry of one-line and deb822 sources as {uri, suites, components, signedBy}. */
async function aptSources() {
  const folder = '/etc/apt/sources.list.d';
  const names = await readdir(folder).catch(() => []);
  const files = ['/etc/apt/sources.list', ...names.map((name) => path.join(folder, name))];
  const entries = [];
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => '');
    entries.push(...(file.endsWith('.sources') ? parseDeb822(text) : parseOneLine(text)));
  }
  return entries;
}

/** @param {string} text */
export function parseOneLine(text) {
  const entries = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]+)/.exec(line);
    if (match === null) continue;
    const signedBy = /signed-by=(\S+)/i.exec(match[1] ?? '')?.[1];
    entries.push({ uri: match[2], suites: [match[3]], components: match[4].trim().split(/\s+/), signedBy });
  }
  return entries;
}

/** @param {string} text */
export function parseDeb822(text) {
  const entries = [];
  for (const stanza of text.split(/\n\s*\n/)) {
    const lines = stanza.split('\n').filter((line) => !line.startsWith('#'));
    const fields = new Map();
    for (const line of lines) {
      const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
      if (match !== null) fields.set(match[1].toLowerCase(), match[2].trim().split(/\s+/));
    }
    if (!fields.get('types')?.includes('deb') || fields.get('enabled')?.[0] === 'no') continue;
    for (const uri of fields.get('uris') ?? []) {
      entries.push({
        uri,
        suites: fields.get('suites') ?? [],
        components: fields.get('components') ?? [],
        signedBy: fields.get('signed-by')?.[0],
      });
    }
  }
  return entries;
}

/** The mirror that serves this release's main component; it serves the other releases' as well. */
async function debianMirror() {
  const release = await readFile('/etc/os-release', 'utf8');
  const codename = /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(release)?.[1] ?? '';
  const wanted = new Set([codename, 'stable', 'testing', 'unstable', 'sid']);
  const entries = await aptSources();
  const found = entries.find((e) => e.components.includes('main') && e.suites.some((s) => wanted.has(s)));
  if (found === undefined) throw new Error("no Debian mirror in this machine's apt sources");
  return found;
}

/** An apt configuration that keeps the machine's proxy settings and nothing else (no hooks, no other sources). */
async function writeAptConfig(home, sourceLine) {
  for (const dir of ['lists/partial', 'cache/archives/partial', 'state', 'log', 'debs']) {
    await mkdir(path.join(home, dir), { recursive: true });
  }
  await writeFile(path.join(home, 'sources.list'), sourceLine);
  await writeFile(path.join(home, 'state/status'), '');
  const { stdout } = await run('apt-config', ['dump'], { env: { ...process.env, LC_ALL: 'C' } });
  const network = stdout.split('\n').filter((l) => /^Acquire::(https?|ftp|Retries|ForceIPv[46])\b/i.test(l));
  const config = path.join(home, 'apt.conf');
  const own = {
    'Dir::Etc::main': '/dev/null',
    'Dir::Etc::parts': '/dev/null',
    'Dir::Etc::sourcelist': path.join(home, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': path.join(home, 'state'),
    'Dir::State::lists': path.join(home, 'lists'),
    'Dir::State::status': path.join(home, 'state/status'),
    'Dir::Cache': path.join(home, 'cache'),
    'Dir::Log': path.join(home, 'log'),
    // The lists live in a folder only this user can read; apt's own sandbox user could not open them.
    'APT::Sandbox::User': '',
    'Acquire::Languages': 'none',
    // An archived suite keeps its signature but its Release file is past its date.
    'Acquire::Check-Valid-Until': 'false',
  };
  const lines = Object.entries(own).map(([name, value]) => `${name} "${value}";`);
  await writeFile(config, [...network, ...lines, ''].join('\n'));
  return config;
}

/**
 * Downloads one package set from the machine's mirror into `into` and returns the files. Signatures are always
 * verified; a suite whose key no keyring here holds fails, and SDCTL_SERVER_PACKAGES is the way around.
 */
async function downloadSet(set, home) {
  const mirror = await debianMirror();
  const keyrings = [
    ...new Set([...(mirror.signedBy?.startsWith('/') ? [mirror.signedBy] : []), ...KEYRINGS]),
  ];
  const present = keyrings.filter((file) => existsSync(file));
  const options = present.length > 0 ? `[signed-by=${present.join(',')}] ` : '';
  const config = await writeAptConfig(home, `deb ${options}${mirror.uri} ${set.suite} main\n`);
  const env = { ...process.env, APT_CONFIG: config, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const debs = path.join(home, 'debs');
  say(`reading the package list of ${set.suite} from this machine's Debian mirror`);
  await run('apt-get', ['-q', 'update', '--error-on=any'], { env, timeout: 180_000 });
  say(`downloading ${set.packages.join(', ')} (${set.suite})`);
  await run('apt-get', ['-q', 'download', ...set.packages], { env, cwd: debs, timeout: 180_000 });
  const files = await readdir(debs);
  return files.filter((name) => name.endsWith('.deb')).map((name) => path.join(debs, name));
}

/** The newest matching package of each pattern in a local folder. */
async function localSet(set, folder) {
  const names = (await readdir(folder)).sort();
  return set.files.map((pattern) => {
    const name = names.filter((candidate) => pattern.test(candidate)).at(-1);
    if (name === undefined) throw new Error(`SDCTL_SERVER_PACKAGES holds no file matching ${pattern.source}`);
    return path.join(folder, name);
  });
}

/**
 * Unpacks one set into `target`, from the mirror first and from SDCTL_SERVER_PACKAGES second. The folder appears
 * by rename, so a reader sees either nothing or all of it.
 */
export async function unpackSet(name, target) {
  const set = PACKAGE_SETS[name];
  const home = await mkdtemp(path.join(tmpdir(), 'sdctl-apt-'));
  try {
    const files = await packageFiles(set, home);
    await mkdir(path.dirname(target), { recursive: true });
    const staging = await mkdtemp(`${target}.new-`);
    for (const file of files) {
      say(`unpacking ${path.basename(file)}`);
      await run('dpkg', ['-x', file, staging]);
    }
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function packageFiles(set, home) {
  const folder = process.env.SDCTL_SERVER_PACKAGES;
  try {
    if (!(await isDebian())) throw new Error('not a Debian system');
    return await downloadSet(set, home);
  } catch (error) {
    const reason = String(error.stderr || error.message).trim();
    if (!folder) throw new Error(reason, { cause: error });
    say(`the mirror did not serve ${set.suite} (${reason.split('\n')[0]}); using SDCTL_SERVER_PACKAGES`);
    return localSet(set, folder);
  }
}

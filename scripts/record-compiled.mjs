/** `node scripts/record-compiled.mjs ARGUMENTS…`: one run of the built program, whose compiled code is kept for the next ones. */
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';

const root = path.dirname(import.meta.dirname);
const { recordProgram } = createRequire(import.meta.url)('../dist/lib/chunks/loader.cjs');
await recordProgram().main(
  pathToFileURL(path.join(root, 'bin/run.js')).href,
  process.argv[2] === 'top' ? imitatedTerminal() : {},
);

/** A terminal and a registry for the interactive view, which paints a little and is left. */
function imitatedTerminal() {
  const nothing = () => undefined;
  const listening = () => nothing;
  const device = {
    size: () => ({ columns: 160, rows: 45 }),
    setRaw: nothing,
    onInput(listener) {
      const keys = ['j', '\r', '\r', '2', '4', '3', '?', '\x1b', '/', 'a', '\r', '1', '\x03'];
      keys.forEach((key, index) => setTimeout(() => listener(key), 400 + index * 60));
      return nothing;
    },
    onInputEnd: listening,
    onResize: listening,
    onSignal: listening,
    onExit: listening,
    stopSelf: nothing,
    pause: nothing,
    later(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
    write: (bytes) => bytes.length,
    close: nothing,
  };
  const stdout = {
    isTerminal: true,
    columns: 160,
    failure: null,
    closed: new AbortController().signal,
    takes: () => false,
    write: nothing,
    flush: async () => undefined,
  };
  return {
    stdinIsTerminal: true,
    stdout,
    env: { TERM: 'xterm', LANG: 'C.UTF-8', HOME: process.env.HOME },
    openTerminal: () => device,
    openRegistry: async () => imitatedRegistry(),
  };
}

function imitatedRegistry() {
  const instance = (id, health) => ({
    service: 'order',
    id,
    endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 8080 }],
    health,
    healthReason: null,
    metadata: { tier: 'gold' },
    tags: ['canary'],
    version: '1.0.0',
    weight: null,
    effectiveWeight: null,
    zone: 'a',
    namespace: null,
    node: null,
    lease: { id: `lease-${id}`, ttlSeconds: 30, leftSeconds: 20 },
    owner: null,
    registeredAt: '2026-01-01T00:00:00.000Z',
    key: `/services/order/${id}`,
    root: '/services/',
    layout: 'sdctl',
    revision: '1',
    checks: [],
    nodeChecks: [],
    warnings: [],
    readOnly: false,
    consul: null,
  });
  const snapshot = {
    service: null,
    instances: [instance('a', 'passing'), instance('b', 'critical')],
    undecoded: [],
    skipped: [],
    revision: '1',
    takenAtMs: 0,
    partial: false,
  };
  const at = new Date(0).toISOString();
  return {
    backend: 'etcd',
    capabilities: { readableTtl: true, nodes: false, adviseMinTtlMs: null, remote: false },
    registry: {
      async *watch(_service, { signal }) {
        yield { type: 'synced', at, revision: '1', snapshot };
        yield {
          type: 'left',
          at,
          revision: '2',
          instance: snapshot.instances[0],
          reason: 'deleted',
          resync: false,
        };
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
      },
    },
    operations: {
      leases: async (ids) =>
        new Map(ids.map((id) => [id, { id, grantedSeconds: 30, leftSeconds: 20, isOverdue: false }])),
      leaseIds: async () => ({ ids: [], hidden: [] }),
      readLease: async () => null,
      status: async () => [],
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

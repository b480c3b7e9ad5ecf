/** What the view shows while something is broken, and how soon it is true again. Times are compared with limits. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { seededRandom } from '../../src/lib/demo/seeded-random.js';
import { faultRow, sinceMs, type Row } from '../faults/fault-row.js';
import { scanTable } from '../support/view/screen-table.js';
import {
  consulTruth,
  etcdTruth,
  localTruth,
  type Truth,
  type TruthBackend,
  type TruthEntry,
} from '../support/view/truth-backends.js';
import { ViewTerminal } from '../support/view/view-terminal.js';

const SLOW = { timeout: 240_000 };
const WITHIN_MS = 20_000;
const SERVICES = 10;
const FIRST = 40;
const TTL_SECONDS = 120;
const AWAY_MS = 12_000;
/** From the end of a fault on. */
const TRUE_MS = 3_000;
/** Five times what the view needs, and far from what a leak makes of it in the time of a test. */
const MOST_GROWTH_MB = 80;

interface Backend {
  readonly name: string;
  readonly open: () => Promise<TruthBackend>;
  /** How long the view may take to notice a server that hangs. */
  readonly hungMs: number;
}

const servers: readonly Backend[] = [
  { name: 'etcd 3.5', open: etcdTruth, hungMs: 8_500 },
  { name: 'consul', open: consulTruth, hungMs: 6_000 },
];
const backends: readonly Backend[] = [...servers, { name: 'local', open: localTruth, hungMs: 0 }];

/** Numbers for the report, beside those that are compared with limits. */
function note(name: string, what: string, value: string): void {
  console.info(`fault | ${name} | ${what} | ${value}`);
}

/** A registry with entries, a view that shows them, and somebody who changes them. */
class Scene {
  readonly backend: TruthBackend;
  readonly terminal: ViewTerminal;
  readonly #random = seededRandom('view-faults');
  readonly #there = new Map<string, TruthEntry>();
  #newest = 0;
  changes = 0;

  private constructor(backend: TruthBackend, terminal: ViewTerminal) {
    this.backend = backend;
    this.terminal = terminal;
  }

  static async open(backend: TruthBackend, keep: Row['keep']): Promise<Scene> {
    const terminal = keep(new ViewTerminal(['top', ...backend.args], { columns: 110, rows: 30 }));
    const scene = new Scene(backend, terminal);
    for (let count = 0; count < FIRST; count += 1) await scene.#put(scene.#newEntry());
    await scene.untilTrue(WITHIN_MS);
    return scene;
  }

  /** One change past sdctl: an entry more, another one, or one less. */
  async change(): Promise<void> {
    this.changes += 1;
    const kind = this.#random();
    const all = [...this.#there.values()];
    const one = all[Math.floor(this.#random() * all.length)];
    if (one === undefined || (kind < 0.4 && all.length < 2 * FIRST)) await this.#put(this.#newEntry());
    else if (kind < 0.7) await this.#put({ ...one, port: this.#port() });
    else {
      this.#there.delete(one.id);
      await this.backend.remove(one);
    }
  }

  async changeFor(ms: number, perSecond: number): Promise<void> {
    const startedMs = performance.now();
    for (let count = 1; ; count += 1) {
      const dueMs = startedMs + (count * 1_000) / perSecond;
      if (dueMs > startedMs + ms) return;
      await sleep(Math.max(0, dueMs - performance.now()));
      await this.change();
    }
  }

  /** Waits until the overview says LIVE and the numbers that the registry itself says. */
  async untilTrue(withinMs: number): Promise<number> {
    const truth = await this.#truth();
    const wanted = JSON.stringify([...truth].map(([service, all]) => [service, all.size]).sort());
    await this.terminal.until(
      (one) => / LIVE\b/.test(one.text()) && JSON.stringify(shownBy(one).sort()) === wanted,
      withinMs,
    );
    return performance.now();
  }

  /** Every endpoint of a service, on its own screen. */
  async compareService(): Promise<void> {
    const truth = await this.#truth();
    const [service, instances] = [...truth].sort(([, a], [, b]) => b.size - a.size)[0] ?? ['', new Map()];
    for (const key of [':', ...Array.from(`svc ${service}`), '\r']) await this.press(key);
    await this.terminal.until(`services › ${service}`, WITHIN_MS);
    const rows = await scanTable(this.terminal, ['INSTANCE', 'ENDPOINT']);
    const shown = new Map(rows.map(({ cells }) => [cells['INSTANCE'], cells['ENDPOINT']]));
    expect(shown).toEqual(instances);
    await this.press('1');
    await this.terminal.until(/^ services \(/m, WITHIN_MS);
  }

  async press(key: string): Promise<void> {
    this.terminal.press(key);
    await sleep(60);
  }

  /** Consul is a service of itself. */
  async #truth(): Promise<Truth> {
    return new Map([...(await this.backend.read())].filter(([service]) => service.startsWith('svc-')));
  }

  async #put(entry: TruthEntry): Promise<void> {
    this.#there.set(entry.id, entry);
    await this.backend.put(entry, TTL_SECONDS);
  }

  #newEntry(): TruthEntry {
    this.#newest += 1;
    const service = `svc-${Math.floor(this.#random() * SERVICES)}`;
    return {
      service,
      id: `i-${this.#newest}`,
      address: '10.0.0.1',
      port: this.#port(),
      version: '1.0.0',
    };
  }

  #port(): number {
    return 1_024 + Math.floor(this.#random() * 60_000);
  }
}

/** Service and number of instances, as the overview has them. */
function shownBy(terminal: ViewTerminal): (readonly [service: string, instances: number])[] {
  const rows = terminal.text().matchAll(/^.[●▲✖◼◌] (svc-\d+) +(\d+)/gm);
  return [...rows].map(([, service = '', count]) => [service, Number(count)] as const);
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
}

describe.concurrent.each(backends)('$name: a terminal that nobody reads', ({ name, open }) => {
  test('for 30 s of 20 changes a second', SLOW, () =>
    faultRow(`${name}: stalled terminal`, async ({ keep, measure }) => {
      const scene = await Scene.open(keep(await open()), keep);
      const { terminal } = scene;
      const before = { mb: residentMb(terminal.pid), bytes: terminal.received };
      terminal.stall();
      await scene.changeFor(30_000, 20);
      expect(scene.changes).toBeGreaterThan(500);
      expect(terminal.running).toBe(true);
      const grown = residentMb(terminal.pid) - before.mb;
      note(name, 'stalled: memory', `${before.mb} MB and ${grown} MB more after ${scene.changes} changes`);
      expect(grown).toBeLessThan(MOST_GROWTH_MB);
      terminal.resume();
      const resumedMs = performance.now();
      measure('true after it is read again', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - resumedMs);
      note(name, 'stalled: bytes', `${terminal.received - before.bytes} in all`);
      // Pictures that nobody could see were not written one after the other.
      expect(terminal.received - before.bytes).toBeLessThan(200_000);
      await scene.compareService();
    }),
  );

  test('SIGTERM ends it all the same', SLOW, () =>
    faultRow(`${name}: SIGTERM at a stalled terminal`, async ({ keep, measure }) => {
      const scene = await Scene.open(keep(await open()), keep);
      const { terminal } = scene;
      terminal.stall();
      // Until the kernel takes nothing any more.
      terminal.resize(200, 60);
      await scene.changeFor(5_000, 20);
      const { pid } = terminal;
      expect(existsSync(`/proc/${pid}`)).toBe(true);
      terminal.signal('SIGTERM');
      const signalledMs = performance.now();
      while (existsSync(`/proc/${pid}`) && sinceMs(signalledMs) < 10_000) await sleep(20);
      measure('ended after SIGTERM', 2_000, sinceMs(signalledMs));
      // The kernel took nothing of what gives the screen back, and there is nobody any more who could send it.
      terminal.resume();
      expect((await terminal.exit(WITHIN_MS)).code).toBe(143);
    }),
  );
});

describe.concurrent.each(backends)('$name: a view that is stopped', ({ name, open }) => {
  test('for 12 s, and goes on', SLOW, () =>
    faultRow(`${name}: view stopped`, async ({ keep, measure }) => {
      const scene = await Scene.open(keep(await open()), keep);
      scene.terminal.signal('SIGSTOP');
      await scene.changeFor(AWAY_MS, 10);
      scene.terminal.signal('SIGCONT');
      const continuedMs = performance.now();
      measure('true after SIGCONT', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - continuedMs);
      await scene.compareService();
    }),
  );
});

describe.concurrent.each(servers)('$name: a server that is away', ({ name, open, hungMs }) => {
  test.for(['frozen', 'killed'] as const)('%s for 12 s', SLOW, async (how) =>
    faultRow(`${name}: server ${how}`, async ({ keep, measure }) => {
      const backend = keep(await open());
      const scene = await Scene.open(backend, keep);
      const { terminal } = scene;
      const before = shownBy(terminal);
      const back = await backend.away?.(how);
      const awayMs = performance.now();
      await terminal.until('STALE', WITHIN_MS);
      measure('STALE', how === 'killed' ? 1_000 : hungMs, sinceMs(awayMs));
      // Nothing vanishes, nothing turns, and the other screens work.
      while (sinceMs(awayMs) < AWAY_MS) {
        expect(shownBy(terminal)).toEqual(before);
        expect(terminal.text()).toMatch(/STALE \d+s/);
        await sleep(200);
      }
      await useScreens(scene);
      expect(shownBy(terminal)).toEqual(before);
      await back?.();
      const backMs = performance.now();
      measure('LIVE and true after its return', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - backMs);
      await terminal.until(/back after \d+s: \d+ joined, \d+ left meanwhile/, WITHIN_MS);
      await scene.change();
      const changedMs = performance.now();
      measure('a change after that', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - changedMs);
      await scene.compareService();
    }),
  );
});

/** Every screen of its own, the help, and back. */
async function useScreens(scene: Scene): Promise<void> {
  for (const [key, shows] of [
    ['2', /^ leases\b/m],
    ['3', /^ events\b/m],
    ['4', /^ doctor\b/m],
    ['?', /help ─/],
    ['\x1b', /^ doctor\b/m],
    ['1', /^ services\b/m],
  ] as const) {
    await scene.press(key);
    await scene.terminal.until(shows, WITHIN_MS);
  }
}

test('local: a directory that is away is an empty registry, as list says', SLOW, () =>
  faultRow('local: directory away', async ({ keep, measure }) => {
    const backend = keep(await localTruth());
    const scene = await Scene.open(backend, keep);
    const directory = backend.args.at(-1) ?? '';
    renameSync(directory, `${directory}-away`);
    const awayMs = performance.now();
    await scene.terminal.until(/● LIVE[\s\S]*instances 0\b/, WITHIN_MS);
    measure('empty', TRUE_MS, sinceMs(awayMs));
    // What has left stays on the screen for ten seconds.
    await scene.terminal.until('No services', WITHIN_MS);
    renameSync(`${directory}-away`, directory);
    const backMs = performance.now();
    measure('LIVE and true after its return', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - backMs);
    await scene.compareService();
  }),
);

test('local: a file in place of the directory', SLOW, () =>
  faultRow('local: no directory', async ({ keep, measure }) => {
    const backend = keep(await localTruth());
    const scene = await Scene.open(backend, keep);
    const { terminal } = scene;
    const directory = backend.args.at(-1) ?? '';
    const before = shownBy(terminal);
    renameSync(directory, `${directory}-away`);
    writeFileSync(directory, '');
    const awayMs = performance.now();
    await terminal.until('STALE', WITHIN_MS);
    measure('STALE', 2_000, sinceMs(awayMs));
    while (sinceMs(awayMs) < AWAY_MS) {
      expect(shownBy(terminal)).toEqual(before);
      await sleep(200);
    }
    await useScreens(scene);
    rmSync(directory);
    renameSync(`${directory}-away`, directory);
    const backMs = performance.now();
    measure('LIVE and true after its return', TRUE_MS, (await scene.untilTrue(WITHIN_MS)) - backMs);
    await scene.compareService();
  }),
);

/**
 * Whether the view tells the truth: a registry is changed at random past sdctl, comes to rest, and then what stands on
 * the screen is compared with what the registry itself says.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../../src/lib/demo/seeded-random.js';
import { scanTable } from './screen-table.js';
import type { Truth, TruthBackend, TruthEntry } from './truth-backends.js';
import { ViewTerminal, type ViewTerminalOptions } from './view-terminal.js';

export interface TruthOptions {
  /** Everything that is decided at random follows from it. */
  readonly seed: string;
  readonly seconds: number;
  /** Default: once each for a server that can be taken away. */
  readonly outages?: readonly ('frozen' | 'killed')[];
  /** Told what happens, for a log. */
  readonly say?: (line: string) => void;
  readonly terminal?: ViewTerminalOptions;
  /** What starts the view; flags of the registry follow. Default `watch -i`. */
  readonly args?: readonly string[];
}

export interface TruthResult {
  readonly changes: number;
  /** Pictures of the whole overview that were compared. */
  readonly overviews: number;
  /** Services whose instances were compared one by one. */
  readonly services: number;
  readonly outages: number;
  /** Comparisons that were made once more because the registry changed while the screen was read. */
  readonly repeated: number;
}

const MOST_SERVICES = 40;
const MOST_INSTANCES = 10;
/** There from the beginning. */
const FIRST = 120;
const TTLS = [5, 8, 15, 30];
const CHANGE_MS = 6_000;
const REST_MS = 1_500;
const AWAY_MS = 12_000;
const BACK_MS = 3_000;
const START_MS = 20_000;
/** Services of a round that are looked into. */
const LOOKED_INTO = 3;

/** @throws {Error} with the seed, the differences and the screen when the view does not tell the truth */
export async function checkTruth(backend: TruthBackend, options: TruthOptions): Promise<TruthResult> {
  const say = options.say ?? (() => undefined);
  say(`${backend.name}, seed ${options.seed}`);
  await using terminal = new ViewTerminal([...(options.args ?? ['watch', '-i']), ...backend.args], {
    // Wide enough for whole endpoints, and narrower than where a second pane takes their place.
    columns: 110,
    rows: 30,
    ...options.terminal,
  });
  try {
    const check = new TruthCheck(backend, terminal, seededRandom(options.seed), say);
    return await check.run(options);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const again = new Error(`seed ${options.seed} on ${backend.name}: ${why}\n${terminal.text()}`, {
      cause: error,
    });
    throw again;
  }
}

class TruthCheck {
  readonly #backend: TruthBackend;
  readonly #terminal: ViewTerminal;
  readonly #random: () => number;
  readonly #say: (line: string) => void;
  readonly #there = new Map<string, TruthEntry>();
  #changes = 0;
  #overviews = 0;
  #services = 0;
  #repeated = 0;
  #newest = 0;
  #lastText = '';
  #sameSinceMs = 0;

  constructor(
    backend: TruthBackend,
    terminal: ViewTerminal,
    random: () => number,
    say: (line: string) => void,
  ) {
    this.#backend = backend;
    this.#terminal = terminal;
    this.#random = random;
    this.#say = say;
  }

  async run({ seconds, outages }: TruthOptions): Promise<TruthResult> {
    const endMs = performance.now() + seconds * 1_000;
    const planned = [...(this.#backend.away === null ? [] : (outages ?? (['frozen', 'killed'] as const)))];
    const count = planned.length;
    for (let count = 0; count < FIRST; count += 1) await this.#put(this.#newEntry());
    await this.#terminal.until('LIVE', START_MS);
    await this.#sortByName();
    while (performance.now() < endMs || planned.length > 0) {
      await this.#changeFor(CHANGE_MS);
      await this.#read();
      await sleep(REST_MS);
      await this.#compare();
      this.#say(`true after ${this.#changes} changes, ${this.#there.size} instances`);
      const how = planned.shift();
      if (how !== undefined) await this.#outage(how);
    }
    const [overviews, services, repeated] = [this.#overviews, this.#services, this.#repeated];
    return { changes: this.#changes, overviews, services, outages: count, repeated };
  }

  /** An order that does not change while it is read. */
  async #sortByName(): Promise<void> {
    for (let tries = 0; tries < 12; tries += 1) {
      if (/sort: (?:name|service)/.test(this.#terminal.text())) return;
      this.#terminal.press('s');
      await this.#terminal.settle(100);
    }
    throw new Error('the services cannot be sorted by name');
  }

  async #changeFor(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) {
      await this.#change();
      this.#changes += 1;
      await sleep(this.#below(300));
    }
  }

  async #change(): Promise<void> {
    const kind = this.#below(10);
    const existing = this.#pick([...this.#there.values()]);
    if (existing === undefined || kind < 5) return this.#put(this.#newEntry());
    if (kind < 7)
      return this.#put({ ...existing, port: 1_024 + this.#below(60_000), version: `1.${this.#below(9)}.0` });
    this.#there.delete(existing.id);
    if (kind < 9 || !this.#backend.expires) return this.#backend.remove(existing);
    this.#backend.neglect(existing);
  }

  async #put(entry: TruthEntry): Promise<void> {
    this.#there.set(entry.id, entry);
    await this.#backend.put(entry, this.#pick(TTLS) ?? 15);
  }

  /** Ids are never used twice; a service that is full gets none. */
  #newEntry(): TruthEntry {
    this.#newest += 1;
    const service = `svc-${String(this.#below(MOST_SERVICES)).padStart(2, '0')}`;
    const inService = [...this.#there.values()].filter((entry) => entry.service === service);
    const full = inService.length >= MOST_INSTANCES ? inService[0] : undefined;
    const id = full?.id ?? `i-${this.#newest}`;
    const address = `10.${this.#below(250)}.${this.#below(250)}.${1 + this.#below(250)}`;
    return { service, id, address, port: 1_024 + this.#below(60_000), version: '1.0.0' };
  }

  /** Takes the server away for a while; nothing is changed meanwhile but what runs out by itself. */
  async #outage(how: 'frozen' | 'killed'): Promise<void> {
    const back = await this.#backend.away?.(how);
    const endMs = performance.now() + AWAY_MS;
    await this.#terminal.until('STALE', AWAY_MS);
    this.#say(`${how}: STALE after ${Math.round(AWAY_MS - (endMs - performance.now()))} ms`);
    await sleep(Math.max(0, endMs - performance.now()));
    if (!this.#terminal.text().includes('STALE')) throw new Error(`${how}: the view is not STALE any more`);
    await back?.();
    const backMs = performance.now();
    await this.#terminal.until(
      (terminal) => / LIVE\b/.test(terminal.text()) && !terminal.text().includes('STALE'),
      BACK_MS,
    );
    this.#say(`${how}: LIVE after ${Math.round(performance.now() - backMs)} ms`);
    // True within three seconds: pictures are read until one is, and none later than that.
    for (;;) {
      const isLast = performance.now() - backMs > BACK_MS;
      const wrong = await this.#overviewFaults();
      if (wrong.length === 0) break;
      if (isLast) throw new Error(`${how}: not true ${BACK_MS} ms after the return: ${wrong.join('; ')}`);
      await sleep(100);
    }
    await this.#compare();
  }

  async #compare(): Promise<void> {
    const wrong = await this.#overviewFaults();
    if (wrong.length > 0) throw new Error(`the overview is not true: ${wrong.join('; ')}`);
    const truth = await this.#backend.read();
    for (let looked = 0; looked < LOOKED_INTO; looked += 1) {
      const service = this.#pick([...truth.keys()]);
      if (service !== undefined) await this.#compareService(service);
    }
  }

  async #overviewFaults(): Promise<readonly string[]> {
    this.#overviews += 1;
    return this.#atRest(
      async () => scanTable(this.#terminal, ['SERVICE', 'INST']),
      (truth, rows) =>
        differencesOf(
          new Map([...truth].map(([service, instances]) => [service, String(instances.size)])),
          new Map(rows.map(({ cells }) => [cells['SERVICE'] ?? '', cells['INST'] ?? ''])),
        ),
    );
  }

  async #compareService(service: string): Promise<void> {
    this.#services += 1;
    await this.#press(':');
    await this.#press(`svc ${service}`);
    await this.#terminal.until(`svc ${service}`, 5_000);
    await this.#press('\r');
    await this.#terminal.until(/\bINSTANCE\b.*\bENDPOINT\b/, 5_000);
    const wrong = await this.#atRest(
      async () => scanTable(this.#terminal, ['INSTANCE', 'ENDPOINT']),
      (truth, rows) =>
        differencesOf(
          truth.get(service) ?? new Map<string, string>(),
          new Map(rows.map(({ cells }) => [cells['INSTANCE'] ?? '', cells['ENDPOINT'] ?? ''])),
        ),
    );
    if (wrong.length > 0) throw new Error(`${service} is not true: ${wrong.join('; ')}`);
    await this.#press('1');
    await this.#terminal.until(/\bSERVICE\b.*\bINST\b/, 5_000);
  }

  /**
   * Reads the screen between two equal readings of a registry that has been at rest long enough. Leases run out at any
   * moment: then it is read once more, and that is counted.
   */
  async #atRest<T>(
    look: () => Promise<T>,
    compare: (truth: Truth, seen: T) => readonly string[],
  ): Promise<readonly string[]> {
    for (;;) {
      const before = await this.#read();
      const restedMs = performance.now() - this.#sameSinceMs;
      const seen = await look();
      const wrong = compare(before, seen);
      if (wrong.length === 0) return wrong;
      const sinceMs = this.#sameSinceMs;
      await this.#read();
      if (restedMs >= REST_MS && this.#sameSinceMs === sinceMs) return wrong;
      this.#repeated += 1;
      await sleep(REST_MS + 50);
    }
  }

  /** What the registry says, and since when it has said nothing else. */
  async #read(): Promise<Truth> {
    const truth = await this.#backend.read();
    const text = JSON.stringify([...truth].map(([service, instances]) => [service, [...instances]]));
    if (text !== this.#lastText) this.#sameSinceMs = performance.now();
    this.#lastText = text;
    return truth;
  }

  /** A key, and what it changes on the screen: keys that come in one piece are a paste. */
  async #press(keys: string): Promise<void> {
    const before = this.#terminal.text();
    this.#terminal.press(keys);
    await this.#terminal.until((terminal) => terminal.text() !== before, 5_000);
    await this.#terminal.settle(30);
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items[this.#below(items.length)];
  }
}

function differencesOf(
  wanted: ReadonlyMap<string, string>,
  seen: ReadonlyMap<string, string>,
): readonly string[] {
  const wrong: string[] = [];
  for (const [name, value] of wanted) {
    const shown = seen.get(name);
    if (shown !== value) wrong.push(`${name} is ${value}, shown is ${shown ?? 'nothing'}`);
  }
  for (const name of seen.keys()) if (!wanted.has(name)) wrong.push(`${name} is shown and is not there`);
  return wrong;
}

/** 10 000 instances in 500 services on etcd, with a lease each, and changes at a steady pace. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdFleet } from '../../test/support/etcd-fleet.js';
import { startEtcd, type Etcd } from '../../test/support/servers/index.js';
import { makeTempDir } from '../../test/support/servers/lifetime.js';
import { entry } from '../rows/etcd-list.js';

const SERVICES = 500;
const INSTANCES = 10_000;
/** Longer than all measurements together: nobody has to renew ten thousand leases meanwhile. */
const TTL_SECONDS = 3_000;
const CONCURRENCY = 32;
const PER_SECOND = 50;

export class LargeEtcd implements AsyncDisposable {
  readonly #etcd: Etcd;
  readonly #fleet: EtcdFleet;
  readonly #leases: readonly string[];
  /** The doctor must not find ten thousand leases too long, which are so for the measurement's sake. */
  readonly #config = configFile();
  #changing = new AbortController();
  #changed: Promise<void> = Promise.resolve();
  #changes = 0;

  private constructor(etcd: Etcd, fleet: EtcdFleet, leases: readonly string[]) {
    this.#etcd = etcd;
    this.#fleet = fleet;
    this.#leases = leases;
  }

  static async start(): Promise<LargeEtcd> {
    const etcd = await startEtcd({ version: '3.5' });
    const fleet = new EtcdFleet([etcd.url]);
    const leases = new Array<string>(INSTANCES).fill('');
    const indexes = leases.keys();
    const work = async (): Promise<void> => {
      for (const index of indexes) {
        const lease = await fleet.grantOnce(TTL_SECONDS);
        leases[index] = lease;
        await fleet.put(...pair(index), lease);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return new LargeEtcd(etcd, fleet, leases);
  }

  /** Flags that lead sdctl there. */
  get args(): readonly string[] {
    return ['--backend', 'etcd', '--server', this.#etcd.url, '--config', this.#config];
  }

  get changes(): number {
    return this.#changes;
  }

  /** 50 changes a second until `rest`; of ten, eight update, one removes, and the next one puts that back. */
  change(): void {
    this.#changing = new AbortController();
    this.#changed = this.#work(this.#changing.signal);
  }

  async rest(): Promise<void> {
    this.#changing.abort();
    await this.#changed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.rest();
    this.#fleet[Symbol.dispose]();
    await this.#etcd.stop();
  }

  async #work(signal: AbortSignal): Promise<void> {
    const startedMs = performance.now();
    for (let step = 0; !signal.aborted; step += 1) {
      const dueMs = startedMs + (step * 1_000) / PER_SECOND;
      await sleep(Math.max(0, dueMs - performance.now()));
      const index = (Math.floor(step / 10) * 7_919 + (step % 10 < 2 ? 0 : step % 10)) % INSTANCES;
      const [key, value] = pair(index, step);
      if (step % 10 === 0) await this.#fleet.client.delete().key(key);
      else await this.#fleet.put(key, value, this.#leases[index]);
      this.#changes += 1;
    }
  }
}

function pair(index: number, version = 0): readonly [key: string, value: string] {
  const service = `svc-${String(index % SERVICES).padStart(3, '0')}`;
  const id = `${service}-${index}`;
  return [`/services/${service}/${id}`, entry(service, id, index + version)];
}

function configFile(): string {
  const file = path.join(makeTempDir('bench'), 'config.yaml');
  writeFileSync(file, 'doctor: {thresholds: {ttlLongWarningSeconds: 100000, ttlLongErrorSeconds: 200000}}\n');
  return file;
}

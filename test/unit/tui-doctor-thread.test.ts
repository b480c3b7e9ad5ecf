/** The doctor of the view on its real thread, as the build has made it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultSettings } from '../../src/lib/doctor/settings.js';
import type { SdctlError } from '../../src/lib/errors.js';
import { systemClock } from '../../src/lib/time/clock.js';
import { openDoctorMirror, type Beside, type DoctorMirror } from '../../src/lib/tui/doctor/mirror.js';
import { anInstance } from '../support/builders.js';

const built = path.join(import.meta.dirname, '../../dist/lib/tui/doctor/worker.js');
const nothing: Beside = { undecoded: [], skipped: [], partial: false };
const bare = anInstance({ lease: null, warnings: ['no-lease'] });

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function workerOf(code: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'sdctl-worker-'));
  folders.push(folder);
  const file = path.join(folder, 'worker.mjs');
  writeFileSync(file, code);
  return file;
}

function open(workerFile: string): { readonly mirror: DoctorMirror; readonly errors: SdctlError[] } {
  const errors: SdctlError[] = [];
  const mirror = openDoctorMirror({
    workerFile,
    backend: 'etcd',
    context: null,
    service: null,
    settings: defaultSettings,
    identity: 'here',
    clock: systemClock,
    yieldTurn: () => setImmediate(),
    onError: (error) => errors.push(error),
  });
  return { mirror, errors };
}

describe('the thread of the doctor', () => {
  it('judges what it was told, again and again', async () => {
    const { mirror, errors } = open(built);
    try {
      mirror.set([bare], nothing);
      const { findings, outcomes, tookMs } = await mirror.run();
      expect(findings.map(({ rule, subject }) => [rule.id, subject.instance])).toEqual([['SD101', bare.id]]);
      expect(outcomes.length).toBeGreaterThan(15);
      expect(tookMs).toBeGreaterThan(0);
      mirror.remove([bare.key ?? '']);
      expect((await mirror.run()).findings).toEqual([]);
      mirror.put(
        Array.from({ length: 1_000 }, (_, index) => ({
          ...bare,
          id: `i-${index}`,
          key: `/services/order/i-${index}`,
          endpoints: [{ protocol: 'http', address: '10.0.0.1', port: 1_000 + index }],
        })),
      );
      expect((await mirror.run()).findings.length).toBeGreaterThanOrEqual(1_000);
    } finally {
      await mirror.close();
    }
    expect(errors).toEqual([]);
  });

  it.each([
    ['is not there', () => '/nowhere/worker.mjs', /Cannot find module/],
    ['throws at once', () => workerOf('throw new Error("broken build");'), /broken build/],
    [
      'ends while it is at work',
      () =>
        workerOf(
          'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(3));',
        ),
      /ended with 3/,
    ],
  ])('one that %s is said, and ends no more than itself', async (_, file, why) => {
    const { mirror, errors } = open(file());
    mirror.set([bare], nothing);
    await expect(mirror.run()).rejects.toMatchObject({
      code: 'E_FAILED',
      why: expect.stringMatching(why) as unknown,
    });
    await expect(mirror.run()).rejects.toMatchObject({ code: 'E_FAILED' });
    mirror.put([bare]);
    expect(errors).toHaveLength(1);
    await mirror.close();
  });
});

/** Directories of the embedded registry with entries that never change, for goldens. */
import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { formatEntryFile } from '../../src/lib/registry/local/entry-file.js';
import { encodeName } from '../../src/lib/registry/local/file-names.js';

export interface FolderEntry {
  readonly service: string;
  readonly id: string;
  /** Fields of the value, or the value itself. */
  readonly value: Readonly<Record<string, unknown>> | string;
  /** null: no lease. Default 7200, renewed just now. */
  readonly ttlSeconds?: number | null;
  readonly leaseId?: string;
}

/** Writes the entries below `directory`. */
export function writeRegistry(directory: string, entries: readonly FolderEntry[]): void {
  for (const { service, id, value, ttlSeconds = 7_200, leaseId = `lease-${id}` } of entries) {
    const folder = path.join(directory, 'services', encodeName(service));
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lease = ttlSeconds === null ? null : { id: leaseId, ttlMs: ttlSeconds * 1_000 };
    const whole = typeof value === 'string' ? value : JSON.stringify({ sdctl: 1, service, id, ...value });
    const file = path.join(folder, `${encodeName(id)}.json`);
    // Whole when it appears, because a watch may be looking.
    const draft = path.join(directory, `${encodeName(id)}.draft`);
    writeFileSync(draft, formatEntryFile({ service, id, value: whole, lease, revision: '41' }), {
      mode: 0o600,
    });
    // A little ahead, so that the rounded rest does not depend on how long the test takes.
    const renewed = new Date(Date.now() + 10_000);
    utimesSync(draft, renewed, renewed);
    renameSync(draft, file);
  }
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeFileSync(path.join(directory, 'revision'), '42\n', { mode: 0o600 });
}

/** Three services with every state, an entry that nobody can read, and text in other scripts. */
export const fleet: readonly FolderEntry[] = [
  {
    service: 'order',
    id: 'i-1',
    value: {
      endpoints: ['http://10.0.4.11:8080'],
      version: '1.8.2',
      zone: 'eu-west-1a',
      weight: 100,
      tags: ['blue', 'v2'],
      metadata: { version: '1.8.2', tier: 'web' },
    },
  },
  {
    service: 'order',
    id: 'i-2',
    value: {
      endpoints: ['http://10.0.4.12:8080', 'grpc://10.0.4.12:9090'],
      version: '1.8.1',
      zone: 'eu-west-1b',
      health: 'warning',
    },
  },
  {
    service: 'order',
    id: 'i-3',
    value: { endpoints: ['http://10.0.4.13:8080'], health: 'critical', healthReason: 'disk full' },
  },
  { service: 'order', id: 'broken', value: 'neither JSON nor an address' },
  {
    service: 'payment-with-a-long-name',
    id: 'payment-with-a-long-name-7f3a',
    value: { endpoints: ['grpc://[2001:db8::17]:9090'], zone: 'eu-west-1a' },
  },
  { service: 'legacy', id: '10.0.9.1:80', value: '10.0.9.1:80', ttlSeconds: null },
  { service: 'käse', id: '日本語', value: { endpoints: ['http://10.0.5.1:80'], health: 'maintenance' } },
];

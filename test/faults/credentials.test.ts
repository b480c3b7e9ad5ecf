/** Wrong credentials from the start, and credentials that are refused later. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Binary, JsonLine } from '../support/binary.js';
import { uniqueName } from '../support/builders.js';
import {
  type Consul,
  type Etcd,
  enableAuth,
  startConsul,
  startEtcd,
  startProxy,
} from '../support/servers/index.js';
import { addUser } from '../support/servers/etcd-auth.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { registering, watching } from './commands.js';
import { everyCommandFails, keepsSecrets, secrets } from './every-command.js';
import { faultRow, type Row } from './fault-row.js';

const SLOW = { timeout: 120_000 };
/** Refused credentials are tried again at this pace. */
const RETRY_MS = 5_000;
/** A login costs the server much time, and here many come at once. */
const LOGIN_MS = 4_000;

interface Scene {
  readonly flags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Makes the credentials in use wrong, and whoever uses them notice. */
  readonly revoke: () => Promise<void>;
  /** Puts good ones into the file. */
  readonly correct: () => Promise<void>;
  /** An entry that somebody else writes. */
  readonly put: (service: string, id: string) => Promise<void>;
}

const PREFIX = [{ permission: 'readwrite', key: '/services/', prefix: true } as const];

async function etcdScene(version: '3.4' | '3.5', keep: Row['keep']): Promise<Scene> {
  const etcd: Etcd = keep(await startEtcd({ version }));
  const proxy = keep(await startProxy(etcd.url));
  const user = (password: string) => ({ name: 'operator', password, grants: PREFIX });
  await enableAuth(etcd, { rootPassword: 'root-of-all', users: [user(secrets.password)] });
  const file = path.join(makeTempDir('password'), 'password');
  writeFileSync(file, `${secrets.password}\n`);
  const next = 'another-hunter-3';
  return {
    flags: ['--backend', 'etcd', '--server', proxy.url, '--username', 'operator', '--password-file', file],
    env: {},
    async revoke() {
      await etcd.ctl(['user', 'delete', 'operator']);
      await etcd.ctl(['role', 'delete', 'operator-role']);
      await addUser(etcd, user(next));
      // An open watch outlives its token.
      proxy.cut();
    },
    correct: async () => writeFileSync(file, next),
    put: (service, id) => etcd.put(`/services/${service}/${id}`, '10.0.0.1:80'),
  };
}

const RULES = 'service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }';

async function consulToken(consul: Consul): Promise<{ readonly secret: string; readonly accessor: string }> {
  const name = uniqueName('policy');
  expect((await consul.api('PUT', '/v1/acl/policy', { Name: name, Rules: RULES })).status).toBe(200);
  const { body } = await consul.api('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
  const { SecretID, AccessorID } = body as { readonly SecretID: string; readonly AccessorID: string };
  return { secret: SecretID, accessor: AccessorID };
}

async function consulScene(keep: Row['keep']): Promise<Scene> {
  const consul = keep(await startConsul({ acl: 'deny' }));
  const { secret, accessor } = await consulToken(consul);
  const file = path.join(makeTempDir('token'), 'token');
  writeFileSync(file, `${secret}\n`);
  const put = async (service: string, id: string): Promise<void> => {
    const entry = { ID: id, Name: service, Address: '10.0.0.1', Port: 80 };
    expect((await consul.api('PUT', '/v1/agent/service/register', entry)).status).toBe(200);
  };
  return {
    flags: ['--backend', 'consul', '--server', consul.url, '--token-file', file],
    env: {},
    revoke: async () => {
      expect((await consul.api('DELETE', `/v1/acl/token/${accessor}`)).status).toBe(200);
    },
    correct: async () => writeFileSync(file, (await consulToken(consul)).secret),
    put,
  };
}

interface Case {
  readonly name: string;
  readonly ttlSeconds: number;
  readonly open: (keep: Row['keep']) => Promise<Scene>;
}

const cases: readonly Case[] = [
  { name: 'etcd 3.5', ttlSeconds: 4, open: (keep) => etcdScene('3.5', keep) },
  { name: 'etcd 3.4', ttlSeconds: 4, open: (keep) => etcdScene('3.4', keep) },
  { name: 'consul', ttlSeconds: 6, open: consulScene },
];

describe.concurrent.each(cases)('$name', ({ name, ttlSeconds, open }) => {
  it('refused later: watch stays stale until the file is corrected', SLOW, () =>
    faultRow(`${name}: watch refused later`, async ({ keep, measure }) => {
      const { flags, revoke, correct, put } = await open(keep);
      const service = uniqueName('guarded');
      await put(service, `${service}-1`);
      const watch: Binary = keep(await watching(flags, service));
      await revoke();
      // A query that waits is asked for its token when it has something to answer.
      await put(service, `${service}-2`);
      const stale = await watch.line('stale', 10_000);
      await put(service, `${service}-3`);
      // Refused twice or more, and said once: as the cause of the event, or on stderr where the cause was the cut.
      const isBack = watch.line('synced', 2 * RETRY_MS + 1_000, watch.lines.indexOf(stale));
      await expect(isBack).rejects.toThrow('no line');
      expect(watch.types.filter((type) => type === 'stale')).toHaveLength(1);
      const said = watch.stderr.split('\n').filter((line) => line !== '');
      expect(said.length, watch.stderr).toBe((stale.line['cause'] as JsonLine)['code'] === 'E_AUTH' ? 0 : 1);
      await correct();
      const correctedMs = performance.now();
      const synced = await watch.line('synced', 3 * RETRY_MS, watch.lines.indexOf(stale));
      measure('synced after the file was corrected', RETRY_MS + 1_000, synced.seenMs - correctedMs);
      await watch.line(({ instance }) => instance === `${service}-3`, 2_000);
      keepsSecrets(watch);
    }),
  );

  it('refused later: register ends with 7 after two TTLs', SLOW, () =>
    faultRow(`${name}: register refused later`, async ({ keep, measure }) => {
      const { flags, revoke } = await open(keep);
      const service = uniqueName('guarded');
      const kept = keep(await registering(flags, service, ttlSeconds));
      const revokedMs = performance.now();
      await revoke();
      const ttlMs = ttlSeconds * 1_000;
      const { code, endedMs } = await kept.exit(2 * ttlMs + 3 * RETRY_MS);
      measure('ended', 2 * ttlMs + RETRY_MS, endedMs - revokedMs);
      // The two TTLs begin with the last renewal before that.
      expect(endedMs - revokedMs).toBeGreaterThan(2 * ttlMs - ttlMs / 3 - 500);
      expect(code).toBe(7);
      expect(kept.types).toContain('late');
      expect(kept.lines.at(-1)?.line['error']).toMatchObject({ code: 'E_MEMBERSHIP_LOST', exitCode: 7 });
      expect(kept.stderr).toMatch(/password|token|user/i);
      keepsSecrets(kept);
    }),
  );

  it('refused later, corrected in time: register goes on', SLOW, () =>
    faultRow(`${name}: register corrected in time`, async ({ keep, measure }) => {
      const { flags, revoke, correct } = await open(keep);
      const service = uniqueName('guarded');
      const kept = keep(await registering(flags, service, 15));
      await revoke();
      await kept.line('late', 15_000);
      await correct();
      const correctedMs = performance.now();
      const back = await kept.line(
        ({ type, afterLate }) => type === 'restored' || afterLate === true,
        3 * RETRY_MS,
      );
      measure('renewed after the file was corrected', RETRY_MS + 1_000, back.seenMs - correctedMs);
      kept.signal('SIGTERM');
      expect((await kept.exit(5_000)).code).toBe(0);
    }),
  );

  it('wrong from the start, or none: 5', SLOW, () =>
    faultRow(`${name}: wrong credentials`, async (row) => {
      const { flags } = await open(row.keep);
      const backend = flags.slice(0, 4);
      const wrong =
        flags[1] === 'etcd'
          ? { SDCTL_USERNAME: 'operator', SDCTL_PASSWORD: `not-${secrets.password}` }
          : { SDCTL_TOKEN: secrets.token };
      await everyCommandFails(row, backend, wrong, {
        exit: 5,
        codes: ['E_AUTH', 'E_FORBIDDEN'],
        timeoutMs: LOGIN_MS,
      });
      const codes = ['E_AUTH', 'E_FORBIDDEN', 'E_FILTERED'];
      await everyCommandFails(row, backend, {}, { exit: 5, codes, timeoutMs: LOGIN_MS });
    }),
  );

  it('a password or token file that is not there: 2', SLOW, () =>
    faultRow(`${name}: no secret file`, async (row) => {
      const { flags } = await open(row.keep);
      const missing = [...flags.slice(0, -1), '/nowhere/secret'];
      await everyCommandFails(row, missing, {}, { exit: 2, codes: ['E_FILE'] });
    }),
  );
});

/** Credentials that the registry takes back while the view is open. Times are compared with limits. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { faultRow, sinceMs, type Row } from '../faults/fault-row.js';
import { uniqueName } from '../support/builders.js';
import { addUser } from '../support/servers/etcd-auth.js';
import { enableAuth, startConsul, startEtcd, startProxy, type Consul } from '../support/servers/index.js';
import { makeTempDir } from '../support/servers/lifetime.js';
import { ViewTerminal } from '../support/view/view-terminal.js';

const SLOW = { timeout: 120_000 };
const WITHIN_MS = 20_000;
/** From the moment on at which the file is right. */
const TRUE_MS = 3_000;
const REFUSED_FOR_MS = 4_000;
const SECRETS = ['hunter-of-old-2', 'another-hunter-3'] as const;

interface Scene {
  readonly flags: readonly string[];
  /** What the view says about the refusal. */
  readonly says: RegExp;
  /** Makes the credentials in use wrong, and whoever uses them notice. */
  revoke(): Promise<void>;
  /** Puts good ones into the file. */
  correct(): Promise<void>;
  /** Somebody else writes an entry, and removes one. */
  put(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Ids that are there, by the registry's own word. */
  ids(): Promise<readonly string[]>;
  /** Never to be seen on the screen. */
  readonly secrets: () => readonly string[];
}

async function etcdScene(keep: Row['keep']): Promise<Scene> {
  const etcd = keep(await startEtcd({ version: '3.5' }));
  const proxy = keep(await startProxy(etcd.url));
  const grants = [{ permission: 'read', key: '/services/', prefix: true }] as const;
  const user = (password: string) => ({ name: 'viewer', password, grants });
  await enableAuth(etcd, { rootPassword: 'root-of-all', users: [user(SECRETS[0])] });
  const file = path.join(makeTempDir('password'), 'password');
  writeFileSync(file, `${SECRETS[0]}\n`);
  return {
    flags: ['--backend', 'etcd', '--server', proxy.url, '--username', 'viewer', '--password-file', file],
    says: /STALE \d+s[\s\S]*(?:user|password|authentication)/i,
    async revoke() {
      await etcd.ctl(['user', 'delete', 'viewer']);
      await etcd.ctl(['role', 'delete', 'viewer-role']);
      await addUser(etcd, user(SECRETS[1]));
      // An open watch outlives its token.
      proxy.cut();
    },
    correct: async () => writeFileSync(file, SECRETS[1]),
    put: async (id) => etcd.put(`/services/guarded/${id}`, '10.0.0.1:80'),
    remove: async (id) => {
      await etcd.del(`/services/guarded/${id}`);
    },
    ids: async () =>
      [...(await etcd.list('/services/guarded/')).keys()].map((key) =>
        key.slice('/services/guarded/'.length),
      ),
    secrets: () => SECRETS,
  };
}

const RULES = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';

async function consulToken(consul: Consul): Promise<{ readonly secret: string; readonly accessor: string }> {
  const name = uniqueName('policy');
  expect((await consul.api('PUT', '/v1/acl/policy', { Name: name, Rules: RULES })).status).toBe(200);
  const { body } = await consul.api('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
  const { SecretID, AccessorID } = body as { readonly SecretID: string; readonly AccessorID: string };
  return { secret: SecretID, accessor: AccessorID };
}

async function consulScene(keep: Row['keep']): Promise<Scene> {
  const consul = keep(await startConsul({ acl: 'deny' }));
  const first = await consulToken(consul);
  const secrets = [first.secret];
  const file = path.join(makeTempDir('token'), 'token');
  writeFileSync(file, `${first.secret}\n`);
  return {
    flags: ['--backend', 'consul', '--server', consul.url, '--token-file', file],
    says: /STALE \d+s[\s\S]*(?:token|ACL|permission)/i,
    revoke: async () => {
      expect((await consul.api('DELETE', `/v1/acl/token/${first.accessor}`)).status).toBe(200);
    },
    async correct() {
      const { secret } = await consulToken(consul);
      secrets.push(secret);
      writeFileSync(file, secret);
    },
    async put(id) {
      const entry = { ID: id, Name: 'guarded', Address: '10.0.0.1', Port: 80 };
      expect((await consul.api('PUT', '/v1/agent/service/register', entry)).status).toBe(200);
    },
    async remove(id) {
      expect((await consul.api('PUT', `/v1/agent/service/deregister/${id}`)).status).toBe(200);
    },
    async ids() {
      const { body } = await consul.api('GET', '/v1/catalog/service/guarded?consistent');
      return (body as readonly { readonly ServiceID: string }[]).map(({ ServiceID }) => ServiceID);
    },
    secrets: () => secrets,
  };
}

/** Ids of the instances on the screen of a service, those that have left not among them. */
function shownBy(terminal: ViewTerminal): readonly string[] {
  const rows = terminal.text().matchAll(/^.[●▲✖◼◌] (i-\d+) /gm);
  return [...rows].map(([, id = '']) => id).sort();
}

async function untilTrue(terminal: ViewTerminal, scene: Scene, withinMs: number): Promise<number> {
  const wanted = [...(await scene.ids())].sort().join();
  await terminal.until((one) => / LIVE\b/.test(one.text()) && shownBy(one).join() === wanted, withinMs);
  return performance.now();
}

/** Every screen can be opened, and the way back found. */
async function useScreens(terminal: ViewTerminal): Promise<void> {
  for (const [key, shows] of [
    ['2', /^ leases\b/m],
    ['3', /^ events\b/m],
    ['4', /^ doctor\b/m],
    ['?', /help ─/],
    ['\x1b', /^ doctor\b/m],
    ['1', /^ services\b/m],
    ['\r', /^ services › guarded/m],
  ] as const) {
    terminal.press(key);
    await terminal.until(shows, WITHIN_MS);
    expect(terminal.text()).toContain('STALE');
  }
}

describe.concurrent.each([
  { name: 'etcd 3.5', open: etcdScene },
  { name: 'consul', open: consulScene },
])('$name: credentials that are refused later', ({ name, open }) => {
  test('STALE with the reason, and true as soon as the file is right', SLOW, () =>
    faultRow(`${name}: view refused later`, async ({ keep, measure }) => {
      const scene = await open(keep);
      for (const id of ['i-1', 'i-2', 'i-3']) await scene.put(id);
      const terminal = keep(new ViewTerminal(['top', 'guarded', ...scene.flags], { columns: 110, rows: 30 }));
      await untilTrue(terminal, scene, WITHIN_MS);
      await scene.revoke();
      // A query that waits is asked for its token when it has something to answer.
      await scene.put('i-4');
      const revokedMs = performance.now();
      await terminal.until(scene.says, WITHIN_MS);
      measure('STALE with the reason', 3_000, sinceMs(revokedMs));
      const before = shownBy(terminal);
      expect(before).toEqual(expect.arrayContaining(['i-1', 'i-2', 'i-3']));
      const refusedMs = performance.now();
      while (sinceMs(refusedMs) < REFUSED_FOR_MS) {
        expect(shownBy(terminal)).toEqual(before);
        expect(terminal.text()).toMatch(scene.says);
        await sleep(200);
      }
      // The first service of the overview is Consul itself there.
      terminal.press('1');
      await terminal.until(/^ services \(/m, WITHIN_MS);
      terminal.press('G');
      await terminal.until(/▌.*guarded/, WITHIN_MS);
      await useScreens(terminal);
      await scene.remove('i-2');
      await scene.correct();
      const correctedMs = performance.now();
      measure('LIVE and true', TRUE_MS, (await untilTrue(terminal, scene, WITHIN_MS)) - correctedMs);
      expect(shownBy(terminal)).toEqual(['i-1', 'i-3', 'i-4']);
      await terminal.until(/back after \d+s: \d+ joined, 1 left meanwhile/, WITHIN_MS);
      for (const secret of scene.secrets()) expect(terminal.output).not.toContain(secret);
    }),
  );
});

test('etcd 3.5: a token that lives for a second is renewed unseen', SLOW, () =>
  faultRow('etcd 3.5: short token', async ({ keep, measure }) => {
    const etcd = keep(await startEtcd({ version: '3.5', extraArgs: ['--auth-token-ttl=1'] }));
    const grants = [{ permission: 'read', key: '/services/', prefix: true }] as const;
    await enableAuth(etcd, {
      rootPassword: 'root-of-all',
      users: [{ name: 'viewer', password: SECRETS[0], grants }],
    });
    const file = path.join(makeTempDir('password'), 'password');
    writeFileSync(file, SECRETS[0]);
    const lease = /lease (\w+) granted/.exec(await etcd.ctl(['lease', 'grant', '600']))?.[1] ?? '';
    await etcd.ctl(['put', '--lease', lease, '/services/guarded/i-1', '10.0.0.1:80']);
    const flags = [
      '--backend',
      'etcd',
      '--server',
      etcd.url,
      '--username',
      'viewer',
      '--password-file',
      file,
    ];
    const terminal = keep(new ViewTerminal(['top', 'guarded', ...flags], { columns: 110, rows: 30 }));
    await terminal.until(/i-1 .*█.*\d+s/, WITHIN_MS);
    const startedMs = performance.now();
    const seen: string[] = [];
    for (let round = 2; sinceMs(startedMs) < 14_000; round += 1) {
      // Longer than the token lives, so that each call begins with an expired one.
      await sleep(2_500);
      expect(terminal.text()).toMatch(/● LIVE/);
      await etcd.put(`/services/guarded/i-${round}`, '10.0.0.1:80');
      const putMs = performance.now();
      await terminal.until(`i-${round} `, WITHIN_MS);
      measure('a change', TRUE_MS, sinceMs(putMs));
      seen.push(/i-1 .*?(\d+)s/.exec(terminal.text())?.[1] ?? 'none');
    }
    // Its time left is asked for again and again: it goes on.
    expect(Number(seen.at(-1))).toBeLessThan(Number(seen[0]));
    terminal.press('2');
    await terminal.until(new RegExp(lease), WITHIN_MS);
    terminal.press('3');
    await terminal.until(/^ events\b/m, WITHIN_MS);
    expect(terminal.text()).not.toContain('stale');
    expect(terminal.output).not.toContain(SECRETS[0]);
  }),
);

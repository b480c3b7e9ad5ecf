/** Consul removes what nobody renews, but not before it was critical for a minute. */
import { expect, it } from 'vitest';
import { uniqueName } from '../support/builders.js';
import { startConsul } from '../support/servers/index.js';
import { registering, watching } from './commands.js';
import { faultRow } from './fault-row.js';
import { consulServer } from './registry-server.js';
import { replay } from './replay.js';

const TTL = 20;
/** The reaper looks every 30 s. */
const LIMIT_MS = (TTL + 60 + 30) * 1_000;

it('SIGKILL on consul: critical after the TTL, then reaped', { timeout: 400_000 }, () =>
  faultRow('consul: killed and reaped', async ({ keep, measure }) => {
    const server = keep(consulServer(keep(await startConsul())));
    const service = uniqueName('reaped');
    const more = ['--deregister-after', '1m'];
    const kept = keep(await registering(server.flags, service, TTL, { more }));
    const watch = keep(await watching(server.flags, service));
    await kept.kill();
    const killedMs = performance.now();
    const critical = await watch.line('updated', (TTL + 5) * 1_000);
    measure('critical', TTL * 1_000, critical.seenMs - killedMs);
    expect(replay(watch).usable).toEqual([]);
    expect(replay(watch).ids).toEqual(['one']);
    const left = await watch.line('left', LIMIT_MS);
    measure('reaped', LIMIT_MS, left.seenMs - killedMs);
    expect(replay(watch).ids).toEqual([]);
  }),
);

import { afterAll, beforeAll, describe } from 'vitest';
import { openEtcd } from '../../src/lib/registry/etcd/open-etcd.js';
import { aConnection, testDeps } from '../support/builders.js';
import { type Etcd, type Fake, seedEtcd, startEtcd, startMute } from '../support/servers/index.js';
import { registryContract, targetOf } from './registry-contract.js';

describe.each(['3.4', '3.5'] as const)('etcd %s', (version) => {
  let etcd: Etcd;
  let mute: Fake;

  beforeAll(async () => {
    [etcd, mute] = await Promise.all([startEtcd({ version }), startMute()]);
  });
  afterAll(async () => {
    await Promise.all([etcd.stop(), mute.stop()]);
  });

  registryContract(
    `etcd ${version}`,
    () => {
      const handle = openEtcd(aConnection({ backend: 'etcd', servers: [etcd.url] }), testDeps());
      const rawPut = async (service: string, id: string, value: string): Promise<void> => {
        await seedEtcd(etcd, [[`/services/${service}/${id}`, value]]);
      };
      return Promise.resolve(targetOf(handle, rawPut));
    },
    {
      openUnreachable: () => {
        const timeouts = { callMs: 500, listMs: 500 };
        const connection = aConnection({ backend: 'etcd', servers: [mute.url] });
        return Promise.resolve(openEtcd(connection, testDeps({ timeouts })));
      },
    },
  );
});

import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeName } from '../../src/lib/registry/local/file-names.js';
import { openLocal } from '../../src/lib/registry/local/open-local.js';
import { aConnection, testDeps } from '../support/builders.js';
import type { ContractTarget } from './contract-setting.js';
import { registryContract } from './registry-contract.js';

function openDirectory(): Promise<ContractTarget> {
  const parent = mkdtempSync(join(tmpdir(), 'sdctl-contract-'));
  const directory = join(parent, 'registry');
  const handle = openLocal(aConnection({ directory }), testDeps());
  return Promise.resolve({
    handle,
    rawPut: (service, id, value) => {
      const folder = join(directory, 'services', encodeName(service));
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${encodeName(id)}.json`), value);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: async () => {
      await handle[Symbol.asyncDispose]();
      rmSync(parent, { recursive: true, force: true });
    },
  });
}

registryContract('directory', openDirectory, {
  marginMs: 300,
  deletedReasons: ['deleted'],
  expiredReasons: ['expired'],
  openUnreachable: null,
});

import { createMemoryRegistry } from '../../src/lib/registry/local/open-local.js';
import { testDeps } from '../support/builders.js';
import { registryContract, targetOf } from './registry-contract.js';

registryContract('memory', () => Promise.resolve(targetOf(createMemoryRegistry(testDeps()))), {
  marginMs: 300,
  deletedReasons: ['deleted'],
  expiredReasons: ['expired'],
  rawValues: false,
  openUnreachable: null,
});

import { defineConfig } from 'vitest/config';

const shared = {
  pool: 'forks',
  // A test that passes at the second try has not passed.
  retry: 0,
  testTimeout: 30_000,
  hookTimeout: 60_000,
} as const;

/** Load and soak tests take minutes; `npm run test:long` runs them. */
const long = 'test/**/*.long.test.ts';
/** Tests that need no server. */
const quick = 'test/{unit,property,commands}/**/*.test.ts';
/** Tests that compare times with limits. */
const timed = ['test/faults/**/*.test.ts', 'test/integration/*-faults.test.ts', 'test/view/*-faults.test.ts'];
const realServers = { globalSetup: ['test/support/global-setup.ts'] };
/** Most of these tests wait for a server or a TTL. */
const WAITING_WORKERS = 3;
/** What is compared with a limit must not wait for a core. */
const TIMED_WORKERS = 2;

/** The groups run one after the other, so that no property test takes the time a fault test is measured with. */
export const config = defineConfig({
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'quick',
          include: [quick],
          exclude: [long],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...shared,
          ...realServers,
          maxWorkers: WAITING_WORKERS,
          name: 'servers',
          // Whatever no other group claims, so that a new folder cannot be forgotten.
          include: ['test/**/*.test.ts'],
          exclude: [long, quick, ...timed],
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          ...realServers,
          maxWorkers: TIMED_WORKERS,
          name: 'faults',
          include: timed,
          exclude: [long],
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});

// vitest reads the default export of its configuration file only.
export { config as default };

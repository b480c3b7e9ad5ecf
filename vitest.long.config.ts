import { defineConfig } from 'vitest/config';

/** What `npm run test:long` runs: everything that waits longer than a minute. All of it waits for timers of servers. */
export const config = defineConfig({
  test: {
    include: ['test/**/*.long.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 4,
    retry: 0,
    passWithNoTests: true,
    testTimeout: 10 * 60_000,
    hookTimeout: 60_000,
  },
});

// vitest reads the default export of its configuration file only.
export { config as default };

import { defineConfig } from 'vitest/config';

export const config = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Load and soak tests take minutes; they are run by name.
    exclude: ['test/**/*.long.test.ts', '**/node_modules/**'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});

// vitest reads the default export of its configuration file only.
export { config as default };

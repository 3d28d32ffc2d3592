import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
    // Bounds on hanging, never speed assertions; the machine that runs this may be busy.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Starts one PostgreSQL for the run, beside the tests; those that need it wait for it.
    globalSetup: ['test/support/database-server.ts'],
    // Tests that kill processes race with a machine's mood: CI gives a failed test one more try and lists it; a rule that is broken fails twice.
    retry: process.env.CI === undefined ? 0 : 1,
    pool: 'forks',
    maxWorkers: 2,
  },
})

import { defineConfig } from 'vitest/config'
import { testKey } from './test/support/test-key.ts'

/** What turns texts into times: run in other zones of the process as well, since none of it may depend on that. */
const timeSuites = [
  'src/**/times.test.ts',
  'src/model/canonical/canonical.test.ts',
  'src/model/coercion.test.ts',
  'src/model/definition/native-spelling.test.ts',
  'src/connectors/kit/change-cursor.test.ts',
  'src/connectors/rest/paging.test.ts',
  'src/connectors/sap-s4/feeds.test.ts',
  'src/runtime/cron.test.ts',
]

const bounds = {
  // Bounds on hanging, never speed assertions: a machine that does ten times its work must not fail a test that needs 5 s on an idle one.
  testTimeout: 180_000,
  hookTimeout: 180_000,
  // Tests that kill processes race with a machine's mood: CI gives a failed test one more try and lists it; a rule that is broken fails twice.
  retry: process.env.CI === undefined ? 0 : 1,
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        test: {
          ...bounds,
          name: 'all',
          // Also for the processes that tests start. Those of the master key choose their own.
          env: testKey,
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts'],
          // Starts one PostgreSQL for the run, beside the tests; those that need it wait for it.
          globalSetup: ['test/support/database-server.ts'],
          // After each file: nothing is left running, and no other machine was called.
          setupFiles: ['test/setup/gates.ts'],
          // The state that a test waits for is a condition; how long it takes depends on the machine.
          expect: { poll: { interval: 50, timeout: 120_000 } },
        },
      },
      ...['UTC', 'America/New_York', 'Asia/Kolkata'].map((zone) => ({
        test: { ...bounds, name: zone, include: timeSuites, env: { TZ: zone } },
      })),
    ],
  },
})

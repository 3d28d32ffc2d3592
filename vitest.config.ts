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
  'src/connectors/rest/rest.test.ts',
  'src/connectors/file/change-files.test.ts',
  'src/connectors/file/file-snapshots.test.ts',
  'src/connectors/postgres/postgres*.test.ts',
  'src/connectors/salesforce/odd-entries.test.ts',
  'src/connectors/sap-s4/feeds.test.ts',
  'src/connectors/sap-s4/sap-s4.test.ts',
  'src/connectors/odata/doubts.test.ts',
  'src/engine/schedule/scheduler.test.ts',
  'src/engine/schedule/watch.test.ts',
  'src/http/backoff/retry-after.test.ts',
  'src/http/limits/limit-headers.test.ts',
  'src/http/policies/cache.test.ts',
  'src/runtime/clock.test.ts',
  'src/runtime/init/from-database.test.ts',
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
        test: {
          ...bounds,
          name: zone,
          include: timeSuites,
          env: { ...testKey, TZ: zone },
          globalSetup: ['test/support/database-server.ts'],
        },
      })),
    ],
  },
})

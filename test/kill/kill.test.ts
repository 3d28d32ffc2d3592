/** The part of the kill experiments that CI runs; `node test/kill/kill.ts` runs them at full size. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withTestDatabase } from '../support/database.ts'
import { startFakeSystem } from '../support/fake-system/fake-system.ts'
import { freePort, startIsthmus } from '../support/isthmus-process.ts'
import { until } from '../support/running-pair.ts'
import {
  contacts,
  customerRecord,
  hookSecret,
  partners,
  twoSystems,
  writeDefinition,
} from '../support/two-systems.ts'
import { killWhileLoading } from './kill.ts'

test('killed repeatedly during the load, it converges without a duplicate or a loss', async () => {
  const result = await killWhileLoading({ records: 600, rounds: 4, seed: 3, convergeWithinMs: 120_000 })
  expect(result).toMatchObject({
    converged: true,
    duplicates: 0,
    lost: 0,
    different: 0,
    writesAtQuiescence: 0,
  })
  // A fast machine may have finished before the last one.
  expect(result.killedDuringLoad).toBeGreaterThanOrEqual(2)
}, 300_000)

test('records of a killed worker run elsewhere before their leases end', async () => {
  const database = await withTestDatabase()
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-takeover-'))
  const crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  const erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  // A lease is longer than the slowest read, and then longer than this test may last.
  const crmSystem = { timing: { readTimeout: '20m' } }
  writeDefinition(directory, twoSystems({ crmUrl: crm.url, erpUrl: erp.url, crmSystem }))
  const environment = { DATABASE_URL: database.connection, CRM_HOOK_SECRET: hookSecret }
  const start = async (...roles: readonly string[]) =>
    startIsthmus({ directory, port: await freePort(), roles, environment })
  const front = await start('intake', 'scheduler')
  const first = await start('worker')
  try {
    const { table } = crm.resource('contacts')
    for (let n = 1; n <= 20; n += 1) table.create(customerRecord(n), 'user')
    await until(() => erp.resource('partners').table.size === 20)
    // The first worker claims the records and hangs in the middle of its reads.
    crm.fault({ kind: 'hang', method: 'GET', path: '/contacts/\\d+$', times: 20 })
    for (let n = 1; n <= 20; n += 1) table.patch(String(n), { city: 'taken over' }, 'user')
    await until(() => crm.countCalls('GET', /\/contacts\/\d+$/) >= 40)
    const second = await start('worker')
    try {
      crm.faults.clear()
      await first.kill()
      const carried = () =>
        erp.resource('partners').table.changes.filter((change) => change.body?.city === 'taken over').length
      await until(() => carried() >= 20)
    } finally {
      await second.kill()
    }
  } finally {
    await first.kill()
    await front.kill()
    await crm.close()
    await erp.close()
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
})

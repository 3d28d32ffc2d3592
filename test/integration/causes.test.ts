/** Each write says why it was made: through the real runtime, from the trigger to what people see. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { RunningPair, until } from '../support/running-pair.ts'
import { customerRecord } from '../support/two-systems.ts'

let database: TestDatabase
let pair: RunningPair | undefined

vi.setConfig({ testTimeout: 120_000 })
beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(() => pair?.close())
afterAll(() => database.close())

const map = { code: 'code', name: 'name', email: 'email', phone: 'phone', city: 'city' }
/** Only the webhooks of the CRM are listened to. */
const webhooksOnly = {
  crmPart: { triggers: [{ webhook: 'changes' }, { full: '0 3 * * *' }] },
  erpPart: { triggers: [{ full: '0 3 * * *' }] },
}

async function causesOfLastWrite(running: RunningPair): Promise<readonly string[] | undefined> {
  const detail = await running.detail('crm', nativeId(running))
  const newest = detail?.intents.at(-1)
  expect(newest?.definition).toBe(running.running.integration.version)
  return newest?.causes
}

test('a write is caused by the first load, a webhook, a poll, a person, a changed mapping', async () => {
  const opened = await RunningPair.open(database.connection, { definition: webhooksOnly })
  pair = opened
  opened.contacts.create(customerRecord(1), 'user')
  const runtime = await opened.start()
  await until(() => opened.partner('C000001') !== undefined)
  await opened.quiet()
  const run = (await runtime.store.admin.runs({ limit: 10 })).rows.find(({ system }) => system === 'crm')
  expect(await causesOfLastWrite(opened)).toContain(`first-load:${run?.id}`)

  await opened.subscribe()
  await edit(opened, { city: 'Bonn' })
  expect((await causesOfLastWrite(opened))?.[0]).toBe('webhook')

  const recordId = (await opened.detail('crm', nativeId(opened)))?.record.id ?? ''
  const decisions = (await runtime.store.admin.journal({ recordId, limit: 100 })).filter(
    ({ kind }) => kind === 'decision',
  )
  expect(decisions.at(-1)?.body).toMatchObject({ causes: ['webhook'] })

  // Nobody listens to the webhooks any more.
  await opened.stop()
  const again = await opened.start()
  opened.contacts.patch(nativeId(opened), { city: 'Kiel' }, 'user')
  await again.byHand.syncRecord({ recordId })
  await until(() => opened.partner('C000001')?.city === 'Kiel')
  await opened.quiet()
  expect((await causesOfLastWrite(opened))?.[0]).toBe('person:sync')

  opened.contacts.patch(nativeId(opened), { city: 'Ulm' }, 'user')
  const [full] = await again.byHand.runFull({ system: 'crm' }, AbortSignal.timeout(60_000))
  await until(() => opened.partner('C000001')?.city === 'Ulm')
  await opened.quiet()
  expect(full?.run?.changed).toBe(1)
  expect((await causesOfLastWrite(opened))?.[0]).toMatch(/^run:/)

  await opened.stop()
  opened.contacts.patch(nativeId(opened), { mobile: '+49 151 1' }, 'user')
  await opened.start({
    ...webhooksOnly,
    crmPart: { ...webhooksOnly.crmPart, map: { ...map, phone: 'mobile' } },
  })
  await until(() => opened.partner('C000001')?.phone === '+49 151 1')
  await opened.quiet()
  expect((await causesOfLastWrite(opened))?.[0]).toBe('definition')

  await opened.stop()
  await opened.start({ crmPart: { triggers: [{ poll: '1s' }], map: { ...map, phone: 'mobile' } } })
  await opened.quiet()
  await edit(opened, { city: 'Jena' })
  expect((await causesOfLastWrite(opened))?.[0]).toBe('poll')
})

function nativeId({ contacts }: RunningPair): string {
  return [...contacts.nativeIds()][0] ?? ''
}

async function edit(opened: RunningPair, change: { readonly city: string }): Promise<void> {
  opened.contacts.patch(nativeId(opened), change, 'user')
  await until(() => opened.partner('C000001')?.city === change.city)
  await opened.quiet()
}

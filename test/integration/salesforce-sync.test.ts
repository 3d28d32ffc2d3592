/** Accounts of a Salesforce org and partners of an ERP, kept in agreement by the real runtime: the fake org over real HTTP, real PostgreSQL. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DomainEvent } from '../../src/model/events.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime, type IsthmusRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { listen } from '../../src/server/listen.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import { until } from '../support/running-pair.ts'
import { type FakeSalesforce, startFakeSalesforce } from '../support/salesforce/fake-salesforce.ts'
import { sendOutboundMessage } from '../support/salesforce/outbound.ts'
import { testKey } from '../support/test-key.ts'
import { fakeResourceManifest, partners, writeDefinition } from '../support/two-systems.ts'

const hookSecret = 'the secret in the address'
const directory = mkdtempSync(join(tmpdir(), 'isthmus-salesforce-'))
const open: (() => Promise<void>)[] = []
let database: TestDatabase
let schemas = 0

beforeAll(async () => {
  database = await withTestDatabase()
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(async () => {
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

interface Joined {
  readonly crm: FakeSalesforce
  readonly erp: FakeSystem
  readonly runtime: IsthmusRuntime
  readonly events: readonly DomainEvent[]
}

/** Starts both systems and joins them. */
async function joinSystems(fill: (crm: FakeSalesforce) => void): Promise<Joined> {
  const crm = await startFakeSalesforce({ queryBatch: 50, bulkPage: 100, bulkPolls: 1 })
  const erp = await startFakeSystem({ name: 'erp', resources: [partners] })
  open.push(
    () => crm.close(),
    () => erp.close(),
  )
  fill(crm)
  writeDefinition(directory, definition(crm, erp.url))
  schemas += 1
  const events: DomainEvent[] = []
  const runtime = await createRuntime({
    loaded: await loadDefinition({
      directory,
      environment: { SF_CLIENT_SECRET: crm.credentials.clientSecret, SF_HOOK_SECRET: hookSecret },
    }),
    settings: readSettings(
      {
        ...testKey,
        DATABASE_URL: database.connection,
        ISTHMUS_DATABASE_SCHEMA: `salesforce_${process.pid}_${schemas}`,
      },
      directory,
    ),
    engine: { pollMs: 100, backoffBaseMs: 100, backoffMaxMs: 2_000 },
    onEvent: (event) => void events.push(event),
  })
  open.push(() => runtime.stop())
  runtime.start()
  return { crm, erp, runtime, events }
}

function definition(crm: FakeSalesforce, erpUrl: string): Parameters<typeof writeDefinition>[1] {
  const { clientId } = crm.credentials
  const wide = { atLeast: 10_000_000 }
  const accounts = { code: 'AccountNumber', name: 'Name', phone: 'Phone', city: 'BillingCity' }
  const twoWay = Object.entries(accounts).map(([field, path]) => [field, { path, acceptRaceWindow: true }])
  const plain = { code: 'code', phone: 'phone', city: 'city' }
  return {
    integration: 'salesforce-sync',
    systems: {
      crm: {
        connector: 'salesforce',
        url: crm.url,
        allowHttp: true,
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${crm.url}/services/oauth2/token`,
          clientId,
          clientSecret: `\${env:SF_CLIENT_SECRET}`,
        },
        externalId: 'Isthmus_Id__c',
        bulk: { from: 100, pageRows: 100, poll: '50ms' },
        commitLag: '1s',
        inflight: '1s',
        webhooks: { secret: `\${env:SF_HOOK_SECRET}`, organizationId: crm.org.id },
      },
      erp: {
        connector: 'rest',
        url: erpUrl,
        allowHttp: true,
        manifest: {
          resources: {
            partners: fakeResourceManifest('partners', {
              write: { with: 'put', returns: 'body+version', omit: ['id', 'version', 'updatedAt'] },
            }),
          },
        },
      },
    },
    entities: {
      customer: {
        fields: { code: { type: 'string', required: true }, name: 'string', phone: 'string', city: 'string' },
        match: [{ exact: ['code'] }],
        conflict: { default: 'prefer crm erp' },
        delete: { from: ['crm', 'erp'], action: 'delete', confirm: '1s', guard: wide },
        guard: { create: wide, update: wide },
        systems: {
          crm: {
            resource: 'Account',
            key: 'Isthmus_Id__c',
            map: Object.fromEntries(twoWay),
            triggers: [{ webhook: 'changes' }, { poll: '1s' }],
          },
          erp: {
            resource: 'partners',
            key: 'externalId',
            map: { ...plain, name: { path: 'name', maxLength: 40 } },
            triggers: [{ poll: '1s' }],
          },
        },
      },
    },
  }
}

const account = (n: number) => ({ AccountNumber: `C-${n}`, Name: `Customer ${n}`, BillingCity: 'Bonn' })

function live(crm: FakeSalesforce) {
  return [...crm.org.records('Account')].filter(({ deleted }) => !deleted)
}

function partnersOf({ erp }: Joined): readonly Readonly<Record<string, unknown>>[] {
  const { table } = erp.resource('partners')
  return [...table.nativeIds()].flatMap((nativeId) => {
    const body = table.current(nativeId)?.body
    return body === undefined ? [] : [body]
  })
}

const partner = (joined: Joined, code: string) => partnersOf(joined).find((one) => one.code === code)

test('accounts become partners through a bulk listing, edits are synced both ways, and creates become one account each', async () => {
  const joined = await joinSystems((crm) => {
    for (let n = 1; n <= 150; n += 1) crm.org.create('Account', account(n))
  })
  const { crm, erp } = joined
  await until(() => partnersOf(joined).length === 150 || `${partnersOf(joined).length} partners`)
  expect(crm.seen.some((one) => one.endsWith('/results'))).toBe(true)

  const [first] = live(crm)
  crm.org.update('Account', first?.id ?? '', { Phone: ' +49 228 1 ' })
  await until(() => partner(joined, 'C-1')?.phone === '+49 228 1' || 'the phone is missing')

  const { table } = erp.resource('partners')
  const nativeId = [...table.nativeIds()].find((one) => table.current(one)?.body?.code === 'C-2') ?? ''
  table.patch(nativeId, { city: 'Köln' }, 'user')
  await until(
    () =>
      live(crm).some(({ values }) => values.AccountNumber === 'C-2' && values.BillingCity === 'Köln') ||
      'no edit',
  )

  for (let n = 201; n <= 220; n += 1) table.create({ code: `C-${n}`, name: `Customer ${n}` }, 'user')
  await until(() => live(crm).length === 170 || `${live(crm).length} accounts`)
  const made = live(crm).filter(
    ({ values }) => String(values.AccountNumber).startsWith('C-2') && values.Isthmus_Id__c,
  )
  expect(made.length).toBeGreaterThanOrEqual(20)
  expect(new Set(live(crm).map(({ values }) => values.AccountNumber)).size).toBe(170)
})

test('creates and updates whose responses are lost, and a session that ends meanwhile, make one account each with the right values', async () => {
  const joined = await joinSystems(() => undefined)
  const { crm, erp } = joined
  await until(() => crm.seen.some((one) => one.includes('/queryAll')) || 'not polled yet')
  const { table } = erp.resource('partners')
  // The number of calls depends on the engine; the first one of each kind gets no response.
  crm.loseResponses = 1
  for (let n = 1; n <= 12; n += 1) table.create({ code: `C-${n}`, name: `Customer ${n}` }, 'user')
  await until(() => live(crm).length >= 12 || `${live(crm).length} accounts`)
  expect(crm.loseResponses).toBe(0)
  crm.oauth.endSessions()
  crm.loseResponses = 1
  for (const nativeId of table.nativeIds()) table.patch(nativeId, { city: 'Köln' }, 'user')
  await until(
    () => live(crm).every(({ values }) => values.BillingCity === 'Köln') || 'an edit is missing',
    30_000,
  )
  expect(crm.loseResponses).toBe(0)
  expect(live(crm).map(({ values }) => values.AccountNumber)).toHaveLength(12)
  expect(new Set(live(crm).map(({ values }) => values.AccountNumber)).size).toBe(12)
})

test('an outbound message is acknowledged once its mark is committed, and a merge re-links instead of deleting', async () => {
  const joined = await joinSystems((crm) => {
    for (let n = 1; n <= 3; n += 1) crm.org.create('Account', account(n))
  })
  const { crm, runtime, events } = joined
  await until(() => partnersOf(joined).length === 3 || 'not joined')
  const { status, store, receive, checkReady, now } = runtime
  const server = await listen({ status, admin: store.admin, receive, checkReady, now }, { port: 0 })
  open.push(() => server.close())
  const [one, two] = live(crm).map(({ id }) => id)
  const address = `${server.url}/hooks/crm?token=${encodeURIComponent(hookSecret)}`
  const notice = { object: 'Account', id: one ?? '', notificationId: '04l000000000001AAA' }
  crm.org.update('Account', one ?? '', { Phone: '1' })
  expect(await sendOutboundMessage(address, crm.org.id, [notice])).toBe(true)
  expect(await sendOutboundMessage(address, crm.org.id, [notice])).toBe(true)
  expect(events.filter(({ type }) => type === 'WebhookAccepted')).toMatchObject([
    { duplicate: false },
    { duplicate: true },
  ])
  await until(() => partner(joined, 'C-1')?.phone === '1' || 'the phone is missing')

  crm.org.merge('Account', two ?? '', [one ?? ''])
  await until(() => events.some(({ type }) => type === 'MembersMerged') || 'no merge was seen')
  expect(partnersOf(joined)).toHaveLength(3)
  expect(live(crm)).toHaveLength(2)

  // Both have a partner: until a decision, the loser's partner stays in sync, and then one of the two stays.
  const duplicates = async () => (await store.admin.duplicates({ limit: 5 })).rows
  await until(async () => (await duplicates()).length === 1 || 'no duplicate')
  const [pair] = await duplicates()
  expect(pair).toMatchObject({ cause: 'merge', system: 'crm', overlaps: [{ system: 'erp' }] })
  const [kept, other] = pair?.sides ?? []
  const { table } = joined.erp.resource('partners')
  const orphan = other?.natives.find(({ system }) => system === 'erp')?.nativeId ?? ''
  table.patch(orphan, { city: 'Essen' }, 'user')
  await until(async () => {
    const detail = await store.admin.record({ recordId: other?.recordId ?? '' })
    return detail?.record.fields.city?.value === 'Essen' || 'the edit was not seen'
  })
  const request = {
    keep: kept?.recordId ?? '',
    drop: other?.recordId ?? '',
    survivors: {},
    others: 'delete',
  } as const
  expect(await store.admin.mergeRecords(request, 'ada')).toMatchObject({ kind: 'ok' })
  store.wake()
  await until(() => partnersOf(joined).length === 2 || 'the orphan is still there')
  expect(live(crm)).toHaveLength(2)
  expect(await duplicates()).toEqual([])
})

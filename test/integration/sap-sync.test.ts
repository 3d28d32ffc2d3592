/** Contacts of a CRM and business partners of an S/4HANA, kept in agreement by the real runtime: the fake SAP over real HTTP, real PostgreSQL. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { DomainEvent } from '../../src/model/events.ts'
import { readSettings } from '../../src/runtime/config.ts'
import { createRuntime } from '../../src/runtime/create-runtime.ts'
import { loadDefinition } from '../../src/runtime/load-definition.ts'
import { type FaultProxy, startFaultProxy } from '../support/counterparts/fault-proxy.ts'
import { type TestDatabase, withTestDatabase } from '../support/database.ts'
import { elapse } from '../support/elapse.ts'
import { type FakeSystem, startFakeSystem } from '../support/fake-system/fake-system.ts'
import type { StoredRecord } from '../support/odata/model.ts'
import { until } from '../support/running-pair.ts'
import { type SapServer, startSapServer } from '../support/sap/server.ts'
import { testKey } from '../support/test-key.ts'
import { contacts, fakeResourceManifest, writeDefinition } from '../support/two-systems.ts'

const directory = mkdtempSync(join(tmpdir(), 'isthmus-sap-'))
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
  readonly crm: FakeSystem
  readonly sap: SapServer
  readonly proxy: FaultProxy
  readonly events: readonly DomainEvent[]
}

async function joinSystems(fill: (joined: Omit<Joined, 'events'>) => void): Promise<Joined> {
  const crm = await startFakeSystem({ name: 'crm', resources: [contacts] })
  const sap = await startSapServer()
  const proxy = await startFaultProxy(sap.url)
  open.push(
    () => crm.close(),
    () => sap.close(),
    () => proxy.close(),
  )
  fill({ crm, sap, proxy })
  writeDefinition(directory, definition(crm.url, proxy.url))
  schemas += 1
  const events: DomainEvent[] = []
  const runtime = await createRuntime({
    loaded: await loadDefinition({ directory, environment: { SAP_PASSWORD: 'Welcome1' } }),
    settings: readSettings(
      {
        ...testKey,
        DATABASE_URL: database.connection,
        ISTHMUS_DATABASE_SCHEMA: `sap_${process.pid}_${schemas}`,
      },
      directory,
    ),
    engine: { pollMs: 100, backoffBaseMs: 100, backoffMaxMs: 2_000 },
    onEvent: (event) => void events.push(event),
  })
  open.push(() => runtime.stop())
  runtime.start()
  return { crm, sap, proxy, events }
}

function definition(crmUrl: string, sapUrl: string): Parameters<typeof writeDefinition>[1] {
  const wide = { atLeast: 10_000_000 }
  return {
    integration: 'sap-sync',
    systems: {
      crm: {
        connector: 'rest',
        url: crmUrl,
        allowHttp: true,
        manifest: { resources: { contacts: fakeResourceManifest('contacts') } },
      },
      erp: {
        connector: 'sap-s4',
        url: sapUrl,
        allowHttp: true,
        client: '100',
        auth: { type: 'basic', username: 'ISTHMUS', password: `\${env:SAP_PASSWORD}` },
        resources: {
          BusinessPartner: {
            where: "BusinessPartnerCategory eq '2'",
            changes: {
              tracks: [
                { date: 'LastChangeDate', time: 'LastChangeTime' },
                { date: 'CreationDate', time: 'CreationTime' },
              ],
              commitLag: '1s',
            },
            inflight: '1s',
          },
        },
      },
    },
    entities: {
      customer: {
        fields: { code: { type: 'string', required: true }, name: 'string', city: 'string' },
        match: [{ exact: ['code'] }],
        conflict: { default: 'prefer crm erp' },
        delete: { from: ['crm', 'erp'], action: 'archive', confirm: '1s', guard: wide },
        guard: { create: wide, update: wide },
        systems: {
          crm: {
            resource: 'contacts',
            key: 'externalId',
            // It has no archive: a deletion in SAP, which archives, is not propagated here.
            operations: ['create', 'update'],
            map: { code: 'code', name: 'name', city: 'city' },
            triggers: [{ poll: '1s' }],
          },
          erp: {
            resource: 'BusinessPartner',
            onCreate: { BusinessPartnerCategory: '2' },
            spells: { empty: 'null' },
            map: {
              code: { path: 'SearchTerm1', maxLength: 20 },
              name: { path: 'OrganizationBPName1', maxLength: 40 },
              city: { path: 'OrganizationBPName2', maxLength: 40 },
            },
            triggers: [{ poll: '1s' }],
          },
        },
      },
    },
  }
}

const contact = (n: number) => ({ code: `C-${n}`, name: `Company ${n}`, city: 'Bonn' })
const partner = (n: number): StoredRecord => ({
  BusinessPartnerCategory: '2',
  SearchTerm1: `C-${n}`,
  OrganizationBPName1: `Company ${n}`,
})

const bySearchTerm = ({ sap }: Joined, code: string): readonly StoredRecord[] =>
  sap.partners.all().filter(({ SearchTerm1 }) => SearchTerm1 === code)

function contactsOf({ crm }: Joined): readonly Readonly<Record<string, unknown>>[] {
  const { table } = crm.resource('contacts')
  return [...table.nativeIds()].flatMap((nativeId) => {
    const body = table.current(nativeId)?.body
    return body === undefined ? [] : [body]
  })
}

test('contacts become partners, edits are synced both ways, and a partner that was never changed is found', async () => {
  const joined = await joinSystems(({ crm }) => {
    for (let n = 1; n <= 60; n += 1) crm.resource('contacts').table.create(contact(n), 'user')
  })
  const { crm, sap } = joined
  await until(() => sap.partners.count() === 60 || `${sap.partners.count()} partners`)
  expect(sap.identifications.count()).toBe(60)

  const [first] = bySearchTerm(joined, 'C-1')
  sap.partners.change({ BusinessPartner: first?.BusinessPartner ?? '' }, { OrganizationBPName2: 'Köln' })
  await until(
    () => contactsOf(joined).some(({ code, city }) => code === 'C-1' && city === 'Köln') || 'no edit',
  )

  sap.server.sessions.endAll()
  const { table } = crm.resource('contacts')
  const nativeId = [...table.nativeIds()].find((one) => table.current(one)?.body?.code === 'C-2') ?? ''
  table.patch(nativeId, { name: 'Another Company 2' }, 'user')
  await until(
    () =>
      bySearchTerm(joined, 'C-2')[0]?.OrganizationBPName1 === 'Another Company 2' || 'no edit of the name',
  )

  sap.partners.create(partner(100))
  await until(() => contactsOf(joined).some(({ code }) => code === 'C-100') || 'the new partner is missing')
  expect(contactsOf(joined)).toHaveLength(61)
  expect(sap.partners.count()).toBe(61)
})

test('the filter of a resource excludes records that the change feed reports', async () => {
  const joined = await joinSystems(({ crm }) => {
    crm.resource('contacts').table.create(contact(1), 'user')
  })
  const { sap } = joined
  await until(() => sap.partners.count() === 1 || 'no partner')
  const person = sap.partners.create({
    BusinessPartnerCategory: '1',
    SearchTerm1: 'P-1',
    LastName: 'Lovelace',
  })
  sap.partners.create(partner(2))
  await until(() => contactsOf(joined).some(({ code }) => code === 'C-2') || 'the company is missing')
  sap.partners.change({ BusinessPartner: String(person.BusinessPartner) }, { SearchTerm2: 'again' })
  sap.partners.create(partner(3))
  await until(() => contactsOf(joined).some(({ code }) => code === 'C-3') || 'the next company is missing')
  await elapse(2_500, 'the person would have been carried over by then')
  expect(contactsOf(joined).map(({ code }) => code)).not.toContain('P-1')
})

test('under lost responses, locks and a failing server, each contact becomes exactly one partner', async () => {
  const joined = await joinSystems(({ crm, proxy }) => {
    for (let n = 1; n <= 20; n += 1) crm.resource('contacts').table.create(contact(n), 'user')
    proxy.faults.loseNextResponse({ method: 'POST' })
    proxy.faults.loseNextResponse({ method: 'POST', after: 2 })
    proxy.faults.respondNext({ status: 503, method: 'POST', after: 1 })
  })
  const { crm, sap } = joined
  await until(() => sap.partners.count() >= 20 || `${sap.partners.count()} partners`)
  const [first] = bySearchTerm(joined, 'C-1')
  const key = { BusinessPartner: first?.BusinessPartner ?? '' }
  sap.partners.lock(key)
  const writes = (): number => sap.server.seen.filter(({ method }) => method !== 'GET').length
  const before = writes()
  const { table } = crm.resource('contacts')
  const nativeId = [...table.nativeIds()].find((one) => table.current(one)?.body?.code === 'C-1') ?? ''
  table.patch(nativeId, { city: 'Aachen' }, 'user')
  await until(() => writes() > before || 'no attempt')
  sap.partners.unlock(key)
  await until(() => sap.partners.get(key)?.OrganizationBPName2 === 'Aachen' || 'the edit is missing')
  expect(sap.partners.count()).toBe(20)
  expect(new Set(sap.partners.all().map(({ SearchTerm1 }) => SearchTerm1)).size).toBe(20)
  expect(contactsOf(joined)).toHaveLength(20)
})

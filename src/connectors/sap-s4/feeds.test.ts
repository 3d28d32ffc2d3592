/** Change feeds, lists and the description of resources. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  connect,
  context,
  drained,
  listOf,
  make,
  nativeIdOf,
  orderHead,
  partner,
  start,
} from '../../../test/support/sap/connected.ts'

describe('the change feed', () => {
  test('a partner that was never changed is reported by its creation', async () => {
    const { sap, partners } = await start()
    const { cursor } = await drained(partners)
    const nativeId = String(sap.partners.create(partner).BusinessPartner)
    expect(sap.partners.get({ BusinessPartner: nativeId })?.LastChangeDate).toBeNull()
    const reported = await drained(partners, cursor)
    expect(reported.nativeIds).toEqual([nativeId])
    expect((await drained(partners, reported.cursor)).nativeIds).toEqual([])
    sap.partners.change({ BusinessPartner: nativeId }, { SearchTerm1: 'X' })
    expect((await drained(partners, reported.cursor)).nativeIds).toContain(nativeId)
  })

  test('more partners of one second than fit on a page are all reported', async () => {
    const { sap, partners } = await start({}, { resources: { BusinessPartner: { list: { pageSize: 3 } } } })
    sap.server.store.clock.stop()
    const made = Array.from({ length: 10 }, () => String(sap.partners.create(partner).BusinessPartner))
    expect((await drained(partners)).nativeIds.toSorted()).toEqual(made)
  })

  test('orders of one moment are all reported, although V2 spells the moment less exactly than it is kept', async () => {
    const { sap, system } = await start({}, { resources: { SalesOrder: { list: { pageSize: 3 } } } })
    const SoldToParty = String(sap.partners.create(partner).BusinessPartner)
    const orders = Array.from({ length: 10 }, () => ({ ...orderHead, SoldToParty }))
    const made = sap.server.store.clock.at(Date.now(), () =>
      orders.map((order, changes) => {
        const SalesOrder = String(sap.orders.create(order).SalesOrder)
        // Each change while the clock is stopped is a ten-millionth of a second later.
        for (let at = 0; at < changes; at += 1) sap.orders.change({ SalesOrder }, {})
        return SalesOrder
      }),
    )
    expect(new Set(sap.orders.all().map((one) => one.LastChangeDateTime)).size).toBe(10)
    const reported = await drained(system.resource('SalesOrder'))
    expect([...new Set(reported.nativeIds)].toSorted()).toEqual(made.toSorted())
  })

  test('a system whose wall shows another zone tells its changes at once, and their true time', async () => {
    const { sap, partners } = await start({}, { timeZone: 'America/New_York' })
    const { clock: wall } = sap.server.store
    // The fake's local time is UTC; four hours back is the local time of New York in summer.
    const noon = Date.parse('2026-07-01T12:00:00Z')
    wall.at(noon - 4 * 3_600_000, () => sap.partners.create(partner))
    expect((await drained(partners)).nativeIds).toEqual(['1000001'])
    const read = await partners.read('1000001', context)
    expect(read.kind === 'live' && read.changedAt).toBe(noon)
  })
})

describe('lists', () => {
  test('go by the key, past pages that the system cuts shorter than asked for', async () => {
    const { sap, partners } = await start({ pageSizeMax: 4 })
    for (let at = 0; at < 10; at += 1) sap.partners.create(partner)
    const { nativeIds, pages, end } = await listOf(partners)
    expect(nativeIds).toHaveLength(10)
    expect(pages).toBe(3)
    expect(end).toEqual({ complete: true, expected: 10 })
    expect(sap.server.seen.some(({ url }) => url.includes('$skiptoken'))).toBe(false)
  })

  test('hold to the condition of the definition', async () => {
    const where = "SearchTerm1 eq 'A' or SearchTerm1 eq 'B'"
    const { sap, partners } = await start({}, { resources: { BusinessPartner: { where } } })
    for (const SearchTerm1 of ['A', 'B', 'C']) sap.partners.create({ ...partner, SearchTerm1 })
    expect((await listOf(partners)).nativeIds).toEqual(['1000001', '1000002'])
  })

  test('a service that was shut down deletes nothing', async () => {
    const { sap, partners } = await start()
    await make(partners)
    const error = { error: { code: '/IWFND/MED/170', message: { lang: 'en', value: 'No service found' } } }
    sap.server.intercept = () => ({
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(error),
    })
    expect(await partners.read('1000001', context)).toMatchObject({ kind: 'unknown' })
  })
})

test('the system describes its resources from the metadata', async () => {
  const { system } = await start()
  const described = await system.describe?.(['BusinessPartner'], context)
  expect(described).toMatchObject({
    kind: 'known',
    resources: [{ name: 'BusinessPartner', key: [['BusinessPartner']] }],
  })
  const fields = described?.kind === 'known' ? (described.resources[0]?.fields ?? []) : []
  expect(fields.find(({ path }) => path[0] === 'OrganizationBPName1')).toEqual({
    path: ['OrganizationBPName1'],
    label: 'Name 1',
    nativeType: 'Edm.String(40)',
    type: { kind: 'string', maxLength: 40 },
    maxLength: 40,
    required: false,
    nullable: true,
    creatable: true,
    updatable: true,
  })
  expect(fields.find(({ path }) => path[0] === 'CreationDate')).toMatchObject({
    type: { kind: 'date' },
    creatable: false,
    updatable: false,
  })
})

test('a resource of the section stands over its preset, and a mistyped key is named', async () => {
  const { system } = await start({}, { resources: { BusinessPartner: { batch: { write: 10 } } } })
  expect(system.resource('BusinessPartner').capabilities).toMatchObject({ writeBatch: 10, create: 'marker' })
  expect(() => connect('http://127.0.0.1:1', { resources: { BusinessPartner: { etags: true } } })).toThrow(
    /etag/,
  )
  expect(() => connect('http://127.0.0.1:1', { client: '1' })).toThrow(/three digits/)
})

test('a whole section puts a condition on a preset and adds a resource of its own', async () => {
  const text = readFileSync(new URL('./fixtures/erp.yaml', import.meta.url), 'utf8')
  const { resources } = parse(text) as { readonly resources: Record<string, unknown> }
  const { sap, system, partners } = await start({}, { resources })
  sap.partners.create({ BusinessPartnerCategory: '1', LastName: 'Lovelace' })
  const nativeId = await nativeIdOf(make(partners))
  expect((await listOf(partners)).nativeIds).toEqual([nativeId])
  expect((await listOf(system.resource('Identification'))).nativeIds).toHaveLength(1)
})

test('a service that is not activated is left out of the description, unless it was asked for', async () => {
  const { sap, system } = await start()
  sap.server.intercept = ({ url }) =>
    url.includes('odata4') ? { status: 403, headers: {}, body: '' } : undefined
  const all = await system.describe?.(undefined, context)
  const names = all?.kind === 'known' ? all.resources.map(({ name }) => name) : []
  expect(names).toEqual(['BusinessPartner', 'BusinessPartnerAddress', 'SalesOrder', 'SalesOrderItem'])
  expect(await system.describe?.(['SalesOrderV4'], context)).toMatchObject({ kind: 'unknown' })
  expect(() => system.resource('BusinessPartners')).toThrow(/BusinessPartner/)
})

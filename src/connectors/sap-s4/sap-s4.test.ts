/** Records of the fake S/4HANA, read and written over real sockets. */
import { describe, expect, test } from 'vitest'
import { startFaultProxy } from '../../../test/support/counterparts/fault-proxy.ts'
import {
  connect,
  context,
  idOf,
  listOf,
  make,
  nativeIdOf,
  open,
  orderHead,
  partner,
  start,
  versionOf,
  writesTo,
} from '../../../test/support/sap/connected.ts'

const order = { ...orderHead, SoldToParty: '1000001' }

describe('creates', () => {
  test('a partner carries our id as an identification, and is found by it', async () => {
    const { sap, partners } = await start()
    const nativeId = await nativeIdOf(make(partners))
    expect(sap.identifications.all()).toMatchObject([
      { BusinessPartner: nativeId, BPIdentificationType: 'ISTHMS', BPIdentificationNumber: idOf(1) },
    ])
    expect(await partners.find?.({ by: 'marker', recordId: idOf(1) }, context)).toEqual({
      kind: 'found',
      nativeIds: [nativeId],
      capped: false,
    })
    const read = await partners.read(nativeId, context)
    expect(read.kind === 'live' && partners.markerOf?.(read.native)).toBe(idOf(1))
  })

  test('a create whose response is lost is in doubt, and found by its marker', async () => {
    const { sap } = await start()
    const proxy = await startFaultProxy(sap.url)
    open.push(proxy)
    const partners = connect(proxy.url).resource('BusinessPartner')
    proxy.faults.loseNextResponse({ method: 'POST' })
    expect(await make(partners)).toMatchObject({ kind: 'unknown' })
    expect(await partners.find?.({ by: 'marker', recordId: idOf(1) }, context)).toMatchObject({
      nativeIds: ['1000001'],
    })
  })

  test('an order is inserted with its items, the id in the customer reference', async () => {
    const { sap, system } = await start()
    sap.partners.create(partner)
    const orders = system.resource('SalesOrder')
    const items = [
      { Material: 'TG11', RequestedQuantity: '5', NetAmount: '0.10' },
      { Material: 'TG12', RequestedQuantity: 1, NetAmount: '0.2' },
    ]
    const body = { ...orderHead, SoldToParty: '1000001', RequestedDeliveryDate: '2026-12-24', to_Item: items }
    const made = await make(orders, body)
    expect(made).toMatchObject({ kind: 'ok', nativeId: '1', native: { TotalNetAmount: '0.3' } })
    expect(made.kind === 'ok' && made.native !== undefined && 'to_Item' in made.native).toBe(false)
    expect(sap.items.all()).toMatchObject([
      { SalesOrderItem: '10', NetAmount: '0.1', RequestedQuantity: '5' },
      { SalesOrderItem: '20', NetAmount: '0.2', RequestedQuantity: '1' },
    ])
    expect(sap.orders.get({ SalesOrder: '1' })?.PurchaseOrderByCustomer).toBe(idOf(1).replaceAll('-', ''))
    expect(await orders.find?.({ by: 'marker', recordId: idOf(1) }, context)).toMatchObject({
      nativeIds: ['1'],
    })
    expect(orders.markerOf?.({ PurchaseOrderByCustomer: idOf(1).replaceAll('-', '') })).toBe(idOf(1))
    expect(orders.markerOf?.({ PurchaseOrderByCustomer: 'PO 4711' })).toBeUndefined()
  })

  test('V2 and V4 show one order with the same spelling of days, amounts and instants', async () => {
    const { sap, system } = await start()
    sap.partners.create(partner)
    await make(system.resource('SalesOrderV4'), { ...order, RequestedDeliveryDate: '2026-12-24' })
    const reads = await Promise.all(
      ['SalesOrder', 'SalesOrderV4'].map((name) => system.resource(name).read('1', context)),
    )
    for (const read of reads) {
      expect(read).toMatchObject({
        kind: 'live',
        native: { RequestedDeliveryDate: '2026-12-24', TotalNetAmount: '0', TransactionCurrency: 'EUR' },
      })
    }
    const [v2, v4] = reads.map((read) => (read.kind === 'live' ? String(read.native.LastChangeDateTime) : ''))
    expect(Date.parse(v2 ?? '')).toBe(Date.parse(v4 ?? ''))
  })

  test('a refusal tells the code of SAP and the field, and nothing that was sent', async () => {
    const { partners } = await start()
    const refused = await make(partners, { ...partner, BusinessPartnerCategory: '9', SearchTerm1: 'SECRET' })
    expect(refused).toMatchObject({ kind: 'rejected', fields: ['BusinessPartnerCategory'] })
    expect(JSON.stringify(refused)).toContain('R11/113')
    expect(JSON.stringify(refused)).not.toContain('SECRET')
  })

  test('a value that its property can not hold is refused before anything is sent', async () => {
    const { sap, partners } = await start()
    const refused = await make(partners, { ...partner, BirthDate: 'last spring' })
    expect(refused).toMatchObject({ kind: 'rejected', fields: ['BirthDate'] })
    expect(writesTo(sap.server.seen)).toHaveLength(0)
  })
})

describe('changes by us', () => {
  test('an update keeps to the version: done, stale when old, stale when missing', async () => {
    const { sap, partners } = await start()
    const nativeId = await nativeIdOf(make(partners))
    const ifVersion = await versionOf(partners, nativeId)
    const update = (more: { ifVersion?: string }) =>
      partners.update?.({ nativeId, patch: { SearchTerm1: 'N' }, idempotencyKey: 'u', ...more }, context)
    expect(await update({})).toEqual({ kind: 'stale' })
    expect(await update({ ifVersion })).toEqual({ kind: 'ok', nativeId })
    expect(await update({ ifVersion })).toEqual({ kind: 'stale' })
    expect(sap.partners.get({ BusinessPartner: nativeId })?.OrganizationBPName1).toBe('Nordwind AG')
  })

  test('a record that somebody has open is tried again soon, by itself', async () => {
    const { sap, partners } = await start()
    const nativeId = await nativeIdOf(make(partners))
    sap.partners.lock({ BusinessPartner: nativeId })
    const ifVersion = await versionOf(partners, nativeId)
    const request = { nativeId, patch: { SearchTerm1: 'N' }, idempotencyKey: 'u', ifVersion }
    const locked = await partners.update?.(request, context)
    expect(locked).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'CONNECTOR_RECORD_LOCKED', scope: 'record', retryAfterMs: 2_000 },
    })
    sap.partners.unlock({ BusinessPartner: nativeId })
    expect(await partners.update?.(request, context)).toMatchObject({ kind: 'ok' })
  })

  test('parts are not changed through the whole, which says so instead of losing them', async () => {
    const { sap, partners } = await start()
    const nativeId = await nativeIdOf(make(partners))
    const patch = { to_BusinessPartnerAddress: [{ CityName: 'Bonn' }] }
    expect(await partners.update?.({ nativeId, patch, idempotencyKey: 'u' }, context)).toMatchObject({
      kind: 'rejected',
      fields: ['to_BusinessPartnerAddress'],
    })
    expect(writesTo(sap.server.seen)).toHaveLength(1)
  })

  test('an address of a partner is a record with a key of two parts', async () => {
    const { system, partners } = await start()
    const owner = await nativeIdOf(make(partners))
    const addresses = system.resource('BusinessPartnerAddress')
    const nativeId = await nativeIdOf(
      make(addresses, { BusinessPartner: owner, Country: 'DE', CityName: 'Bonn' }),
    )
    expect(nativeId).toBe(`BusinessPartner=${owner},AddressID=20001`)
    const update = { nativeId, patch: { CityName: 'Köln' }, idempotencyKey: 'u' }
    expect(await addresses.update?.(update, context)).toEqual({ kind: 'ok', nativeId })
    expect(await addresses.read(nativeId, context)).toMatchObject({ native: { CityName: 'Köln' } })
    expect(await addresses.remove?.({ nativeId, mode: 'delete' }, context)).toEqual({ kind: 'ok', nativeId })
    expect(await addresses.read(nativeId, context)).toEqual({ kind: 'gone' })
  })

  test('an order is deleted under its version, or whatever its version is when none is given', async () => {
    const { sap, system } = await start()
    sap.partners.create(partner)
    const orders = system.resource('SalesOrder')
    const [first, second] = [
      await nativeIdOf(make(orders, order, 1)),
      await nativeIdOf(make(orders, order, 2)),
    ]
    const ifVersion = await versionOf(orders, first)
    sap.orders.change({ SalesOrder: first }, { TransactionCurrency: 'USD' })
    const stale = await orders.remove?.({ nativeId: first, mode: 'delete', ifVersion }, context)
    expect(stale).toEqual({ kind: 'stale' })
    expect(await orders.remove?.({ nativeId: second, mode: 'delete' }, context)).toEqual({
      kind: 'ok',
      nativeId: second,
    })
    expect(await orders.remove?.({ nativeId: second, mode: 'delete' }, context)).toEqual({ kind: 'gone' })
    expect(sap.orders.all().map(({ SalesOrder }) => SalesOrder)).toEqual([first])
  })

  test('archiving marks a partner, which counts as gone from then on', async () => {
    const { sap, partners } = await start()
    const nativeId = await nativeIdOf(make(partners))
    const ifVersion = await versionOf(partners, nativeId)
    expect(await partners.remove?.({ nativeId, mode: 'archive', ifVersion }, context)).toMatchObject({
      kind: 'ok',
    })
    expect(sap.partners.get({ BusinessPartner: nativeId })?.IsMarkedForArchiving).toBe(true)
    expect(await partners.read(nativeId, context)).toEqual({ kind: 'gone' })
    expect(await listOf(partners)).toMatchObject({ nativeIds: [], end: { complete: true } })
  })
})

describe('batches', () => {
  test('of several creates a refused one takes no neighbour along', async () => {
    const { sap, partners } = await start()
    const requests = [1, 2, 3].map((n) => ({
      body: { ...partner, BusinessPartnerCategory: n === 2 ? '9' : '2', OrganizationBPName1: `N ${n}` },
      recordId: idOf(n),
      idempotencyKey: `k${n}`,
    }))
    const results = await partners.createMany?.(requests, context)
    expect(results).toMatchObject([{ kind: 'ok' }, { kind: 'rejected' }, { kind: 'ok' }])
    expect(sap.partners.all().map((one) => one.OrganizationBPName1)).toEqual(['N 1', 'N 3'])
    expect(writesTo(sap.server.seen)).toHaveLength(1)
  })

  test('of several updates each keeps to its own version', async () => {
    const { partners } = await start()
    const nativeIds = await Promise.all([1, 2].map((n) => nativeIdOf(make(partners, partner, n))))
    const [good = '', old = ''] = nativeIds
    const versions = await Promise.all(nativeIds.map((nativeId) => versionOf(partners, nativeId)))
    const [first = '', second = ''] = versions
    await partners.update?.(
      { nativeId: old, patch: { SearchTerm1: 'X' }, ifVersion: second, idempotencyKey: 'u' },
      context,
    )
    const patch = { SearchTerm2: 'Y' }
    const results = await partners.updateMany?.(
      [
        { nativeId: old, patch, ifVersion: second, idempotencyKey: 'a' },
        { nativeId: good, patch, ifVersion: first, idempotencyKey: 'b' },
        { nativeId: '999', patch, ifVersion: first, idempotencyKey: 'c' },
      ],
      context,
    )
    expect(results?.map(({ kind }) => kind)).toEqual(['stale', 'ok', 'gone'])
  })

  test('several reads take one request and answer in their order', async () => {
    const { sap, partners } = await start()
    await Promise.all([1, 2].map((n) => make(partners, partner, n)))
    const before = sap.server.seen.length
    const reads = await partners.readMany?.(['1000002', '7', '1000001'], context)
    expect(reads?.map((one) => (one.kind === 'live' ? one.nativeId : one.kind))).toEqual([
      '1000002',
      'gone',
      '1000001',
    ])
    expect(sap.server.seen).toHaveLength(before + 1)
  })

  test('a response that breaks off leaves each write in doubt', async () => {
    const { sap } = await start()
    const proxy = await startFaultProxy(sap.url)
    open.push(proxy)
    const partners = connect(proxy.url).resource('BusinessPartner')
    proxy.faults.loseNextResponse({ method: 'POST' })
    const requests = [1, 2].map((n) => ({ body: partner, recordId: idOf(n), idempotencyKey: `k${n}` }))
    const results = await partners.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
    expect(sap.partners.count()).toBe(2)
  })

  test('a response with too few parts leaves those without one in doubt', async () => {
    const { sap, partners } = await start()
    await make(partners, partner, 9)
    sap.server.intercept = ({ url }) =>
      url.includes('$batch')
        ? { status: 202, headers: { 'content-type': 'multipart/mixed; boundary=x' }, body: '--x--' }
        : undefined
    const requests = [1, 2].map((n) => ({ body: partner, recordId: idOf(n), idempotencyKey: `k${n}` }))
    const results = await partners.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
    expect((await partners.readMany?.(['1', '2'], context))?.map(({ kind }) => kind)).toEqual([
      'unknown',
      'unknown',
    ])
  })

  test('where a batch is refused as a whole, its records go one by one', async () => {
    const { sap, partners } = await start()
    sap.server.intercept = ({ url }) =>
      url.includes('$batch') ? { status: 413, headers: {}, body: '' } : undefined
    const requests = [1, 2].map((n) => ({ body: partner, recordId: idOf(n), idempotencyKey: `k${n}` }))
    const results = await partners.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['ok', 'ok'])
  })
})

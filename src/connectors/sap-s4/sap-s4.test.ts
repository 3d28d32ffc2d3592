/** The connector against the fake S/4HANA, over real sockets. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'
import { afterEach, describe, expect, test } from 'vitest'
import { startFaultProxy } from '../../../test/support/counterparts/fault-proxy.ts'
import type { SeenRequest } from '../../../test/support/odata/server.ts'
import { type SapServer, type SapServerOptions, startSapServer } from '../../../test/support/sap/server.ts'
import type { CallContext, ConnectedSystem, ListEnd, Resource, WriteResult } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const basic = { type: 'basic', username: 'ISTHMUS', password: 'Welcome1' }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function connect(url: string, config: Record<string, unknown> = {}): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'erp',
      connector: 'sap-s4',
      config: { url, allowHttp: true, client: '100', auth: basic, ...config },
      timing: { readTimeoutMs: 5_000, writeTimeoutMs: 5_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

async function start(
  options: SapServerOptions = {},
  config: Record<string, unknown> = {},
): Promise<{ sap: SapServer; system: ConnectedSystem; partners: Resource }> {
  const sap = await startSapServer(options)
  open.push(sap)
  const system = connect(sap.url, config)
  return { sap, system, partners: system.resource('BusinessPartner') }
}

const idOf = (n: number): string => `0190f0a1-0000-7000-8000-${String(n).padStart(12, '0')}`
const partner = { BusinessPartnerCategory: '2', OrganizationBPName1: 'Nordwind AG' }
const orderHead = {
  SalesOrderType: 'OR',
  SalesOrganization: '1010',
  DistributionChannel: '10',
  OrganizationDivision: '00',
}

async function make(
  resource: Resource,
  body: Record<string, unknown> = partner,
  n = 1,
): Promise<WriteResult> {
  const result = await resource.create?.({ body, recordId: idOf(n), idempotencyKey: `k${n}` }, context)
  if (result === undefined) throw new Error('creates are not offered')
  return result
}

async function ridOf(result: Promise<WriteResult>): Promise<string> {
  const settled = await result
  if (settled.kind !== 'ok') throw new Error(`not made: ${JSON.stringify(settled)}`)
  return settled.rid
}

async function versionOf(resource: Resource, rid: string): Promise<string> {
  const read = await resource.read(rid, context)
  return read.kind === 'live' ? (read.version ?? '') : ''
}

async function listOf(resource: Resource): Promise<{ rids: string[]; pages: number; end: ListEnd }> {
  const rids: string[] = []
  const walk = resource.list(context)
  for (let pages = 0; ; pages += 1) {
    const next = await walk.next()
    if (next.done === true) return { rids, pages, end: next.value }
    rids.push(...next.value.map(({ rid }) => rid))
  }
}

async function drained(resource: Resource, cursor?: string): Promise<{ rids: string[]; cursor: string }> {
  const rids: string[] = []
  for (let at = cursor; ; ) {
    const result = await resource.changes?.(at, context)
    if (result?.kind !== 'page') throw new Error(`no page: ${JSON.stringify(result)}`)
    rids.push(...result.changed.map(({ rid }) => rid))
    at = result.cursor
    if (!result.more) return { rids, cursor: result.cursor }
  }
}

const writesTo = (seen: readonly SeenRequest[]): readonly SeenRequest[] =>
  seen.filter(({ method }) => method !== 'GET')
const tokenFetches = (seen: readonly SeenRequest[]): readonly SeenRequest[] =>
  seen.filter(({ headers }) => headers['x-csrf-token'] === 'Fetch')

describe('sessions', () => {
  test('writes at the same time share one token, and every request names client and language', async () => {
    const { sap, partners } = await start({}, { language: 'DE' })
    const made = await Promise.all([1, 2, 3, 4].map((n) => make(partners, partner, n)))
    expect(made.every(({ kind }) => kind === 'ok')).toBe(true)
    expect(tokenFetches(sap.server.seen)).toHaveLength(1)
    expect(sap.server.seen.every(({ url }) => url.includes('sap-client=100&sap-language=DE'))).toBe(true)
  })

  test('a session that has ended is renewed and the write sent again, once', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.sessions.endAll()
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
    expect(tokenFetches(sap.server.seen)).toHaveLength(2)
    expect(sap.partners.count()).toBe(2)
  })

  test('a session that nobody used for half an hour is renewed', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.store.clock.set(Date.now() + 31 * 60_000)
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
  })

  test('a 403 about rights is not tried again', async () => {
    const { sap, partners } = await start()
    await make(partners)
    sap.server.intercept = ({ method }) =>
      method === 'POST' ? { status: 403, headers: {}, body: 'no authorization' } : undefined
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
    expect(writesTo(sap.server.seen)).toHaveLength(2)
  })

  test('without a token nothing is sent, and that is what the outcome says', async () => {
    const { sap, partners } = await start()
    sap.server.intercept = ({ headers }) =>
      headers['x-csrf-token'] === undefined ? undefined : { status: 500, headers: {}, body: '' }
    expect(await make(partners)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
    expect(writesTo(sap.server.seen)).toHaveLength(0)
  })

  test('a token by client credentials from a real authorization server opens the door', async () => {
    const provider = await startProvider()
    open.push(provider)
    const { partners } = await start(
      { admits: (authorization) => provider.knows(authorization) },
      {
        auth: {
          type: 'oauth2-client-credentials',
          tokenUrl: `${provider.url}/token`,
          clientId: 'isthmus',
          clientSecret: 'of-the-communication-user',
        },
      },
    )
    expect(await make(partners)).toMatchObject({ kind: 'ok' })
    await provider.revokeAll()
    expect(await make(partners, partner, 2)).toMatchObject({ kind: 'ok' })
    expect(provider.issued()).toBe(2)
  })

  test('a wrong password concerns the whole system', async () => {
    const { partners } = await start({}, { auth: { ...basic, password: 'wrong' } })
    expect(await partners.read('1', context)).toMatchObject({ kind: 'unknown', failure: { scope: 'system' } })
    expect(await make(partners)).toMatchObject({ kind: 'not-sent', failure: { scope: 'system' } })
  })
})

describe('creates', () => {
  test('a partner carries our id as an identification, and is found by it', async () => {
    const { sap, partners } = await start()
    const rid = await ridOf(make(partners))
    expect(sap.identifications.all()).toMatchObject([
      { BusinessPartner: rid, BPIdentificationType: 'ISTHMS', BPIdentificationNumber: idOf(1) },
    ])
    expect(await partners.find?.({ by: 'marker', recordId: idOf(1) }, context)).toEqual({
      kind: 'found',
      rids: [rid],
      capped: false,
    })
    const read = await partners.read(rid, context)
    expect(read.kind === 'live' && partners.markerOf?.(read.native)).toBe(idOf(1))
  })

  test('a create whose answer is lost is in doubt, and found by its marker', async () => {
    const { sap } = await start()
    const proxy = await startFaultProxy(sap.url)
    open.push(proxy)
    const partners = connect(proxy.url).resource('BusinessPartner')
    proxy.faults.loseNextAnswer({ method: 'POST' })
    expect(await make(partners)).toMatchObject({ kind: 'unknown' })
    expect(await partners.find?.({ by: 'marker', recordId: idOf(1) }, context)).toMatchObject({
      rids: ['1000001'],
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
    expect(made).toMatchObject({ kind: 'ok', rid: '1', native: { TotalNetAmount: '0.3' } })
    expect(made.kind === 'ok' && made.native !== undefined && 'to_Item' in made.native).toBe(false)
    expect(sap.items.all()).toMatchObject([
      { SalesOrderItem: '10', NetAmount: '0.1', RequestedQuantity: '5' },
      { SalesOrderItem: '20', NetAmount: '0.2', RequestedQuantity: '1' },
    ])
    expect(sap.orders.get({ SalesOrder: '1' })?.PurchaseOrderByCustomer).toBe(idOf(1).replaceAll('-', ''))
    expect(await orders.find?.({ by: 'marker', recordId: idOf(1) }, context)).toMatchObject({ rids: ['1'] })
    expect(orders.markerOf?.({ PurchaseOrderByCustomer: idOf(1).replaceAll('-', '') })).toBe(idOf(1))
    expect(orders.markerOf?.({ PurchaseOrderByCustomer: 'PO 4711' })).toBeUndefined()
  })

  test('V2 and V4 show one order with the same spelling of days, amounts and instants', async () => {
    const { sap, system } = await start()
    sap.partners.create(partner)
    const order = { ...orderHead, SoldToParty: '1000001', RequestedDeliveryDate: '2026-12-24' }
    await make(system.resource('SalesOrderV4'), order)
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
    const rid = await ridOf(make(partners))
    const ifVersion = await versionOf(partners, rid)
    const update = (more: { ifVersion?: string }) =>
      partners.update?.({ rid, patch: { SearchTerm1: 'N' }, idempotencyKey: 'u', ...more }, context)
    expect(await update({})).toEqual({ kind: 'stale' })
    expect(await update({ ifVersion })).toEqual({ kind: 'ok', rid })
    expect(await update({ ifVersion })).toEqual({ kind: 'stale' })
    expect(sap.partners.get({ BusinessPartner: rid })?.OrganizationBPName1).toBe('Nordwind AG')
  })

  test('a record that somebody has open is tried again soon, by itself', async () => {
    const { sap, partners } = await start()
    const rid = await ridOf(make(partners))
    sap.partners.lock({ BusinessPartner: rid })
    const ifVersion = await versionOf(partners, rid)
    const request = { rid, patch: { SearchTerm1: 'N' }, idempotencyKey: 'u', ifVersion }
    const locked = await partners.update?.(request, context)
    expect(locked).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'CONNECTOR_RECORD_LOCKED', scope: 'record', retryAfterMs: 2_000 },
    })
    sap.partners.unlock({ BusinessPartner: rid })
    expect(await partners.update?.(request, context)).toMatchObject({ kind: 'ok' })
  })

  test('parts are not changed through the whole, which says so instead of losing them', async () => {
    const { sap, partners } = await start()
    const rid = await ridOf(make(partners))
    const patch = { to_BusinessPartnerAddress: [{ CityName: 'Bonn' }] }
    expect(await partners.update?.({ rid, patch, idempotencyKey: 'u' }, context)).toMatchObject({
      kind: 'rejected',
      fields: ['to_BusinessPartnerAddress'],
    })
    expect(writesTo(sap.server.seen)).toHaveLength(1)
  })

  test('an address of a partner is a record with a key of two parts', async () => {
    const { system, partners } = await start()
    const owner = await ridOf(make(partners))
    const addresses = system.resource('BusinessPartnerAddress')
    const rid = await ridOf(make(addresses, { BusinessPartner: owner, Country: 'DE', CityName: 'Bonn' }))
    expect(rid).toBe(`BusinessPartner=${owner},AddressID=20001`)
    const update = { rid, patch: { CityName: 'Köln' }, idempotencyKey: 'u' }
    expect(await addresses.update?.(update, context)).toEqual({ kind: 'ok', rid })
    expect(await addresses.read(rid, context)).toMatchObject({ native: { CityName: 'Köln' } })
    expect(await addresses.remove?.({ rid, mode: 'delete' }, context)).toEqual({ kind: 'ok', rid })
    expect(await addresses.read(rid, context)).toEqual({ kind: 'gone' })
  })

  test('archiving marks a partner, which counts as gone from then on', async () => {
    const { sap, partners } = await start()
    const rid = await ridOf(make(partners))
    const ifVersion = await versionOf(partners, rid)
    expect(await partners.remove?.({ rid, mode: 'archive', ifVersion }, context)).toMatchObject({
      kind: 'ok',
    })
    expect(sap.partners.get({ BusinessPartner: rid })?.IsMarkedForArchiving).toBe(true)
    expect(await partners.read(rid, context)).toEqual({ kind: 'gone' })
    expect(await listOf(partners)).toMatchObject({ rids: [], end: { complete: true } })
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
    const rids = await Promise.all([1, 2].map((n) => ridOf(make(partners, partner, n))))
    const [good = '', old = ''] = rids
    const versions = await Promise.all(rids.map((rid) => versionOf(partners, rid)))
    const [first = '', second = ''] = versions
    await partners.update?.(
      { rid: old, patch: { SearchTerm1: 'X' }, ifVersion: second, idempotencyKey: 'u' },
      context,
    )
    const patch = { SearchTerm2: 'Y' }
    const results = await partners.updateMany?.(
      [
        { rid: old, patch, ifVersion: second, idempotencyKey: 'a' },
        { rid: good, patch, ifVersion: first, idempotencyKey: 'b' },
        { rid: '999', patch, ifVersion: first, idempotencyKey: 'c' },
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
    expect(reads?.map((one) => (one.kind === 'live' ? one.rid : one.kind))).toEqual([
      '1000002',
      'gone',
      '1000001',
    ])
    expect(sap.server.seen).toHaveLength(before + 1)
  })

  test('an answer that breaks off leaves each write in doubt', async () => {
    const { sap } = await start()
    const proxy = await startFaultProxy(sap.url)
    open.push(proxy)
    const partners = connect(proxy.url).resource('BusinessPartner')
    proxy.faults.loseNextAnswer({ method: 'POST' })
    const requests = [1, 2].map((n) => ({ body: partner, recordId: idOf(n), idempotencyKey: `k${n}` }))
    const results = await partners.createMany?.(requests, context)
    expect(results?.map(({ kind }) => kind)).toEqual(['unknown', 'unknown'])
    expect(sap.partners.count()).toBe(2)
  })

  test('an answer with too few parts leaves those without one in doubt', async () => {
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

describe('the change feed', () => {
  test('a partner that was never changed is told by its creation', async () => {
    const { sap, partners } = await start()
    const { cursor } = await drained(partners)
    const rid = String(sap.partners.create(partner).BusinessPartner)
    expect(sap.partners.get({ BusinessPartner: rid })?.LastChangeDate).toBeNull()
    const told = await drained(partners, cursor)
    expect(told.rids).toEqual([rid])
    expect((await drained(partners, told.cursor)).rids).toEqual([])
    sap.partners.change({ BusinessPartner: rid }, { SearchTerm1: 'X' })
    expect((await drained(partners, told.cursor)).rids).toContain(rid)
  })

  test('more partners of one second than fit on a page are all told', async () => {
    const { sap, partners } = await start({}, { resources: { BusinessPartner: { list: { pageSize: 3 } } } })
    sap.server.store.clock.stop()
    const made = Array.from({ length: 10 }, () => String(sap.partners.create(partner).BusinessPartner))
    expect((await drained(partners)).rids.toSorted()).toEqual(made)
  })

  test('orders of one moment are all told, although V2 spells the moment less exactly than it is kept', async () => {
    const { sap, system } = await start({}, { resources: { SalesOrder: { list: { pageSize: 3 } } } })
    const SoldToParty = String(sap.partners.create(partner).BusinessPartner)
    const now = Date.now()
    const made = Array.from({ length: 10 }, () =>
      sap.server.store.clock.at(now, () =>
        String(sap.orders.create({ ...orderHead, SoldToParty }).SalesOrder),
      ),
    )
    const told = await drained(system.resource('SalesOrder'))
    expect([...new Set(told.rids)].toSorted()).toEqual(made.toSorted())
  })

  test('a system whose wall shows another zone tells its changes at once, and their true time', async () => {
    const { sap, partners } = await start({}, { timeZone: 'America/New_York' })
    const { clock: wall } = sap.server.store
    // The fake writes its wall in UTC; four hours back that is the wall of New York in summer.
    const noon = Date.parse('2026-07-01T12:00:00Z')
    wall.at(noon - 4 * 3_600_000, () => sap.partners.create(partner))
    expect((await drained(partners)).rids).toEqual(['1000001'])
    const read = await partners.read('1000001', context)
    expect(read.kind === 'live' && read.changedAt).toBe(noon)
  })
})

describe('lists', () => {
  test('go by the key, past pages that the system cuts shorter than asked for', async () => {
    const { sap, partners } = await start({ pageSizeMax: 4 })
    for (let at = 0; at < 10; at += 1) sap.partners.create(partner)
    const { rids, pages, end } = await listOf(partners)
    expect(rids).toHaveLength(10)
    expect(pages).toBe(3)
    expect(end).toEqual({ complete: true, expected: 10 })
    expect(sap.server.seen.some(({ url }) => url.includes('$skiptoken'))).toBe(false)
  })

  test('hold to the condition of the definition', async () => {
    const where = "SearchTerm1 eq 'A' or SearchTerm1 eq 'B'"
    const { sap, partners } = await start({}, { resources: { BusinessPartner: { where } } })
    for (const SearchTerm1 of ['A', 'B', 'C']) sap.partners.create({ ...partner, SearchTerm1 })
    expect((await listOf(partners)).rids).toEqual(['1000001', '1000002'])
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

/** An authorization server as SAP's BTP or a communication arrangement would have it, from a package that nobody here wrote. */
async function startProvider() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const provider = new Provider(url, {
    clients: [
      {
        client_id: 'isthmus',
        client_secret: 'of-the-communication-user',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      },
    ],
    ttl: { ClientCredentials: 600 },
    features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
  })
  let issued = 0
  const handle = provider.callback()
  server.on('request', (request, response) => {
    if (request.url === '/token') issued += 1
    void handle(request, response)
  })
  const revoked = new Set<string>()
  const accepted = new Set<string>()
  return {
    url,
    issued: () => issued,
    async knows(authorization: string | undefined): Promise<boolean> {
      const token = authorization?.replace('Bearer ', '') ?? ''
      accepted.add(token)
      return !revoked.has(token) && (await provider.ClientCredentials.find(token)) !== undefined
    },
    async revokeAll(): Promise<void> {
      for (const token of accepted) revoked.add(token)
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/**
 * The connector against two services unrelated to SAP, over real sockets, and against responses that the test
 * defines.
 */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { startServer } from '../../../test/support/local-server.ts'
import {
  contactsPath,
  contactsService,
  productsPath,
  productsService,
} from '../../../test/support/odata/catalogue.ts'
import { metadataOf } from '../../../test/support/odata/metadata.ts'
import {
  type ODataServer,
  type ODataServerOptions,
  startODataServer,
} from '../../../test/support/odata/server.ts'
import type { CallContext, ConnectedSystem, ListEnd, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const clock = { now: () => Date.now(), monotonic: () => performance.now() }
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

function connect(url: string, config: Record<string, unknown> = {}): ConnectedSystem {
  const system = connectSystem(
    {
      name: 'shop',
      connector: 'odata',
      config: { url, allowHttp: true, ...config },
      timing: { readTimeoutMs: 3_000, writeTimeoutMs: 3_000, concurrency: 8 },
    },
    { clock },
  )
  open.push(system)
  return system
}

const fixture = parse(readFileSync(new URL('./fixtures/shop.yaml', import.meta.url), 'utf8')) as {
  readonly resources: { readonly Products: object; readonly Contacts: object }
}
const { Products: productSettings, Contacts: contactSettings } = fixture.resources

async function start(
  config: Record<string, unknown> = {},
  options: Partial<ODataServerOptions> = {},
): Promise<{ server: ODataServer; system: ConnectedSystem; products: Resource; contacts: Resource }> {
  const server = await startODataServer({ services: [productsService, contactsService], ...options })
  open.push(server)
  const resources = { Products: productSettings, Contacts: contactSettings }
  const system = connect(server.url, { resources, ...config })
  return { server, system, products: system.resource('Products'), contacts: system.resource('Contacts') }
}

async function listOf(resource: Resource): Promise<{ nativeIds: string[]; end: ListEnd }> {
  const nativeIds: string[] = []
  const walk = resource.list(context)
  for (;;) {
    const next = await walk.next()
    if (next.done === true) return { nativeIds, end: next.value }
    nativeIds.push(...next.value.map(({ nativeId }) => nativeId))
  }
}

const create = (resource: Resource, body: Record<string, unknown>, n = 1) =>
  resource.create?.({ body, recordId: `id-${n}`, idempotencyKey: `k${n}` }, context)

describe('OData V4', () => {
  test('decimals keep every digit both ways, days and flags keep their type', async () => {
    const { server, products } = await start()
    const body = {
      Name: 'Lamp',
      Price: '1234567890123456.7891',
      Available: true,
      Stock: '7',
      OnSaleFrom: '2026-12-24',
    }
    expect(await create(products, body)).toMatchObject({ kind: 'ok', nativeId: '100001' })
    const expected = { ...body, Stock: 7, ExternalID: 'id-1' }
    expect(await products.read('100001', context)).toMatchObject({ kind: 'live', native: expected })
    expect(server.table(productsPath, 'Products').get({ ID: '100001' })).toMatchObject(expected)
  })

  test('an update under an old version is stale, and the response gives the next version', async () => {
    const { products } = await start()
    const made = await create(products, { Name: 'Lamp', Price: '1' })
    const ifVersion = made?.kind === 'ok' ? (made.version ?? '') : ''
    const update = { nativeId: '100001', patch: { Price: '2' }, ifVersion, idempotencyKey: 'u' }
    const done = await products.update?.(update, context)
    expect(done).toMatchObject({ kind: 'ok', version: expect.stringMatching(/^W\//) })
    expect(await products.update?.(update, context)).toEqual({ kind: 'stale' })
  })

  test.each(['multipart', 'json'])(
    'a batch in %s does what its requests would do alone',
    async (batchFormat) => {
      const { server, products } = await start({ batchFormat })
      const requests = ['1', '-1', '3'].map((Price, n) => ({
        body: { Name: `Lamp ${Price}`, Price },
        recordId: `id-${n}`,
        idempotencyKey: `k${n}`,
      }))
      const results = await products.createMany?.(requests, context)
      expect(results).toMatchObject([{ kind: 'ok' }, { kind: 'rejected', fields: ['Price'] }, { kind: 'ok' }])
      expect(server.table(productsPath, 'Products').count()).toBe(2)
      const reads = await products.readMany?.(['100001', '5', '100002'], context)
      expect(reads?.map(({ kind }) => kind)).toEqual(['live', 'gone', 'live'])
    },
  )

  test('the feed of times goes past ties by key', async () => {
    const { server, system } = await start({
      resources: { Products: { ...productSettings, list: { pageSize: 2 } } },
    })
    const table = server.table(productsPath, 'Products')
    server.store.clock.at(Date.now(), () => {
      for (let at = 0; at < 7; at += 1) table.create({ Name: `P${at}`, Price: '1' })
    })
    const resource = system.resource('Products')
    const reported: string[] = []
    let cursor: string | undefined
    for (let more = true; more; ) {
      const page = await resource.changes?.(cursor, context)
      if (page?.kind !== 'page') throw new RangeError('no page')
      reported.push(...page.changed.map(({ nativeId }) => nativeId))
      cursor = page.cursor
      more = page.more
    }
    expect(reported).toHaveLength(7)
  })
})

describe('OData V2', () => {
  test('a change goes as MERGE in a POST, for services that know no PATCH', async () => {
    const { server, contacts } = await start()
    await create(contacts, { Company: 'C1', Name: 'Ada' })
    const nativeId = 'Company=C1,Number=1001'
    expect(
      await contacts.update?.({ nativeId, patch: { Mail: 'a@b' }, idempotencyKey: 'u' }, context),
    ).toEqual({
      kind: 'ok',
      nativeId,
    })
    const sent = server.seen.at(-1)
    expect(sent).toMatchObject({ method: 'POST', headers: { 'x-http-method': 'MERGE' } })
    expect(await contacts.read(nativeId, context)).toMatchObject({ native: { Name: 'Ada', Mail: 'a@b' } })
  })

  test('a list by the links of the service shows all, and proves nothing about what is not in it', async () => {
    const settings = { ...contactSettings, list: { paging: 'server', pageSize: 3 } }
    const { server, contacts } = await start({ resources: { Contacts: settings } })
    const table = server.table(contactsPath, 'Contacts')
    for (let at = 0; at < 8; at += 1) table.create({ Company: 'C 1', Name: `N${at}` })
    const { nativeIds, end } = await listOf(contacts)
    expect(nativeIds).toHaveLength(8)
    expect(end).toMatchObject({ complete: false, ended: true, expected: 8 })
    expect(contacts.capabilities.list.paging).toBe('offset')
    expect(
      server.seen.filter(({ url }) => url.includes('$skiptoken') || url.includes('%24skiptoken')),
    ).toHaveLength(2)
  })

  test('a list by a key of two parts misses nothing while others delete', async () => {
    const settings = { ...contactSettings, list: { pageSize: 2 } }
    const { server, contacts } = await start({ resources: { Contacts: settings } })
    const table = server.table(contactsPath, 'Contacts')
    for (const Company of ['A', 'A', 'A', 'B', 'B']) table.create({ Company, Name: 'N' })
    const walk = contacts.list(context)
    const first = await walk.next()
    expect(first.done).toBe(false)
    table.delete({ Company: 'A', Number: '1001' })
    const rest: string[] = []
    for await (const page of walk) rest.push(...page.map(({ nativeId }) => nativeId))
    expect(rest).toEqual(['Company=A,Number=1003', 'Company=B,Number=1004', 'Company=B,Number=1005'])
  })

  test.each(["O'Brien", 'a/b?c&d#+', 'A,B=C', '100%', '日本', 'null'])(
    'the key %s leads to its own record and to no other',
    async (Company) => {
      const { contacts } = await start()
      const made = await create(contacts, { Company, Name: 'Ada' })
      const nativeId = made?.kind === 'ok' ? made.nativeId : ''
      expect(await contacts.read(nativeId, context)).toMatchObject({
        kind: 'live',
        nativeId,
        native: { Company },
      })
      const found = await contacts.find?.({ by: 'values', values: { Company } }, context)
      expect(found).toEqual({ kind: 'found', nativeIds: [nativeId], capped: false })
    },
  )

  test('a text that looks like a filter finds nothing but itself', async () => {
    const { server, contacts } = await start()
    server.table(contactsPath, 'Contacts').create({ Company: 'C', Name: 'b' })
    const values = { Name: "a' or 1 eq 1 or Name eq 'b" }
    expect(await contacts.find?.({ by: 'values', values }, context)).toMatchObject({ nativeIds: [] })
  })

  test('a service that ignores the filter passes no strangers off as hits, and proves nothing', async () => {
    const { server, contacts } = await start()
    server.table(contactsPath, 'Contacts').create({ Company: 'C', Name: 'Somebody' })
    const everybody = JSON.stringify({ d: { results: [{ Company: 'C', Number: '1001', Name: 'Somebody' }] } })
    server.intercept = ({ url }) =>
      url.includes('$filter')
        ? { status: 200, headers: { 'content-type': 'application/json' }, body: everybody }
        : undefined
    const found = await contacts.find?.({ by: 'values', values: { Name: 'Ada' } }, context)
    expect(found).toMatchObject({ kind: 'unknown' })
  })
})

describe('what the service does not tell', () => {
  test('an entity set that the definition does not name can be read and listed, and nothing more', async () => {
    const server = await startODataServer({ services: [{ ...productsService, path: '' }] })
    open.push(server)
    server.table('', 'Products').create({ Name: 'Lamp', Price: '1' })
    const resource = connect(server.url).resource('Products')
    expect(resource.capabilities).toMatchObject({
      create: 'unsupported',
      remove: 'none',
      conditionalWrites: false,
    })
    expect(resource.create).toBeUndefined()
    expect(resource.update).toBeUndefined()
    expect((await listOf(resource)).nativeIds).toEqual(['100001'])
  })

  test('an entity set that does not exist is no empty list', async () => {
    const { system } = await start()
    const resource = system.resource('Nothing')
    await expect(listOf(resource)).rejects.toMatchObject({
      code: expect.stringMatching(/^(CONNECTOR|HTTP)_/),
    })
    expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown' })
  })

  test('a service without CSRF is never asked for a token; one that wants it is asked when it refuses', async () => {
    const without = await start()
    await create(without.contacts, { Company: 'C', Name: 'N' })
    expect(without.server.seen.filter(({ headers }) => 'x-csrf-token' in headers)).toHaveLength(0)
    const wanting = await start({}, { csrf: true })
    expect(await create(wanting.contacts, { Company: 'C', Name: 'N' })).toMatchObject({ kind: 'ok' })
    expect(wanting.server.table(contactsPath, 'Contacts').count()).toBe(1)
  })

  test('everything that the system offers is described when no names are given', async () => {
    const server = await startODataServer({ services: [{ ...productsService, path: '' }] })
    open.push(server)
    const described = await connect(server.url).describe?.(undefined, context)
    const [products] = described?.kind === 'known' ? described.resources : []
    expect(products).toMatchObject({ name: 'Products', key: [['ID']] })
    expect(products?.fields.find(({ path }) => path[0] === 'Price')).toMatchObject({
      nativeType: 'Edm.Decimal(20,4)',
      type: { kind: 'decimal', scale: 4 },
    })
    expect(products?.fields.find(({ path }) => path[0] === 'ModifiedAt')).toMatchObject({
      creatable: false,
      updatable: false,
    })
  })
})

describe('answers that are none', () => {
  /** A service whose responses the test defines. */
  async function scripted(status: number, body: string, contentType = 'application/json'): Promise<Resource> {
    const server = await startServer(({ url }, response) => {
      const isMetadata = url.includes('$metadata')
      response.writeHead(isMetadata ? 200 : status, {
        'content-type': isMetadata ? 'application/xml' : contentType,
      })
      response.end(isMetadata ? metadataOf({ ...contactsService, path: '' }) : body)
    })
    open.push(server)
    return connect(server.url, { resources: { Contacts: { update: 'merge' } } }).resource('Contacts')
  }

  test.each([
    ['an object without a list', '{"d":{}}'],
    ['a list that is none', '{"d":{"results":{}}}'],
    ['a record without its key', '{"d":{"results":[{"Name":"N"}]}}'],
    ['a sign-in page', '<html><body>sign in</body></html>'],
  ])('%s ends a list as an error, never as an empty one', async (_name, body) => {
    const resource = await scripted(200, body, body.startsWith('<') ? 'text/html' : 'application/json')
    await expect(listOf(resource)).rejects.toThrow()
  })

  test('a link to the next page that leads elsewhere is not followed', async () => {
    const page = '{"d":{"results":[],"__next":"https://elsewhere.example/X?$skiptoken=1"}}'
    const server = await startServer(({ url }, response) => {
      const isMetadata = url.includes('$metadata')
      response.writeHead(200, { 'content-type': isMetadata ? 'application/xml' : 'application/json' })
      response.end(isMetadata ? metadataOf({ ...contactsService, path: '/svc' }) : page)
    })
    open.push(server)
    const settings = { service: '/svc', list: { paging: 'server' } }
    const resource = connect(server.url, { resources: { Contacts: settings } }).resource('Contacts')
    await expect(listOf(resource)).rejects.toThrow(/out of the service/)
  })

  test('a 404 in the form of the protocol is gone, any other is not known', async () => {
    const nativeId = 'Company=C,Number=1'
    const own = await scripted(404, '{"error":{"code":"005056","message":{"value":"not found"}}}')
    expect(await own.read(nativeId, context)).toEqual({ kind: 'gone' })
    const proxy = await scripted(404, '{"message":"no route"}')
    expect(await proxy.read(nativeId, context)).toMatchObject({ kind: 'unknown' })
  })

  test('metadata that declares entities is refused', async () => {
    const bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><edmx:Edmx Version="1.0">&a;</edmx:Edmx>'
    const server = await startServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' })
      response.end(bomb)
    })
    open.push(server)
    const resource = connect(server.url).resource('Contacts')
    const failure = { code: 'CONNECTOR_RESPONSE_UNUSABLE', message: expect.stringContaining('document type') }
    expect(await resource.read('1', context)).toMatchObject({ kind: 'unknown', failure })
  })
})

import { afterEach, expect, test } from 'vitest'
import { contactsPath, contactsService } from '../../../test/support/odata/catalogue.ts'
import { type ODataServer, startODataServer } from '../../../test/support/odata/server.ts'
import type { CallContext, FindRequest, Resource } from '../kit/contract.ts'
import { connectSystem } from '../registry.ts'

const open: { close(): Promise<void> }[] = []
const context: CallContext = { signal: new AbortController().signal, priority: 'hand' }
const clock = { now: () => Date.now(), monotonic: () => performance.now() }

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

async function start(): Promise<{ server: ODataServer; contacts: Resource }> {
  const server = await startODataServer({ services: [contactsService] })
  const timing = { readTimeoutMs: 3_000, writeTimeoutMs: 3_000, concurrency: 8 }
  const config = { url: server.url, allowHttp: true, resources: { Contacts: { service: contactsPath } } }
  const system = connectSystem({ name: 'shop', connector: 'odata', config, timing }, { clock })
  open.push(server, system)
  return { server, contacts: system.resource('Contacts') }
}

const byName = (Name: string): FindRequest => ({ by: 'values', values: { Name } })
const filters = (server: ODataServer): number =>
  server.seen.filter(({ url }) => url.includes('filter')).length

test('twenty searches by one property are one filter, and each finds its own', async () => {
  const { server, contacts } = await start()
  const table = server.table(contactsPath, 'Contacts')
  const nativeIds = Array.from({ length: 20 }, (_, n) => {
    const { Company, Number: number } = table.create({ Company: 'C', Name: `O'Name ${n}` })
    return `Company=${Company},Number=${number}`
  })
  const results = await contacts.findMany?.(
    nativeIds.map((_, n) => byName(`O'Name ${n}`)),
    context,
  )
  expect(results).toEqual(
    nativeIds.map((nativeId) => ({ kind: 'found', nativeIds: [nativeId], capped: false })),
  )
  expect(filters(server)).toBe(1)
})

test('searches by different properties, or by several, are asked apart', async () => {
  const { server, contacts } = await start()
  server.table(contactsPath, 'Contacts').create({ Company: 'C', Name: 'Ada', Mail: 'ada@x.test' })
  const both: FindRequest = { by: 'values', values: { Name: 'Ada', Mail: 'ada@x.test' } }
  const results = await contacts.findMany?.(
    [byName('Ada'), { by: 'values', values: { Mail: 'ada@x.test' } }, both, byName('Bob')],
    context,
  )
  expect(results).toMatchObject([
    { nativeIds: [expect.any(String)] },
    { nativeIds: [expect.any(String)] },
    { nativeIds: [expect.any(String)] },
    { nativeIds: [] },
  ])
  expect(filters(server)).toBe(3)
})

test('a name that too many have is capped by itself', async () => {
  const { server, contacts } = await start()
  const table = server.table(contactsPath, 'Contacts')
  for (let n = 0; n < 100; n += 1) table.create({ Company: 'C', Name: 'Many' })
  table.create({ Company: 'C', Name: 'One' })
  const results = await contacts.findMany?.([byName('Many'), byName('One'), byName('None')], context)
  expect(results).toMatchObject([
    { kind: 'found', capped: true },
    { kind: 'found', nativeIds: [expect.any(String)], capped: false },
    { kind: 'found', nativeIds: [], capped: false },
  ])
})

test('names that are too long for one address make several filters', async () => {
  const { server, contacts } = await start()
  const long = (n: number): string => `${n}`.padStart(75, 'ü')
  const results = await contacts.findMany?.(
    Array.from({ length: 20 }, (_, n) => byName(long(n))),
    context,
  )
  expect(results?.every((result) => result.kind === 'found' && !result.capped)).toBe(true)
  expect(filters(server)).toBeGreaterThan(1)
  for (const { url } of server.seen) expect(url.length).toBeLessThan(4_000)
})

/**
 * A row that is not a record affects only itself: neither its page, nor the list, the feed, the search, the
 * read of many or the notice that contains it.
 */
import { afterEach, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../test/support/salesforce/api.ts'
import { closeAll, context, listOf, once, org } from '../../../test/support/salesforce/bound-org.ts'
import { parseChangeEvents } from './change-event.ts'
import { parseOutboundMessage } from './outbound-message.ts'

afterEach(closeAll)

const one = '001000000000001AAA'
const other = '001000000000002AAA'
const stamp = '2026-05-01T12:00:00.000+0000'
const found = (records: readonly unknown[]) => ({ totalSize: records.length, done: true, records })
const asks = (name: 'query' | 'queryAll', text: RegExp) => (request: ApiRequest) =>
  request.path[0] === name && text.test(request.query.get('q') ?? '')

describe('lists', () => {
  test('rows that are no records are counted; the others are handed on, and no absence is proven', async () => {
    const rows = [
      { Id: one, Name: 'A', SystemModstamp: stamp },
      null,
      { Name: 'B' },
      { Id: other, Name: 'C' },
    ]
    const { accounts } = await org({ intercept: once(asks('query', /ORDER BY Id/), 200, found(rows)) })
    const { nativeIds, end } = await listOf(accounts)
    expect(nativeIds).toEqual([one, other])
    expect(end).toMatchObject({ complete: false, ended: true, unreadable: 2 })
  })

  test('a page without a single record is an error: there is no way past it', async () => {
    const { accounts } = await org({ intercept: once(asks('query', /ORDER BY Id/), 200, found([null])) })
    await expect(listOf(accounts)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
  })

  test('a row of a bulk result with other cells is counted, and a number that is none stays a text', async () => {
    const rows = [
      `"001000000000011AAA","2026-05-01T00:00:00.000Z","A","17",""`,
      `"001000000000012AAA","2026-05-01T00:00:00.000Z","one, cell, too, many","1","2",""`,
      `"001000000000013AAA","2026-05-01T00:00:00.000Z","C","#N/A",""`,
      `"no id","2026-05-01T00:00:00.000Z","D","4",""`,
    ]
    const bound = await org(
      {
        intercept: (request, response) => {
          if (request.path[3] !== 'results') return false
          response.writeHead(200, {
            'content-type': 'text/csv',
            'sforce-locator': 'null',
            'sforce-numberofrecords': String(rows.length),
          })
          response.end(
            `"Id","SystemModstamp","Name","NumberOfEmployees","Isthmus_Id__c"\n${rows.join('\n')}\n`,
          )
          return true
        },
      },
      { bulk: { from: 1, poll: '10ms' }, resources: { Account: { fields: ['Name', 'NumberOfEmployees'] } } },
    )
    for (let n = 0; n < rows.length + 1; n += 1) bound.fake.org.create('Account', { Name: `A${n}` })
    const employees = new Map<string, unknown>()
    const pages = bound.accounts.list(context)
    let next = await pages.next()
    for (; next.done !== true; next = await pages.next())
      for (const { nativeId, native } of next.value) employees.set(nativeId, native.NumberOfEmployees)
    expect([...employees.keys()].slice(1)).toEqual(['001000000000011AAA', '001000000000013AAA'])
    expect(employees.get('001000000000013AAA')).toBe('#N/A')
    expect(next.value).toMatchObject({ complete: false, ended: true, unreadable: 2 })
  })
})

describe('the feed', () => {
  test('a row without a time is reported once, one without an id is counted, and the feed goes on', async () => {
    const rows = [
      null,
      { Id: one, SystemModstamp: null },
      { SystemModstamp: stamp },
      { Id: other, SystemModstamp: stamp },
    ]
    const { accounts } = await org({
      intercept: once(asks('queryAll', /ORDER BY SystemModstamp/), 200, found(rows)),
    })
    const result = await accounts.changes?.(undefined, context)
    if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
    expect(result.changed).toEqual([{ nativeId: other }, { nativeId: one }])
    expect(result.unreadable).toContain("2 entries of the response can't be read")
    expect(await accounts.changes?.(result.cursor, context)).toMatchObject({ kind: 'page', changed: [] })
  })

  test('an entry of the delete log without an id leaves the other deletions of the log', async () => {
    const log = {
      earliestDateAvailable: '2026-01-01T00:00:00.000+0000',
      latestDateCovered: new Date().toISOString(),
      deletedRecords: [{ deletedDate: stamp }, { id: one, deletedDate: stamp }],
    }
    const { accounts } = await org({
      intercept: once((request) => request.path.at(-1) === 'deleted', 200, log),
    })
    const result = await accounts.changes?.(undefined, context)
    if (result?.kind !== 'page') return expect.fail(JSON.stringify(result))
    expect(result.changed).toEqual([{ nativeId: one, deleted: true }])
    expect(result.unreadable).toContain('an entry of the delete log has no id')
  })
})

test('a read of many says of one row that it can not be read, and gives the others', async () => {
  const rows = [{ Id: one, Name: 'A' }, { Name: 'without an id' }]
  const { accounts } = await org({
    intercept: once((request) => request.path[0] === 'composite', 200, rows),
  })
  expect(await accounts.readMany?.([one, other], context)).toMatchObject([
    { kind: 'live', nativeId: one, native: { Name: 'A' } },
    { kind: 'unknown', failure: { code: 'CONNECTOR_RESPONSE_UNUSABLE', scope: 'record' } },
  ])
})

test('a search with a row that can not be read names the others, and does not prove that there is no more', async () => {
  const { accounts } = await org({ intercept: once(asks('query', /WHERE/), 200, found([null, { Id: one }])) })
  expect(await accounts.find?.({ by: 'values', values: { Name: 'A' } }, context)).toMatchObject({
    kind: 'found',
    nativeIds: [one],
    capped: true,
  })
})

test('notices of one delivery that name no record leave the others', () => {
  const header = { entityName: 'Account', changeType: 'UPDATE' }
  const events = [
    { payload: { ChangeEventHeader: { ...header, recordIds: [one, 'nonsense'] } } },
    { payload: {} },
    null,
  ]
  expect(parseChangeEvents(Buffer.from(JSON.stringify(events)))?.changed).toEqual([
    { resource: 'Account', nativeId: one },
  ])
  expect(parseChangeEvents(Buffer.from(JSON.stringify(events.slice(1))))).toBeUndefined()

  const notification = (id: string): string =>
    `<Notification><Id>04l000000000001AAA</Id><sObject xsi:type="sf:Account"><sf:Id>${id}</sf:Id></sObject></Notification>`
  const message = (...ids: string[]): Buffer =>
    Buffer.from(
      `<soapenv:Envelope><soapenv:Body><notifications><OrganizationId>00D000000000001AAA</OrganizationId>${ids.map(notification).join('')}</notifications></soapenv:Body></soapenv:Envelope>`,
    )
  expect(parseOutboundMessage(message(one, 'nonsense'))?.notified).toMatchObject([{ nativeId: one }])
  expect(parseOutboundMessage(message('nonsense'))).toBeUndefined()
})

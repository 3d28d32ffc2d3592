import { afterEach, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../../test/support/salesforce/api.ts'
import { closeAll, context, listOf, once, org } from '../../../../test/support/salesforce/bound-org.ts'
import { standardObjects } from '../../../../test/support/salesforce/objects.ts'

afterEach(closeAll)

describe('listing', () => {
  test('an object with more fields than fit an address is listed by a job and read by a body', async () => {
    const wide = Array.from({ length: 500 }, (_, n) => ({
      name: `A_Rather_Long_Name_Of_A_Field_${n}__c`,
      type: 'string' as const,
    }))
    const spec = { name: 'Wide__c', prefix: 'a01', fields: wide }
    const { fake, system } = await org({ objects: [...standardObjects, spec] }, { externalId: undefined })
    const nativeId = fake.org.create('Wide__c', { A_Rather_Long_Name_Of_A_Field_7__c: 'seven' })
    const resource = system.resource('Wide__c')
    expect(await listOf(resource)).toMatchObject({ nativeIds: [nativeId], end: { complete: true } })
    expect(await resource.read(nativeId, context)).toMatchObject({
      kind: 'live',
      native: { A_Rather_Long_Name_Of_A_Field_7__c: 'seven' },
    })
  })

  test('wide rows that come in small answers are all listed, and the end is evidence', async () => {
    const { fake, accounts } = await org({ queryBatch: 7 })
    for (let n = 0; n < 100; n += 1) fake.org.create('Account', { Name: `A${n}` })
    const { nativeIds, end } = await listOf(accounts)
    expect([new Set(nativeIds).size, end]).toEqual([100, { complete: true, expected: 100 }])
    expect(fake.seen.filter((one) => /\/query\/01g/.test(one)).length).toBeGreaterThan(10)
  })

  test.each([true, false])(
    'a bulk job of several result pages is read to its end (names on every page: %s)',
    async (bulkHeaders) => {
      const { fake, accounts } = await org(
        { bulkPage: 100, bulkHeaders, bulkPolls: 3 },
        { bulk: { from: 10, poll: '10ms' } },
      )
      for (let n = 0; n < 430; n += 1) fake.org.create('Account', { Name: `A, "${n}"\nsecond line` })
      const { nativeIds, names, end } = await listOf(accounts)
      expect([new Set(nativeIds).size, end]).toEqual([430, { complete: true, expected: 430 }])
      expect(names[429]).toBe('A, "429"\nsecond line')
      expect(fake.seen.filter((one) => one.endsWith('/results'))).toHaveLength(5)
      expect(fake.seen.at(-1)).toMatch(/^GET .*\/query$|^DELETE .*\/jobs\/query\//)
      expect(fake.seen.some((one) => one.startsWith('DELETE'))).toBe(true)
    },
  )

  test('a result page that breaks off is read again from its place, without a record twice', async () => {
    let broken = false
    const bound = await org(
      {
        bulkPage: 5_000,
        intercept: (request, response) => {
          if (broken || request.path[3] !== 'results') return false
          broken = true
          response.writeHead(200, {
            'content-type': 'text/csv',
            'sforce-locator': 'null',
            'sforce-numberofrecords': '2990',
          })
          response.write('"Id","SystemModstamp","Name","Isthmus_Id__c"\n')
          // More than is yielded at a time, so that some of it has already been returned.
          const rows = [...bound.fake.org.records('Account')].slice(10, 2_510)
          for (const { id } of rows) response.write(`"${id}","2026-05-01T00:00:00.000Z","A",""\n`)
          setTimeout(() => response.destroy(), 100)
          return true
        },
      },
      { bulk: { from: 10, poll: '10ms' }, resources: { Account: { fields: ['Name'] } } },
    )
    for (let n = 0; n < 3_000; n += 1) bound.fake.org.create('Account', { Name: `A${n}` })
    const { nativeIds, end } = await listOf(bound.accounts)
    expect([nativeIds.length, new Set(nativeIds).size, end.complete, broken]).toEqual([
      3_000,
      3_000,
      true,
      true,
    ])
  })

  test('a bulk result that lost rows on its way ends the listing instead of counting as all there is', async () => {
    const { fake, accounts } = await org(
      {
        intercept: (request, response) => {
          if (request.path[3] !== 'results') return false
          response.writeHead(200, {
            'content-type': 'text/csv',
            'sforce-locator': 'null',
            'sforce-numberofrecords': '20',
          })
          response.end('"Id","SystemModstamp","Name"\n"001000000000001AAA","2026-05-01T00:00:00.000Z","A"\n')
          return true
        },
      },
      { bulk: { from: 10, poll: '10ms' }, resources: { Account: { fields: ['Name'] } } },
    )
    for (let n = 0; n < 20; n += 1) fake.org.create('Account', { Name: `A${n}` })
    await expect(listOf(accounts)).rejects.toMatchObject({ code: 'CONNECTOR_RESPONSE_UNUSABLE' })
  })

  test('a list that is shorter than the count is not complete', async () => {
    const fits = (request: ApiRequest): boolean =>
      request.path[0] === 'query' && /ORDER BY Id/.test(request.query.get('q') ?? '')
    const { fake, accounts } = await org({
      intercept: once(fits, 200, { totalSize: 0, done: true, records: [] }),
    })
    fake.org.create('Account', { Name: 'A' })
    expect(await listOf(accounts)).toMatchObject({ nativeIds: [], end: { complete: false, expected: 1 } })
  })

  test('a listing that is left in the middle leaves no job behind', async () => {
    const { fake, accounts } = await org({ bulkPolls: 100 }, { bulk: { from: 1, poll: '10ms' } })
    fake.org.create('Account', { Name: 'A' })
    const pages = accounts.list(context)
    expect((await pages.next()).value).toHaveLength(1)
    expect(fake.seen.some((one) => one.includes('/jobs/'))).toBe(false)
    expect(await pages.next()).toEqual({ done: false, value: [] })
    await pages.return({ complete: false })
    expect(fake.seen.at(-1)).toMatch(/^PATCH .*\/jobs\/query\/750/)
  })
})

import { afterEach, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../../test/support/salesforce/api.ts'
import { closeAll, connect, context, once, org } from '../../../../test/support/salesforce/bound-org.ts'
import type { Resource } from '../../kit/contract.ts'

afterEach(closeAll)

describe('reading', () => {
  test('numbers keep their digits, and every way of reading gives the same record', async () => {
    const { fake, accounts } = await org({ queryBatch: 2 }, { bulk: { from: 1, poll: '10ms' } })
    const queried = connect(fake, { bulk: false, externalId: 'Isthmus_Id__c' }).resource('Account')
    // The first page of a listing is always read by a query.
    fake.org.create('Account', { Name: 'First' })
    const body = { Name: 'A', Credit_Limit__c: '1234567890123456.78', Active__c: true, NumberOfEmployees: 7 }
    const nativeId = fake.org.create('Account', body)
    const byId = await accounts.read(nativeId, context)
    expect(byId.kind === 'live' && String(byId.native.Credit_Limit__c)).toBe('1234567890123456.78')
    expect(byId).toMatchObject({
      native: { Name: 'A', Active__c: true, NumberOfEmployees: 7, Industry: null },
    })
    expect(byId.kind === 'live' && 'BillingAddress' in byId.native).toBe(false)
    const listed = async (resource: Resource): Promise<unknown> => {
      const records: { readonly nativeId: string }[] = []
      for await (const page of resource.list(context)) records.push(...page)
      return records.find((record) => record.nativeId === nativeId)
    }
    const [byQuery, byJob] = [await listed(queried), await listed(accounts)]
    const [batch] = (await accounts.readMany?.([nativeId], context)) ?? []
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
    expect(plain(batch)).toEqual(plain(byId))
    expect({ kind: 'live', ...Object(plain(byQuery)) }).toEqual(plain(byId))
    expect({ kind: 'live', ...Object(plain(byJob)) }).toEqual(plain(byId))
    expect(fake.seen.filter((one) => one.includes('/jobs/query')).length).toBeGreaterThan(2)
  })

  test('several are read in one call, in order, with what became of those that are gone', async () => {
    const { fake, accounts } = await org()
    const [a, b, c] = ['A', 'B', 'C'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.merge('Account', a ?? '', [b ?? ''])
    fake.org.remove('Account', c ?? '')
    fake.seen.length = 0
    const results = await accounts.readMany?.([c ?? '', b ?? '', a ?? '', 'not an id'], context)
    expect(results).toMatchObject([
      { kind: 'gone' },
      { kind: 'gone', mergedInto: a },
      { kind: 'live', nativeId: a },
      { kind: 'gone' },
    ])
    expect(fake.seen.filter((one) => one.includes('/composite/sobjects/Account'))).toHaveLength(1)
  })

  test('a merge names the survivor, an emptied recycle bin is gone, and a proxy that says 404 proves nothing', async () => {
    const fits = (request: ApiRequest): boolean => request.path[2] === '001000000000004AAA'
    const { fake, accounts } = await org({ intercept: once(fits, 404, { error: 'no such route' }) })
    const [a, b, c] = ['A', 'B', 'C'].map((Name) => fake.org.create('Account', { Name }))
    fake.org.merge('Account', a ?? '', [b ?? ''])
    expect(await accounts.read(b ?? '', context)).toEqual({ kind: 'gone', mergedInto: a })
    fake.org.emptyRecycleBin('Account')
    expect(await accounts.read(b ?? '', context)).toEqual({ kind: 'gone' })
    expect(c).toBe('001000000000004AAA')
    expect(await accounts.read(c ?? '', context)).toMatchObject({ kind: 'unknown' })
    expect(await accounts.read(c ?? '', context)).toMatchObject({ kind: 'live' })
  })

  test('records too large for one response are read in several', async () => {
    const { fake, accounts } = await org(
      {},
      { maxResponseBytes: 40_000, resources: { Account: { fields: ['Name', 'Description'] } } },
    )
    const nativeIds = Array.from({ length: 20 }, (_, n) =>
      fake.org.create('Account', { Name: `A${n}`, Description: 'x'.repeat(5_000) }),
    )
    const results = await accounts.readMany?.(nativeIds, context)
    expect(results?.map((one) => (one.kind === 'live' ? one.nativeId : one.kind))).toEqual(nativeIds)
    expect(fake.seen.filter((one) => one.includes('/composite/sobjects/Account')).length).toBeGreaterThan(3)
  })

  test('an object that the credential may not see is no reason to take its records for gone', async () => {
    const { system } = await org()
    expect(await system.resource('Invoice__c').read('a00000000000001AAA', context)).toMatchObject({
      kind: 'unknown',
      failure: { message: expect.stringContaining('NOT_FOUND') },
    })
  })
})

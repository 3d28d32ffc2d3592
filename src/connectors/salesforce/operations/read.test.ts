import { afterEach, describe, expect, test } from 'vitest'
import type { ApiRequest } from '../../../../test/support/salesforce/api.ts'
import { closeAll, context, once, org } from '../../../../test/support/salesforce/bound-org.ts'

afterEach(closeAll)

describe('reading', () => {
  test('numbers keep their digits, and every way of reading gives the same record', async () => {
    const { fake, accounts } = await org({ queryBatch: 2 }, { bulk: { from: 3, poll: '10ms' } })
    const body = { Name: 'A', Credit_Limit__c: '1234567890123456.78', Active__c: true, NumberOfEmployees: 7 }
    const rid = fake.org.create('Account', body)
    const byId = await accounts.read(rid, context)
    expect(byId.kind === 'live' && String(byId.native.Credit_Limit__c)).toBe('1234567890123456.78')
    expect(byId).toMatchObject({
      native: { Name: 'A', Active__c: true, NumberOfEmployees: 7, Industry: null },
    })
    expect(byId.kind === 'live' && 'BillingAddress' in byId.native).toBe(false)
    const byQuery = (await accounts.list(context).next()).value
    for (let n = 0; n < 3; n += 1) fake.org.create('Account', { Name: `B${n}` })
    const byJob: unknown[] = []
    for await (const page of accounts.list(context)) byJob.push(...page)
    const [batch] = (await accounts.readMany?.([rid], context)) ?? []
    const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
    expect(plain(batch)).toEqual(plain(byId))
    expect(plain({ kind: 'live', ...(byQuery as object[])[0] })).toEqual(plain(byId))
    expect(plain({ kind: 'live', ...(byJob as object[])[0] })).toEqual(plain(byId))
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
      { kind: 'live', rid: a },
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

  test('records too large for one answer are read in several', async () => {
    const { fake, accounts } = await org(
      {},
      { maxAnswerBytes: 40_000, resources: { Account: { fields: ['Name', 'Description'] } } },
    )
    const rids = Array.from({ length: 20 }, (_, n) =>
      fake.org.create('Account', { Name: `A${n}`, Description: 'x'.repeat(5_000) }),
    )
    const results = await accounts.readMany?.(rids, context)
    expect(results?.map((one) => (one.kind === 'live' ? one.rid : one.kind))).toEqual(rids)
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

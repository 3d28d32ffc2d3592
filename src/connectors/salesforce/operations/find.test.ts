import { afterEach, expect, test } from 'vitest'
import { closeAll, context, org } from '../../../../test/support/salesforce/bound-org.ts'
import type { FindRequest } from '../../kit/contract.ts'

afterEach(closeAll)

const byNumber = (AccountNumber: string): FindRequest => ({ by: 'values', values: { AccountNumber } })
const queries = (seen: readonly string[]): number => seen.filter((one) => one.includes('/query')).length

test('fifty searches are one query, and each finds its own, whatever the case', async () => {
  const { fake, accounts } = await org()
  const nativeIds = Array.from({ length: 50 }, (_, n) =>
    fake.org.create('Account', { Name: `A ${n}`, AccountNumber: `ab-${n}` }),
  )
  await accounts.find?.(byNumber('warm'), context)
  fake.seen.length = 0
  const results = await accounts.findMany?.(
    nativeIds.map((_, n) => byNumber(`AB-${n} `)),
    context,
  )
  expect(results?.map((result) => (result.kind === 'found' ? result.nativeIds : result))).toEqual(
    nativeIds.map((nativeId) => [nativeId]),
  )
  expect(queries(fake.seen)).toBe(1)
})

test('searches by several fields, by one and by our id go together', async () => {
  const { fake, accounts } = await org()
  const one = fake.org.create('Account', { Name: 'Ada', AccountNumber: '1' })
  const two = fake.org.create('Account', { Name: 'Ada', AccountNumber: '2', Isthmus_Id__c: 'r2' })
  await accounts.find?.(byNumber('warm'), context)
  fake.seen.length = 0
  const results = await accounts.findMany?.(
    [
      { by: 'values', values: { Name: 'ADA', AccountNumber: '1' } },
      { by: 'marker', recordId: 'r2' },
      byNumber('3'),
      { by: 'values', values: { Name: 'Bob', AccountNumber: '2' } },
    ],
    context,
  )
  expect(results).toMatchObject([
    { nativeIds: [one] },
    { nativeIds: [two] },
    { nativeIds: [] },
    { nativeIds: [] },
  ])
  expect(queries(fake.seen)).toBe(1)
})

test('a key with too many hits is capped by itself, and a value that is refused fails by itself', async () => {
  const { fake, accounts } = await org()
  for (let n = 0; n < 60; n += 1) fake.org.create('Account', { Name: `Many ${n}`, AccountNumber: 'many' })
  const one = fake.org.create('Account', { Name: 'One', AccountNumber: 'one' })
  const results = await accounts.findMany?.(
    [
      byNumber('many'),
      byNumber('one'),
      { by: 'values', values: { Description: 'long text' } },
      byNumber('none'),
    ],
    context,
  )
  expect(results).toMatchObject([
    { kind: 'found', capped: true },
    { kind: 'found', nativeIds: [one], capped: false },
    { kind: 'unknown' },
    { kind: 'found', nativeIds: [], capped: false },
  ])
})

test('keys that are too long for one address make several queries', async () => {
  const { fake, accounts } = await org()
  const long = (n: number): string => `${n}`.padStart(40, 'ü')
  const nativeId = fake.org.create('Account', { Name: 'Long', AccountNumber: long(99) })
  await accounts.find?.(byNumber('warm'), context)
  fake.seen.length = 0
  const results = await accounts.findMany?.(
    Array.from({ length: 100 }, (_, n) => byNumber(long(n))),
    context,
  )
  expect(results?.at(-1)).toEqual({ kind: 'found', nativeIds: [nativeId], capped: false })
  expect(results?.every(({ kind }) => kind === 'found')).toBe(true)
  expect(queries(fake.seen)).toBeGreaterThan(1)
  expect(queries(fake.seen)).toBeLessThan(10)
})

test('an org that can not be reached is asked once, not once for each', async () => {
  const { fake, accounts } = await org()
  await accounts.find?.(byNumber('warm'), context)
  await fake.close()
  const results = await accounts.findMany?.([byNumber('1'), byNumber('2'), byNumber('3')], context)
  expect(results).toMatchObject([{ kind: 'unknown' }, { kind: 'unknown' }, { kind: 'unknown' }])
})

test('a field that tells case apart says that its search is narrower than declared', async () => {
  const { fake, accounts } = await org()
  const field = fake.org.types.get('account')?.fields.get('accountnumber')
  Object.assign(field ?? {}, { caseSensitive: true })
  const nativeId = fake.org.create('Account', { Name: 'A', AccountNumber: 'Key' })
  try {
    expect(await accounts.find?.(byNumber('KEY'), context)).toMatchObject({ nativeIds: [], narrow: true })
    expect(await accounts.findMany?.([byNumber('Key'), byNumber('KEY')], context)).toMatchObject([
      { nativeIds: [nativeId], narrow: true },
      { nativeIds: [], narrow: true },
    ])
  } finally {
    Object.assign(field ?? {}, { caseSensitive: false })
  }
})

import { expect, test } from 'vitest'
import { IsthmusError } from '../model/errors.ts'
import { retryWhileUnavailable } from './wait-for-database.ts'

function refusing(
  times: number,
  code: string,
): { readonly work: () => Promise<string>; readonly calls: () => number } {
  let calls = 0
  const work = async (): Promise<string> => {
    calls += 1
    if (calls > times) return 'done'
    const cause = Object.assign(new Error('refused'), { code })
    throw new IsthmusError('STORE_UNAVAILABLE', 'migrating the schema: the database does not answer', {
      cause,
    })
  }
  return { work, calls: () => calls }
}

test.each(['57P01', '57P02', '57P03'])(
  'a database on its way up or down (%s) is waited for',
  async (code) => {
    const { work, calls } = refusing(2, code)
    expect(await retryWhileUnavailable(work, { isPrivate: false })).toBe('done')
    expect(calls()).toBe(3)
  },
)

test('one where nothing listens is waited for only when it is ours', async () => {
  expect(await retryWhileUnavailable(refusing(1, 'ECONNREFUSED').work, { isPrivate: true })).toBe('done')
  const { work, calls } = refusing(1, 'ECONNREFUSED')
  await expect(retryWhileUnavailable(work, { isPrivate: false })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  })
  expect(calls()).toBe(1)
})

test('the wait has an end', async () => {
  const { work } = refusing(1_000, '57P03')
  await expect(retryWhileUnavailable(work, { isPrivate: true, withinMs: 300 })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  })
})

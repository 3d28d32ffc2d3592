import { afterEach, describe, expect, test } from 'vitest'
import { changesOf, closeAll, context, org } from '../../../../test/support/salesforce/bound-org.ts'

afterEach(closeAll)

describe('changes', () => {
  test('a transaction that is open for less than two minutes hides nothing either', async () => {
    const { fake, accounts } = await org({}, { commitLag: '1s' })
    const start = Date.UTC(2026, 4, 1, 12, 0, 10)
    fake.org.setTime(start)
    const transaction = fake.org.transaction()
    const late = transaction.create('Account', { Name: 'Late' })
    let cursor: string | undefined
    for (const afterMs of [10_000, 30_000, 60_000, 90_000]) {
      fake.org.setTime(start + afterMs)
      fake.org.create('Account', { Name: 'Other' })
      ;({ cursor } = await changesOf(accounts, cursor))
    }
    transaction.commit()
    const { changed } = await changesOf(accounts, cursor)
    expect(changed.map(({ nativeId }) => nativeId)).toContain(late)
  })

  test('3,000 records of one second are each reported once', async () => {
    const { fake, accounts } = await org()
    fake.org.setTime(Date.now() - 60_000)
    for (let n = 0; n < 3_000; n += 1) fake.org.create('Account', { Name: `A${n}` })
    fake.org.setTime(undefined)
    const first = await changesOf(accounts)
    expect([first.changed.length, new Set(first.changed.map(({ nativeId }) => nativeId)).size]).toEqual([
      3_000, 3_000,
    ])
    expect((await changesOf(accounts, first.cursor)).changed).toEqual([])
  })

  test('a second change within the second that was just read is reported', async () => {
    const { fake, accounts } = await org()
    fake.org.setTime(Math.floor(Date.now() / 1_000) * 1_000 + 300)
    const nativeId = fake.org.create('Account', { Name: 'A' })
    const first = await changesOf(accounts)
    expect(first.changed).toMatchObject([{ nativeId }])
    fake.org.update('Account', nativeId, { Name: 'B' })
    const second = await changesOf(accounts, first.cursor)
    expect(second.changed).toMatchObject([{ nativeId }])
  })

  test('what a transaction changed that was open for minutes is reported when it commits', async () => {
    const { fake, accounts } = await org({}, { commitLag: '1s' })
    const start = Date.UTC(2026, 4, 1, 12, 0, 0)
    fake.org.setTime(start)
    const transaction = fake.org.transaction()
    const late = transaction.create('Account', { Name: 'Late' })
    fake.org.setTime(start + 300_000)
    const early = fake.org.create('Account', { Name: 'Early' })
    let { changed, cursor } = await changesOf(accounts)
    expect(changed.map(({ nativeId }) => nativeId)).toEqual([early])
    fake.org.setTime(start + 420_000)
    ;({ cursor } = await changesOf(accounts, cursor))
    transaction.commit()
    ;({ changed } = await changesOf(accounts, cursor))
    expect(changed.map(({ nativeId }) => nativeId)).toContain(late)
  })

  test('deletions are reported: from the recycle bin, and from the log when the bin was emptied', async () => {
    const { fake, accounts } = await org()
    const [a, b] = ['A', 'B'].map((Name) => fake.org.create('Account', { Name }))
    const first = await changesOf(accounts)
    fake.org.remove('Account', a ?? '')
    const second = await changesOf(accounts, first.cursor)
    expect(second.changed).toContainEqual({ nativeId: a, deleted: true })
    fake.org.remove('Account', b ?? '')
    fake.org.emptyRecycleBin('Account')
    fake.org.advance(60_000)
    const third = await changesOf(accounts, second.cursor)
    expect(third.changed).toContainEqual({ nativeId: b, deleted: true })
    expect((await changesOf(accounts, third.cursor)).changed).toEqual([])
  })

  test('a position older than the delete log reaches back is expired', async () => {
    const { fake, accounts } = await org()
    const { cursor } = await changesOf(accounts)
    fake.org.advance(31 * 86_400_000)
    expect(await accounts.changes?.(cursor, context)).toEqual({ kind: 'expired' })
    expect(await accounts.changes?.('nonsense', context)).toEqual({ kind: 'expired' })
  })
})

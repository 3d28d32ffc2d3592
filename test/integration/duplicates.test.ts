/** Duplicates over real HTTP and PostgreSQL: a double entry, the deletion of a copy, and people's decisions. */
import { describe, expect, test } from 'vitest'
import { type JoinedSystems, recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()

const key = 'C000009'

/** The ERP is listed at the start and then rarely; the CRM is polled frequently. */
const seldomPolled = { settle: false, definition: { erpPart: { triggers: [{ poll: '1h' }] } } } as const

/** Lists both systems, as the next poll would. */
async function look(joined: JoinedSystems): Promise<void> {
  await joined.runtime().byHand.runFull({}, AbortSignal.timeout(60_000))
  await atRest(joined)
}

async function atRest(joined: JoinedSystems): Promise<void> {
  await joined.until('nothing to do', async () => {
    const { queue, records } = await joined.runtime().store.admin.status()
    return (
      queue.due + queue.running + queue.waiting + (records.candidate ?? 0) + (records.deleting ?? 0) === 0
    )
  })
}

/** Entered manually in the ERP, and a little later in the CRM; the ERP's entry is noticed only after we have created a copy. */
async function doubleEntry(): Promise<{
  joined: JoinedSystems
  byHand: string
  copy: string
  nativeId: string
}> {
  const joined = await join({
    ...seldomPolled,
    inCrm: [1, 2, 3, 4].map((n) => customerRecord(n)),
  })
  await joined.until('the first load', () => joined.partners.size === 4)
  await atRest(joined)
  const nativeId = joined.contacts.create(customerRecord(9), 'user').nativeId
  await joined.until('a copy in the ERP', () => valuesOf(joined.partners, 'code').includes(key))
  const copy = recordOf(joined.partners, key).nativeId
  const byHand = joined.partners.create(customerRecord(9), 'user').nativeId
  await look(joined)
  await joined.until('a duplicate', async () => (await pairs(joined)).length === 1)
  return { joined, byHand, copy, nativeId }
}

const pairs = async (joined: JoinedSystems) =>
  (await joined.runtime().store.admin.duplicates({ limit: 10 })).rows

describe('a customer entered in both systems', () => {
  test('is a duplicate; when the copy is deleted, the customer stays, and a hold names the open matters', async () => {
    const { joined, copy, nativeId } = await doubleEntry()
    joined.partners.remove(copy, 'user')
    await joined.runtime().byHand.runFull({}, AbortSignal.timeout(60_000))
    const { admin } = joined.runtime().store
    await joined.until('a hold', async () => (await admin.holds({ limit: 5 })).rows.length > 0)
    const { rows } = await admin.holds({ limit: 5 })
    expect(rows).toMatchObject([{ kind: 'delete-waits', system: 'erp' }])
    expect(joined.contacts.current(nativeId)?.body?.code).toBe(key)

    const [pair] = await pairs(joined)
    const [kept, other] = pair?.sides ?? []
    const request = {
      keep: kept?.recordId ?? '',
      drop: other?.recordId ?? '',
      survivors: {},
      others: 'keep',
    } as const
    expect(await admin.mergeRecords(request, 'ada')).toMatchObject({ kind: 'ok' })
    joined.runtime().store.wake()
    await atRest(joined)
    expect((await admin.holds({ limit: 5 })).rows).toEqual([])
    joined.contacts.patch(nativeId, { city: 'Oslo' }, 'user')
    await joined.until('the city in the ERP', () => recordOf(joined.partners, key).body.city === 'Oslo')
    expect(valuesOf(joined.partners, 'code').filter((code) => code === key)).toHaveLength(1)
  })

  test('declared the same: the copy is deleted, edits of both are kept, nothing is created', async () => {
    const { joined, byHand, copy, nativeId } = await doubleEntry()
    joined.partners.patch(copy, { phone: '' }, 'user')
    joined.partners.patch(byHand, { phone: '+47 1' }, 'user')
    const { admin } = joined.runtime().store
    const [pair] = await pairs(joined)
    expect(pair?.overlaps).toEqual([{ system: 'erp', suggested: byHand }])
    const [kept, other] = pair?.sides ?? []
    const request = { keep: kept?.recordId ?? '', drop: other?.recordId ?? '' }
    await admin.mergeRecords({ ...request, survivors: {}, others: 'delete' }, 'ada')
    joined.runtime().store.wake()
    await joined.until('one partner', () => joined.partners.current(copy)?.body === undefined)
    await atRest(joined)
    expect(recordOf(joined.partners, key).nativeId).toBe(byHand)
    expect(joined.contacts.size).toBe(5)
    expect(joined.contacts.current(nativeId)?.body?.code).toBe(key)
    expect(await pairs(joined)).toEqual([])
  })

  test('kept apart: both are independent permanently', async () => {
    const { joined } = await doubleEntry()
    const { admin } = joined.runtime().store
    const [pair] = await pairs(joined)
    const [one, other] = pair?.sides ?? []
    await admin.keepApart(one?.recordId ?? '', other?.recordId ?? '', 'ada')
    joined.runtime().store.wake()
    await joined.until('one more contact', () => joined.contacts.size === 6)
    await look(joined)
    expect(await pairs(joined)).toEqual([])
    expect(joined.contacts.size).toBe(6)
    expect(joined.partners.size).toBe(6)
  })
})

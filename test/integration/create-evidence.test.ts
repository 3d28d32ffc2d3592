/** The same customer entered in both systems within one poll of each other, over real HTTP and PostgreSQL. */
import { describe, expect, test } from 'vitest'
import {
  type JoinedSystems,
  type JoinOptions,
  recordOf,
  useJoinedSystems,
  valuesOf,
} from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()

const key = 'C000009'
const hourly = { triggers: [{ poll: '1h' }] }

/** The ERP is listed at the start and polled once an hour. */
async function joined(options: JoinOptions = {}): Promise<JoinedSystems> {
  const systems = await join({
    ...options,
    settle: false,
    inCrm: [1, 2, 3, 4].map((n) => customerRecord(n)),
    inErp: [1, 2, 3, 4].map((n) => customerRecord(n)),
    definition: { ...options.definition, erpPart: { ...hourly, ...options.definition?.erpPart } },
  })
  await systems.until('the first load', async () => {
    const { queue, records, systems: places } = await systems.runtime().store.admin.status()
    const moving = queue.due + queue.running + queue.waiting + (records.candidate ?? 0)
    return (
      moving === 0 && records.active === 4 && places.every(({ lastRun }) => lastRun?.finishedAt !== undefined)
    )
  })
  return systems
}

/** Entered in the ERP, which announces nothing, and then in the CRM, which is polled frequently. */
async function enterTwice(
  systems: JoinedSystems,
): Promise<{ readonly inErp: string; readonly inCrm: string }> {
  const inErp = systems.partners.create(customerRecord(9, { city: 'Oslo' }), 'user').nativeId
  const inCrm = systems.contacts.create(customerRecord(9), 'user').nativeId
  return { inErp, inCrm }
}

/** The two entries are one customer, and an edit of either is propagated to the other. */
async function expectLinked(
  systems: JoinedSystems,
  { inErp, inCrm }: { readonly inErp: string; readonly inCrm: string },
): Promise<void> {
  const { admin } = systems.runtime().store
  await systems.until('a link', async () => {
    const detail = await admin.record({ system: 'crm', entity: 'customer', nativeId: inCrm })
    return (
      detail?.members.some(
        ({ system, nativeId, state }) => system === 'erp' && nativeId === inErp && state === 'linked',
      ) === true
    )
  })
  systems.contacts.patch(inCrm, { phone: '+47 2' }, 'user')
  await systems.until('the phone in the ERP', () => recordOf(systems.partners, key).body.phone === '+47 2')
  expect(valuesOf(systems.partners, 'code').filter((code) => code === key)).toEqual([key])
  expect(valuesOf(systems.contacts, 'code').filter((code) => code === key)).toEqual([key])
  expect((await admin.duplicates({ limit: 5 })).rows).toEqual([])
}

describe('a customer entered in a system that is polled hourly, and then in the other one', () => {
  test('is found through the change feed, and is one customer', async () => {
    const systems = await joined()
    await expectLinked(systems, await enterTwice(systems))
  })

  test('is found through the change feed where the search lags by minutes', async () => {
    const systems = await joined({
      erp: { searchLagMs: 900_000 },
      definition: { erpResource: { search: { filters: ['{path}'], items: 'data', lag: '15m' } } },
    })
    await expectLinked(systems, await enterTwice(systems))
  })

  test('is found by the search where there is no feed', async () => {
    const systems = await joined({ definition: { erpResource: { changes: undefined } } })
    await expectLinked(systems, await enterTwice(systems))
  })

  test('is found by a list where the search lags and there is no feed', async () => {
    const search = { filters: ['{path}'], items: 'data', lag: '15m' }
    const systems = await joined({
      erp: { searchLagMs: 900_000 },
      definition: { erpResource: { changes: undefined, search } },
    })
    await expectLinked(systems, await enterTwice(systems))
  })
})

test('where no evidence is possible, the create is held as the definition specifies, and a person releases it', async () => {
  const list = {
    paging: 'offset',
    parameter: 'offset',
    items: 'data',
    size: { parameter: 'limit', value: 500 },
  }
  const systems = await joined({
    definition: {
      erpResource: { changes: undefined, search: undefined, list },
      erpPart: { ...hourly, createWithoutEvidence: 'hold' },
    },
  })
  const { store } = systems.runtime()
  const { nativeId } = systems.contacts.create(customerRecord(9), 'user')
  await systems.until('a hold', async () => (await store.admin.holds({ limit: 5 })).rows.length === 1)
  const { rows } = await store.admin.holds({ limit: 5 })
  expect(rows[0]?.reason).toContain('It is unknown whether erp already has this customer')
  expect((await store.admin.record({ system: 'crm', entity: 'customer', nativeId }))?.members).toContainEqual(
    expect.objectContaining({ system: 'erp', lane: { state: 'held', reason: 'no-evidence' } }),
  )
  expect(valuesOf(systems.partners, 'code')).not.toContain(key)
  await store.admin.releaseHolds({ id: rows[0]?.id ?? '' }, 'release', 'ada')
  store.wake()
  await systems.until('the customer in the ERP', () => valuesOf(systems.partners, 'code').includes(key))
})

describe('a customer deleted in the CRM, therefore archived in the ERP, and restored', () => {
  const archive = {
    delete: { from: ['crm'], action: 'archive', confirm: '400ms', guard: { atLeast: 1_000 } },
  }
  const remove = { archive: { archived: true }, restore: { archived: false } }
  const tombstone = { path: 'archived', equals: true }

  async function archived(erpResource: NonNullable<JoinOptions['definition']>['erpResource']) {
    const systems = await joined({
      definition: { customer: archive, erpResource: { tombstone, ...erpResource } },
    })
    const { nativeId } = recordOf(systems.contacts, 'C000002')
    systems.contacts.remove(nativeId, 'user')
    await systems.until('archived', () => recordOf(systems.partners, 'C000002').body.archived === true)
    await systems.until('the end of the deletion', async () => {
      const { queue, records } = await systems.runtime().store.admin.status()
      return records.tombstoned === 1 && queue.due + queue.running + queue.waiting === 0
    })
    systems.contacts.restore(nativeId, 'user')
    return { systems, nativeId }
  }

  test('is one customer again: the ERP restores its record', async () => {
    const { systems, nativeId } = await archived({ remove })
    await systems.until('taken back', () => recordOf(systems.partners, 'C000002').body.archived === false)
    systems.contacts.patch(nativeId, { city: 'Oslo' }, 'user')
    await systems.until('the city', () => recordOf(systems.partners, 'C000002').body.city === 'Oslo')
    expect(systems.partners.size).toBe(4)
    expect((await systems.runtime().store.admin.failures({ limit: 5 })).rows).toEqual([])
  })

  test('is left for review where it can not be restored', async () => {
    const { systems } = await archived({ remove: { archive: { archived: true } } })
    const { admin } = systems.runtime().store
    await systems.until('a failure', async () => (await admin.failures({ limit: 5 })).rows.length === 1)
    const { rows } = await admin.failures({ limit: 5 })
    expect(rows).toMatchObject([{ code: 'ENGINE_RECORD_RESTORED', system: 'crm' }])
    expect(systems.partners.size).toBe(4)
  })
})

/** Hazards of noticing changes, cursors and lists: H21 to H25, H31. */
import { expect, it, vi } from 'vitest'
import { recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
const pageOf7 = { parameter: 'limit', value: 7 }
/** The ERP tells its changes by `(updatedAt, id)`. */
const byTime = {
  by: 'timestamp',
  path: '/partners/changed',
  since: 'from',
  position: 'updatedAt',
  afterId: 'after',
  items: 'data',
  more: 'more',
  size: pageOf7,
  commitLag: '0s',
  overlap: '3s',
}

/** Something that the ERP dates to another time than now. */
function datedBack<Result>(ms: number, act: () => Result): Result {
  const then = Date.now() - ms
  const spy = vi.spyOn(Date, 'now').mockReturnValue(then)
  try {
    return act()
  } finally {
    spy.mockRestore()
  }
}

it('H21 more changes of one and the same time than fit on a page are all noticed', async () => {
  const joined = await join({ definition: { erpResource: { changes: byTime } } })
  datedBack(0, () => {
    for (let n = 1; n <= 40; n += 1) joined.partners.create(customerRecord(n), 'user')
  })
  await joined.until('all are there', () => joined.contacts.size === 40)
  datedBack(0, () => {
    for (const rid of joined.partners.rids()) joined.partners.patch(rid, { phone: 'all at once' }, 'user')
  })
  await joined.until('all are changed', () =>
    valuesOf(joined.contacts, 'phone').every((phone) => phone === 'all at once'),
  )
})

it('H22 a change that becomes visible after younger ones were read is still noticed', async () => {
  const joined = await join({ definition: { erpResource: { changes: byTime } } })
  joined.partners.create(customerRecord(1), 'user')
  await joined.until('the younger one is there', () => joined.contacts.size === 1)
  datedBack(2000, () => joined.partners.create(customerRecord(2), 'user'))
  await joined.until('the older one too', () => joined.contacts.size === 2)
})

it('H23 a cursor that is no longer valid leads to a full list, never to "from now on"', async () => {
  const joined = await join({ inCrm: [customerRecord(1)] })
  await joined.restart({
    meanwhile: () => {
      joined.erp.fault({ kind: 'status', status: 410, method: 'GET', path: '/changes', times: 1 })
      joined.partners.create(customerRecord(2), 'user')
    },
  })
  await joined.until('the full list has shown it', () => joined.contacts.size === 2)
  expect(joined.events).toContainEqual({ type: 'CursorExpired', system: 'erp', entity: 'customer' })
})

it('H23 what a poll read just before everything stopped is not skipped by the next process', async () => {
  const joined = await join({ inCrm: [customerRecord(1)] })
  const { rid } = recordOf(joined.partners, 'C000001')
  for (let round = 1; round <= 5; round += 1) {
    joined.partners.patch(rid, { phone: `round ${round}` }, 'user')
    const polls = joined.erp.countCalls('GET', /changes/)
    await joined.until('it is polled', () => joined.erp.countCalls('GET', /changes/) > polls)
    await joined.restart()
  }
  await joined.until('the last arrives', () => recordOf(joined.contacts, 'C000001').body.phone === 'round 5')
})

it('H24 a list by offsets is no evidence that a record is gone', async () => {
  const list = { paging: 'offset', parameter: 'offset', items: 'data', size: pageOf7 }
  const joined = await join({
    inCrm: Array.from({ length: 20 }, (_, n) => customerRecord(n + 1)),
    definition: {
      erpResource: { list, changes: undefined },
      erpPart: { triggers: [] },
      customer: { delete: { from: ['crm', 'erp'], action: 'delete', confirm: '300ms' } },
    },
  })
  joined.partners.remove(recordOf(joined.partners, 'C000003').rid, 'user')
  const places = await joined.full()
  expect(places.find(({ system }) => system === 'erp')?.run).toMatchObject({ complete: false, seen: 19 })
  expect(joined.contacts.size).toBe(20)
})

it('H25 a list that stops early without a word is incomplete, and nothing is taken for deleted', async () => {
  const joined = await join({
    inCrm: Array.from({ length: 12 }, (_, n) => customerRecord(n + 1)),
    definition: { customer: { delete: { from: ['crm', 'erp'], action: 'delete', confirm: '300ms' } } },
  })
  joined.erp.fault({ kind: 'cut-list', method: 'GET', path: '^/partners\\?' })
  const listed = { ...customerRecord(13) }
  joined.partners.create(listed, 'user')
  const cutTo = 5
  await joined.restart({ definition: { erpResource: { list: shortPages(cutTo) } } })
  const places = await joined.full()
  expect(places.find(({ system }) => system === 'erp')?.run).toMatchObject({ complete: false, seen: cutTo })
  await joined.quiet()
  expect(joined.contacts.size).toBe(13)
  expect(joined.partners.size).toBe(13)
  expect(joined.events.filter(({ type }) => type === 'DeletionConfirmed')).toEqual([])
})

function shortPages(value: number): object {
  return {
    paging: 'cursor',
    after: 'after',
    next: 'next',
    stable: true,
    items: 'data',
    size: { parameter: 'limit', value },
    total: { path: 'total' },
  }
}

it('H31 webhooks that are lost, doubled and out of order change nothing but the time it takes', async () => {
  const joined = await join({
    inCrm: Array.from({ length: 10 }, (_, n) => customerRecord(n + 1)),
    webhooks: { lose: 0.3, duplicate: 0.5, delayMs: 400 },
  })
  const rids = [...joined.contacts.rids()]
  for (let round = 1; round <= 5; round += 1) {
    for (const rid of rids) joined.contacts.patch(rid, { phone: `round ${round}` }, 'user')
    await new Promise((resolve) => setTimeout(resolve, 60))
  }
  await joined.until('all arrive', () =>
    valuesOf(joined.partners, 'phone').every((phone) => phone === 'round 5'),
  )
  await joined.quiet()
  const before = joined.writes()
  await joined.full()
  expect(joined.writes()).toBe(before)
  expect(joined.events.some((event) => event.type === 'WebhookAccepted' && event.duplicate)).toBe(true)
  for (const rid of joined.partners.rids()) {
    const phones = joined.partners.history(rid).map(({ body }) => String(body?.phone))
    expect(phones.slice(1)).toEqual([...phones.slice(1)].sort())
  }
})

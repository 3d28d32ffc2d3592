/** Hazards of detecting changes and of trusting absence: H22 to H24, H26, H28. Others: hazards-discovery. */

import { Webhook } from 'standardwebhooks'
import { expect, test, vi } from 'vitest'
import { elapse } from '../support/elapse.ts'
import {
  type JoinedSystems,
  type JoinOptions,
  recordOf,
  useJoinedSystems,
} from '../support/joined-systems.ts'
import { customerRecord, hookSecret } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
const pageOf7 = { parameter: 'limit', value: 7 }
/** The ERP reports its changes by `(updatedAt, id)`. */
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

/** Makes a change that the ERP dates to another time. */
function datedBack<Result>(ms: number, act: () => Result): Result {
  const then = Date.now() - ms
  const spy = vi.spyOn(Date, 'now').mockReturnValue(then)
  try {
    return act()
  } finally {
    spy.mockRestore()
  }
}

const wide = { atLeast: 1000 }

function manyWith(more: JoinOptions['definition'] = {}, count = 8): JoinOptions {
  return {
    inCrm: Array.from({ length: count }, (_, n) => customerRecord(n + 1)),
    definition: {
      ...more,
      customer: {
        delete: { from: ['crm', 'erp'], action: 'delete', confirm: '400ms', guard: wide },
        ...more.customer,
      },
    },
  }
}

const confirmed = (joined: JoinedSystems) =>
  joined.events.filter(({ type }) => type === 'DeletionConfirmed').length

test('H22 a change that becomes visible after newer ones were read is still detected', async () => {
  const joined = await join({ definition: { erpResource: { changes: byTime } } })
  joined.partners.create(customerRecord(1), 'user')
  await joined.until('the younger one is there', () => joined.contacts.size === 1)
  // Long enough that the cursor itself is past the older one's time.
  await elapse(1_500, 'the cursor passes the time of the older record')
  await joined.quiet()
  datedBack(2500, () => joined.partners.create(customerRecord(2), 'user'))
  await joined.until('the older one too', () => joined.contacts.size === 2)
})

test('H23 changes that a poll read just before everything stopped are not skipped by the next process', async () => {
  const joined = await join({ inCrm: [customerRecord(1)] })
  const { nativeId } = recordOf(joined.partners, 'C000001')
  for (let round = 1; round <= 5; round += 1) {
    joined.partners.patch(nativeId, { phone: `round ${round}` }, 'user')
    const polls = joined.erp.countCalls('GET', /changes/)
    await joined.until('it is polled', () => joined.erp.countCalls('GET', /changes/) > polls)
    await joined.restart()
  }
  await joined.until('the last arrives', () => recordOf(joined.contacts, 'C000001').body.phone === 'round 5')
})

test('H24 a record that an offset list missed is gone only if a read by id confirms it', async () => {
  const list = { paging: 'offset', parameter: 'offset', items: 'data', size: pageOf7 }
  const joined = await join({
    inCrm: Array.from({ length: 20 }, (_, n) => customerRecord(n + 1)),
    definition: {
      erpResource: { list, changes: undefined },
      erpPart: { triggers: [] },
      customer: { delete: { from: ['crm', 'erp'], action: 'delete', confirm: '300ms' } },
    },
  })
  joined.partners.remove(recordOf(joined.partners, 'C000003').nativeId, 'user')
  // The list skips living records as well: it ends after its second page.
  joined.erp.fault({ kind: 'cut-list', method: 'GET', path: 'offset=7' })
  const places = await joined.full()
  expect(places.find(({ system }) => system === 'erp')?.run).toMatchObject({ complete: false })
  joined.erp.faults.clear()
  // A manual full run reads the missing ones by id: the deleted one is confirmed, the others exist.
  await joined.full()
  await joined.until('the deletion is carried over', () => joined.contacts.size === 19)
  expect(() => recordOf(joined.contacts, 'C000003')).toThrow()
})

test.each([
  ['an empty list', { kind: 'empty-list', method: 'GET', path: '^/contacts\\?' }],
  ['a login page', { kind: 'html', method: 'GET' }],
  ['"not allowed"', { kind: 'status', status: 403, method: 'GET' }],
  [
    'a 404 of somebody else',
    { kind: 'status', status: 404, method: 'GET', path: '^/contacts/\\d', body: 'nginx' },
  ],
  ['an outage', { kind: 'status', status: 503, method: 'GET' }],
  ['broken JSON', { kind: 'garbage', method: 'GET' }],
] as const)('H26 %s instead of records deletes nothing', async (_what, fault) => {
  const joined = await join(manyWith())
  joined.crm.fault(fault)
  for (const nativeId of joined.partners.nativeIds())
    joined.partners.patch(nativeId, { phone: 'edited meanwhile' }, 'user')
  await joined.runtime().byHand.runFull({}, AbortSignal.timeout(60_000))
  await elapse(1_000, 'a deletion would have been confirmed by then')
  expect([joined.contacts.size, joined.partners.size, confirmed(joined)]).toEqual([8, 8, 0])
  joined.crm.faults.clear()
  await joined.until(
    'everything goes on',
    () => recordOf(joined.contacts, 'C000008').body.phone === 'edited meanwhile',
  )
  expect(joined.partners.size).toBe(8)
})

test('H26 another account behind the same address deletes nothing', async () => {
  const joined = await join(manyWith())
  joined.crm.tenant = 'somebody else'
  for (const nativeId of [...joined.contacts.nativeIds()].slice(0, 3))
    joined.contacts.remove(nativeId, 'user')
  await joined.runtime().byHand.runFull({}, AbortSignal.timeout(60_000))
  await elapse(1_500, 'a deletion would have been confirmed by then')
  expect(joined.partners.size).toBe(8)
  expect(confirmed(joined)).toBe(0)
})

test('H28 an old delivery about a deleted record restores nothing', async () => {
  const joined = await join(manyWith())
  const contact = recordOf(joined.contacts, 'C000002').nativeId
  joined.contacts.remove(contact, 'user')
  await joined.until('it is gone there too', () => joined.partners.size === 7)
  await joined.quiet()
  const body = JSON.stringify({ type: 'contacts.changed', data: { id: contact, version: 1 } })
  const now = new Date()
  const response = await fetch(`${(await joined.serve()).url}/hooks/crm`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'webhook-id': 'late',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(hookSecret).sign('late', now, body),
    },
  })
  expect(response.status).toBe(202)
  await joined.quiet()
  await joined.full()
  expect([joined.contacts.size, joined.partners.size]).toEqual([7, 7])
})

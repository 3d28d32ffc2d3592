/** Hazards of concurrent workers, wrong mappings and races: H13, H14, H15, H30, H32, H34. Others: hazards-writes. */
import { expect, test } from 'vitest'
import { recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
const first = customerRecord(1)
const code = 'C000001'
const shortTimes = { timing: { readTimeout: '3s', writeTimeout: '400ms' } }
/** A CRM that supports no precondition, the weakest kind of API. */
const weakCrm = {
  crm: { conditional: 'none' },
  definition: {
    crmPart: { acceptRaceWindow: true },
    crmResource: { version: { path: 'version', ordered: true }, inflight: '400ms' },
    crmSystem: shortTimes,
  },
  engine: { startWindowMs: 200 },
} as const

test('H13 an edit between our read and our write is never overwritten unnoticed', async () => {
  const joined = await join({
    inCrm: [first],
    definition: { customer: { conflict: { default: 'prefer erp crm' } } },
  })
  const { nativeId } = recordOf(joined.contacts, code)
  joined.crm.fault({ kind: 'slow', method: 'PATCH', delayMs: 400, times: 1 })
  joined.partners.patch(recordOf(joined.partners, code).nativeId, { phone: 'from erp' }, 'user')
  await joined.until('our write is under way', () => joined.crm.countCalls('PATCH') === 1)
  joined.contacts.patch(nativeId, { phone: 'typed meanwhile' }, 'user')
  await joined.quiet()
  const agreed = joined.contacts.current(nativeId)?.body?.phone
  expect(recordOf(joined.partners, code).body.phone).toBe(agreed)
  const { rows } = await joined.runtime().store.admin.conflicts({ limit: 10 })
  expect(rows.flatMap(({ candidates }) => candidates.map(({ value }) => value))).toContain('typed meanwhile')
  expect(joined.events).toContainEqual(
    expect.objectContaining({ type: 'WriteSettled', system: 'crm', outcome: 'stale' }),
  )
})

test('H14 a write that takes effect long after it failed does not undo a newer one', async () => {
  const joined = await join({ inCrm: [first], ...weakCrm })
  const partner = recordOf(joined.partners, code).nativeId
  const contact = recordOf(joined.contacts, code).nativeId
  joined.crm.fault({ kind: 'zombie', method: 'PATCH', delayMs: 500, times: 1 })
  joined.partners.patch(partner, { phone: 'older' }, 'user')
  await joined.until('our write is lost', () => joined.crm.countCalls('PATCH') === 1)
  joined.partners.patch(partner, { phone: 'newer' }, 'user')
  await joined.until('the newer value stays', async () => {
    await joined.quiet()
    return joined.contacts.current(contact)?.body?.phone === 'newer'
  })
  await joined.full()
  const phones = joined.contacts.history(contact).map(({ body }) => body?.phone)
  expect(phones).toContain('older')
  expect(phones.at(-1)).toBe('newer')
  expect(joined.partners.current(partner)?.body?.phone).toBe('newer')
})

test('H15 a read that took most of the lease is followed by no write: the next claim reads again and writes once', async () => {
  const joined = await join({
    inCrm: [first],
    engine: { leaseMs: 2500, leaseMarginMs: 300, startWindowMs: 200 },
    definition: { erpSystem: { timing: { readTimeout: '4s', writeTimeout: '800ms' } } },
  })
  const before = joined.writes()
  const path = '^/partners/\\d'
  const looks = () => joined.erp.countCalls('GET', new RegExp(path))
  const looksBefore = looks()
  joined.erp.fault({ kind: 'slow', method: 'GET', path, delayMs: 1700, times: 1 })
  // The ERP changed as well, so that it has to be read first.
  joined.partners.patch(recordOf(joined.partners, code).nativeId, { city: 'changed there' }, 'user')
  joined.contacts.patch(recordOf(joined.contacts, code).nativeId, { phone: 'once' }, 'user')
  await joined.until('our write comes', () => joined.erp.countCalls('PUT') === 1)
  expect(looks() - looksBefore).toBeGreaterThanOrEqual(2)
  await joined.full()
  expect(recordOf(joined.partners, code).body).toMatchObject({ phone: 'once', city: 'changed there' })
  expect(joined.writes() - before).toBe(2)
})

test('H30 a wrong mapping changes no more than the guard allows, the rest is held', async () => {
  const records = Array.from({ length: 60 }, (_, n) => customerRecord(n + 1))
  const joined = await join({ inCrm: records })
  const before = joined.writes()
  const broken = { code: 'code', name: 'name', email: 'email', phone: 'city', city: 'phone' }
  await joined.restart({
    definition: {
      customer: { guard: { update: { atLeast: 3, max: '1 %' } } },
      crmPart: { map: broken },
    },
  })
  await joined.full()
  // All of them are processed at once: an unanswered query of the store must not count as permission.
  expect(joined.writes() - before).toBeLessThanOrEqual(3)
  const { rows } = await joined.runtime().store.admin.holds({ limit: 200 })
  expect(rows.filter(({ kind }) => kind === 'guard').length).toBeGreaterThanOrEqual(57)
})

test('H32 edits made while a record is being processed are never lost', async () => {
  // One webhook for each edit and no poll: a lost mark is lost permanently.
  const joined = await join({
    inCrm: [first],
    webhooks: {},
    definition: { crmPart: { triggers: [{ webhook: 'changes' }] } },
  })
  const { nativeId } = recordOf(joined.contacts, code)
  joined.erp.fault({ kind: 'slow', method: 'PUT', delayMs: 150 })
  for (let n = 1; n <= 20; n += 1) {
    joined.contacts.patch(nativeId, { phone: `edit ${n}` }, 'user')
    await new Promise((resolve) => setTimeout(resolve, 35))
  }
  await joined.until('the last edit arrives', () => recordOf(joined.partners, code).body.phone === 'edit 20')
  await joined.quiet()
  expect(recordOf(joined.contacts, code).body.phone).toBe('edit 20')
})

test('H34 a system that requests a pause is not called until then, and not flooded afterwards', async () => {
  const joined = await join({ inCrm: [1, 2, 3, 4, 5].map((n) => customerRecord(n)) })
  joined.erp.fault({ kind: 'status', status: 429, retryAfter: '2', times: 1 })
  const refusedBy = joined.erp.calls.length
  await joined.until('it refuses', () => joined.erp.calls.length > refusedBy)
  const refusedAt = joined.erp.calls[refusedBy]?.at ?? 0
  for (const nativeId of joined.contacts.nativeIds())
    joined.contacts.patch(nativeId, { phone: 'patient' }, 'user')
  await joined.until('all arrive', () =>
    valuesOf(joined.partners, 'phone').every((phone) => phone === 'patient'),
  )
  const next = joined.erp.calls.slice(refusedBy + 1)
  // Calls already in flight may still arrive; no new one starts before the time.
  expect(next.filter(({ at }) => at > refusedAt + 100 && at < refusedAt + 1900)).toEqual([])
  expect(joined.erp.countCalls('PUT')).toBe(5)
})

/** Hazards of writing into a system that others use too: H10, H12 to H15, H30, H32 to H34, H39. */
import { expect, it } from 'vitest'
import { recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
const first = customerRecord(1)
const code = 'C000001'
const shortTimes = { timing: { readTimeout: '3s', writeTimeout: '400ms' } }
/** A CRM that honours no precondition: the weakest kind of API. */
const weakCrm = {
  crm: { conditional: 'none' },
  definition: {
    crmPart: { acceptRaceWindow: true },
    crmResource: { version: { path: 'version', ordered: true }, inflight: '400ms' },
    crmSystem: shortTimes,
  },
  engine: { startWindowMs: 200 },
} as const

it('H10 a read that shows an older state never brings an older value back', async () => {
  const joined = await join({
    inCrm: [first],
    crm: { readLagMs: 700 },
    definition: { crmResource: { read: { lag: '800ms' } } },
  })
  const { rid } = recordOf(joined.contacts, code)
  for (const phone of ['p1', 'p2', 'p3', 'p4']) {
    joined.contacts.patch(rid, { phone }, 'user')
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  await joined.until('the newest arrives', () => recordOf(joined.partners, code).body.phone === 'p4')
  await joined.quiet()
  const seen = joined.partners
    .history(recordOf(joined.partners, code).rid)
    .map(({ body }) => String(body?.phone))
  expect(seen.slice(1)).toEqual([...seen.slice(1)].sort())
  expect(joined.contacts.history(rid).filter(({ by }) => by === 'engine')).toEqual([])
})

it('H12 a PUT leaves alone what nobody mapped, also when it changed a moment before', async () => {
  const joined = await join({ inCrm: [first], inErp: [{ ...first, note: 'by the ERP' }] })
  const { rid } = recordOf(joined.partners, code)
  expect(joined.partners.current(rid)?.body).toMatchObject({ note: 'by the ERP' })
  joined.erp.fault({ kind: 'slow', method: 'PUT', delayMs: 400, times: 1 })
  joined.contacts.patch(recordOf(joined.contacts, code).rid, { phone: 'new' }, 'user')
  await joined.until('our PUT is under way', () => joined.erp.countCalls('PUT') === 1)
  joined.partners.patch(rid, { note: 'changed meanwhile' }, 'user')
  await joined.until('our value arrives', () => joined.partners.current(rid)?.body?.phone === 'new')
  await joined.quiet()
  expect(joined.partners.current(rid)?.body).toMatchObject({ note: 'changed meanwhile', phone: 'new' })
})

it('H13 an edit between our look and our write is never overwritten unseen', async () => {
  const joined = await join({
    inCrm: [first],
    definition: { customer: { conflict: { default: 'prefer erp crm' } } },
  })
  const { rid } = recordOf(joined.contacts, code)
  joined.crm.fault({ kind: 'slow', method: 'PATCH', delayMs: 400, times: 1 })
  joined.partners.patch(recordOf(joined.partners, code).rid, { phone: 'from erp' }, 'user')
  await joined.until('our write is under way', () => joined.crm.countCalls('PATCH') === 1)
  joined.contacts.patch(rid, { phone: 'typed meanwhile' }, 'user')
  await joined.quiet()
  const agreed = joined.contacts.current(rid)?.body?.phone
  expect(recordOf(joined.partners, code).body.phone).toBe(agreed)
  const { rows } = await joined.runtime().store.admin.conflicts({ limit: 10 })
  expect(rows.flatMap(({ candidates }) => candidates.map(({ value }) => value))).toContain('typed meanwhile')
  expect(joined.events).toContainEqual(
    expect.objectContaining({ type: 'WriteSettled', system: 'crm', outcome: 'stale' }),
  )
})

it('H14 a write that takes effect long after it failed does not undo a newer one', async () => {
  const joined = await join({ inCrm: [first], ...weakCrm })
  const partner = recordOf(joined.partners, code).rid
  const contact = recordOf(joined.contacts, code).rid
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

it('H15 a worker whose lease is over commits nothing and sends nothing more; another one does the work', async () => {
  const joined = await join({
    inCrm: [first],
    engine: { leaseMs: 2500, leaseMarginMs: 300, startWindowMs: 200 },
    definition: { erpSystem: { timing: { readTimeout: '2s', writeTimeout: '800ms' } } },
  })
  const before = joined.writes()
  joined.erp.fault({ kind: 'slow', method: 'GET', path: '^/partners/\\d', delayMs: 2400, times: 1 })
  joined.contacts.patch(recordOf(joined.contacts, code).rid, { phone: 'once' }, 'user')
  await joined.until('the edit arrives', () => recordOf(joined.partners, code).body.phone === 'once')
  await joined.full()
  expect(joined.writes() - before).toBe(1)
})

it('H30 a mapping gone wrong changes no more than the guard allows, the rest waits for a person', async () => {
  const records = Array.from({ length: 12 }, (_, n) => customerRecord(n + 1))
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
  expect(joined.writes() - before).toBeLessThanOrEqual(3)
  const { rows } = await joined.runtime().store.admin.holds({ limit: 50 })
  expect(rows.filter(({ kind }) => kind === 'guard').length).toBeGreaterThanOrEqual(9)
})

it('H32 edits that come while a record is being worked on are never forgotten', async () => {
  const joined = await join({ inCrm: [first], webhooks: {} })
  const { rid } = recordOf(joined.contacts, code)
  joined.erp.fault({ kind: 'slow', method: 'PUT', delayMs: 150 })
  for (let n = 1; n <= 20; n += 1) {
    joined.contacts.patch(rid, { phone: `edit ${n}` }, 'user')
    await new Promise((resolve) => setTimeout(resolve, 35))
  }
  await joined.until('the last edit arrives', () => recordOf(joined.partners, code).body.phone === 'edit 20')
  await joined.quiet()
  expect(recordOf(joined.contacts, code).body.phone).toBe('edit 20')
})

it('H33 a record that one system always refuses delays no other, and is told once', async () => {
  const records = Array.from({ length: 20 }, (_, n) => customerRecord(n + 1))
  const joined = await join({ inCrm: records })
  const poison = recordOf(joined.partners, 'C000007').rid
  joined.erp.fault({ kind: 'status', status: 422, method: 'PUT', path: `^/partners/${poison}$` })
  for (const rid of joined.contacts.rids()) joined.contacts.patch(rid, { phone: 'all of them' }, 'user')
  await joined.until(
    'all others arrive',
    () => valuesOf(joined.partners, 'phone').filter((phone) => phone === 'all of them').length === 19,
  )
  await joined.quiet()
  const refused = joined.erp.countCalls('PUT', new RegExp(`^/partners/${poison}$`))
  await joined.full()
  expect(joined.erp.countCalls('PUT', new RegExp(`^/partners/${poison}$`))).toBe(refused)
  expect(refused).toBeLessThanOrEqual(2)
  const { admin } = joined.runtime().store
  expect((await admin.failures({ limit: 10 })).rows).toMatchObject([{ system: 'erp', operation: 'update' }])
  joined.erp.faults.clear()
  expect(await admin.retryFailures({ system: 'erp' }, 'test')).toBe(1)
  await joined.until('mended', () => recordOf(joined.partners, 'C000007').body.phone === 'all of them')
})

it('H34 a system that asks to wait is left alone until then, and is not stormed afterwards', async () => {
  const joined = await join({ inCrm: [1, 2, 3, 4, 5].map((n) => customerRecord(n)) })
  joined.erp.fault({ kind: 'status', status: 429, retryAfter: '2', times: 1 })
  const refusedBy = joined.erp.calls.length
  await joined.until('it refuses', () => joined.erp.calls.length > refusedBy)
  const refusedAt = joined.erp.calls[refusedBy]?.at ?? 0
  for (const rid of joined.contacts.rids()) joined.contacts.patch(rid, { phone: 'patient' }, 'user')
  await joined.until('all arrive', () =>
    valuesOf(joined.partners, 'phone').every((phone) => phone === 'patient'),
  )
  const next = joined.erp.calls.slice(refusedBy + 1)
  // What was on its way already may still come; nothing new starts before the time.
  expect(next.filter(({ at }) => at > refusedAt + 100 && at < refusedAt + 1900)).toEqual([])
  expect(joined.erp.countCalls('PUT')).toBe(5)
})

it('H39 a value that must be unique there is refused once and told, other records and later edits go on', async () => {
  const joined = await join({ inCrm: [1, 2].map((n) => customerRecord(n)), erp: { unique: 'email' } })
  const second = recordOf(joined.contacts, 'C000002').rid
  joined.contacts.patch(second, { email: 'customer1@example.org' }, 'user')
  const { admin } = joined.runtime().store
  await joined.until('it is told', async () => (await admin.failures({ limit: 5 })).rows.length === 1)
  await joined.full()
  const asked = joined.erp.countCalls('PUT')
  await joined.full()
  expect(joined.erp.countCalls('PUT')).toBe(asked)
  joined.contacts.patch(recordOf(joined.contacts, code).rid, { phone: 'goes on' }, 'user')
  joined.contacts.patch(second, { email: 'another@example.org' }, 'user')
  await joined.until(
    'both are through',
    () =>
      recordOf(joined.partners, code).body.phone === 'goes on' &&
      recordOf(joined.partners, 'C000002').body.email === 'another@example.org',
  )
  await joined.quiet()
  expect((await admin.failures({ limit: 5 })).rows).toEqual([])
})

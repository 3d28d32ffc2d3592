/** Hazards of the contents of records: personal values that must not leave (H37), and unexpected documents (H40). */
import { expect, test } from 'vitest'
import { createEventLog } from '../../src/observability/log-events.ts'
import { recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()

test('H37 no value of a record leaves through events, logs or failures', async () => {
  const canary = 'Canary-4711'
  const joined = await join({
    inCrm: [1, 2].map((n) => customerRecord(n, { name: canary, phone: `${canary}-${n}` })),
    erp: { unique: 'email' },
  })
  joined.contacts.patch(
    recordOf(joined.contacts, 'C000002').nativeId,
    { email: 'customer1@example.org' },
    'user',
  )
  const { admin } = joined.runtime().store
  await joined.until('a refusal is told', async () => (await admin.failures({ limit: 5 })).rows.length === 1)
  await joined.restart({
    meanwhile: () => {
      joined.contacts.patch(recordOf(joined.contacts, 'C000001').nativeId, { phone: `${canary}-a` }, 'user')
      joined.partners.patch(recordOf(joined.partners, 'C000001').nativeId, { phone: `${canary}-b` }, 'user')
    },
  })
  await joined.until('a conflict is told', async () => (await conflictsOf(joined)).length === 1)
  const lines: string[] = []
  const log = createEventLog('trace', { write: (line: string) => void lines.push(line) })
  for (const event of joined.events) log(event)
  const logged = lines.join('\n')
  const reported = JSON.stringify([
    joined.events,
    (await joined.runtime().store.admin.failures({ limit: 5 })).rows,
  ])
  for (const text of [logged, reported]) {
    expect(text.length).toBeGreaterThan(100)
    for (const value of [canary, 'customer1@example.org']) expect(text).not.toContain(value)
  }
})

const conflictsOf = async (joined: Awaited<ReturnType<typeof join>>) =>
  (await joined.runtime().store.admin.conflicts({ limit: 5 })).rows

test('H40 unusual documents are propagated unchanged or kept in a lane of their own, and block no other', async () => {
  const joined = await join({ inCrm: [customerRecord(1)] })
  const strange: readonly object[] = [
    JSON.parse(
      '{"code":"S1","name":"proto","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
    ),
    { code: 'S2', name: 'nul \u0000 and a lone surrogate \ud800 in one text' },
    { code: 'S3', name: 'deep', extra: nested(60) },
    { code: 'S4', name: 'x'.repeat(2_000_000) },
    { code: 'S5', name: { not: 'a text' }, phone: ['neither'] },
    { code: 'S6', name: null, email: 5 },
  ]
  for (const document of strange) joined.contacts.create({ ...document }, 'user')
  for (let n = 2; n <= 10; n += 1) joined.contacts.create(customerRecord(n), 'user')
  await joined.until('all ordinary ones arrive', () => {
    const codes = valuesOf(joined.partners, 'code').filter((code) => String(code).startsWith('C'))
    return codes.length === 10
  })
  await joined.quiet()
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  const codes = valuesOf(joined.partners, 'code')
  expect(codes).toContain('S1')
  expect(new Set(codes).size).toBe(codes.length)
  const before = joined.writes()
  await joined.full()
  expect(joined.writes()).toBe(before)
  joined.contacts.patch(recordOf(joined.contacts, 'C000001').nativeId, { phone: 'still going' }, 'user')
  await joined.until(
    'an edit goes through',
    () => recordOf(joined.partners, 'C000001').body.phone === 'still going',
  )
})

function nested(depth: number): unknown {
  let inner: unknown = 'end'
  for (let level = 0; level < depth; level += 1) inner = { inner }
  return inner
}

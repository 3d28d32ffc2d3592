/** Hazards of detecting who changed what: H1, H2, H4, H5, H8, H11. Others: hazards-writes. */
import { expect, test } from 'vitest'
import { type JoinedSystems, recordOf, useJoinedSystems } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join, database } = useJoinedSystems()
const first = customerRecord(1)
const long = 'A name of much more than the forty characters that the ERP can store'

const conflictsOf = async (joined: JoinedSystems) =>
  (await joined.runtime().store.admin.conflicts({ limit: 50 })).rows

function edit(joined: JoinedSystems, crm: object, erp: object): void {
  if (Object.keys(crm).length > 0)
    joined.contacts.patch(recordOf(joined.contacts, 'C000001').nativeId, { ...crm }, 'user')
  if (Object.keys(erp).length > 0)
    joined.partners.patch(recordOf(joined.partners, 'C000001').nativeId, { ...erp }, 'user')
}

const inCrm = (joined: JoinedSystems) => recordOf(joined.contacts, 'C000001').body
const inErp = (joined: JoinedSystems) => recordOf(joined.partners, 'C000001').body

test('H1 compares each system with its own previous values: differing values are no conflict, the same change in both is no conflict', async () => {
  const joined = await join({ inCrm: [{ ...first, name: long }], inErp: [{ ...first, name: long }] })
  expect(inErp(joined).name).not.toBe(inCrm(joined).name)
  const before = joined.writes()
  edit(joined, { phone: '+49 1' }, { phone: '+49 1' })
  await joined.full()
  expect(joined.writes()).toBe(before)
  expect(await conflictsOf(joined)).toEqual([])
})

test('H2 a lost store is rebuilt without creating duplicates or overwriting values that agree', async () => {
  const records = [1, 2, 3, 4].map((n) => customerRecord(n))
  const joined = await join({ inCrm: records })
  const before = joined.writes()
  await joined.restart({ meanwhile: () => dropSchemas() })
  await joined.quiet()
  expect(joined.writes()).toBe(before)
  expect([joined.contacts.size, joined.partners.size]).toEqual([4, 4])
})

test('H4 of two edits within the possible clock skew the preferred one wins, not the newer one, and the other is kept', async () => {
  const joined = await join({
    inCrm: [first],
    definition: {
      customer: { conflict: { default: 'prefer crm erp', fields: { phone: 'latest' }, skew: '10m' } },
    },
  })
  const meanwhile = async () => {
    edit(joined, { phone: 'older, preferred' }, {})
    await new Promise((resolve) => setTimeout(resolve, 30))
    edit(joined, {}, { phone: 'newer' })
  }
  await joined.restart({ meanwhile })
  await joined.until('the preferred value wins', () => inErp(joined).phone === 'older, preferred')
  const [conflict] = await conflictsOf(joined)
  expect(conflict?.candidates.map(({ value }) => value)).toContain('newer')
})

test('H5 fields of one group are taken from one system together', async () => {
  const map = { code: 'code', name: 'name', address: { street: 'street', city: 'city' } }
  const joined = await join({
    inCrm: [{ code: 'C000001', name: 'Ada', street: 'Old street 1', city: 'Old town' }],
    definition: {
      customer: {
        fields: {
          code: { type: 'string', required: true },
          name: 'string',
          address: { type: 'group', fields: { street: 'string', city: 'string' } },
        },
      },
      crmPart: { map },
      erpPart: { map },
    },
  })
  await joined.restart({
    meanwhile: () => edit(joined, { street: 'New street 2' }, { city: 'New town' }),
  })
  await joined.until('one address in both', () => inErp(joined).street === 'New street 2')
  await joined.quiet()
  for (const body of [inCrm(joined), inErp(joined)])
    expect(body).toMatchObject({ street: 'New street 2', city: 'Old town' })
  expect(await conflictsOf(joined)).toMatchObject([{ field: 'address' }])
})

test('H8 a truncated value whose write received no response is not propagated back over the original', async () => {
  const joined = await join({
    inCrm: [first],
    engine: { startWindowMs: 200 },
    definition: {
      erpPart: { map: { code: 'code', name: 'name', phone: 'phone' } },
      erpSystem: { timing: { readTimeout: '3s', writeTimeout: '500ms' } },
    },
  })
  joined.erp.fault({ kind: 'lose-response', method: 'PUT', times: 1 })
  const before = joined.writes()
  edit(joined, { name: long }, {})
  await joined.until('the name arrives', () => inErp(joined).name === long.slice(0, 40))
  await joined.full()
  expect(inCrm(joined).name).toBe(long)
  // Recognised as our own value: no conflict with it, and not sent again.
  expect(await conflictsOf(joined)).toEqual([])
  expect(joined.writes() - before).toBe(1)
  expect(
    joined.contacts
      .history(recordOf(joined.contacts, 'C000001').nativeId)
      .filter(({ by }) => by === 'engine'),
  ).toEqual([])
})

test('H11 an edit of another field during our write is not lost with the response', async () => {
  const joined = await join({
    inCrm: [first],
    crm: { conditional: 'none' },
    definition: {
      crmPart: { acceptRaceWindow: true },
      crmResource: { version: { path: 'version', ordered: true } },
    },
  })
  joined.crm.fault({ kind: 'slow', method: 'PATCH', delayMs: 400, times: 1 })
  edit(joined, {}, { phone: 'ours' })
  await joined.until('our write is under way', () => joined.crm.countCalls('PATCH') === 1)
  edit(joined, { city: 'Theirs' }, {})
  await joined.until('both edits are everywhere', () => inErp(joined).city === 'Theirs')
  await joined.quiet()
  expect(inCrm(joined)).toMatchObject({ phone: 'ours', city: 'Theirs' })
  expect(inErp(joined)).toMatchObject({ phone: 'ours', city: 'Theirs' })
})

/** Removes everything that the runtime stored. */
async function dropSchemas(): Promise<void> {
  const rows = await database().query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname like 'pair\\_%'`,
  )
  for (const { name } of rows) await database().query(`drop schema ${name} cascade`)
}

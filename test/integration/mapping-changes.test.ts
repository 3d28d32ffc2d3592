/** A definition that changes while records exist: bases belong to their lenses (A13), over HTTP and PostgreSQL. */
import { expect, test } from 'vitest'
import { type JoinedSystems, recordOf, useJoinedSystems, valuesOf } from '../support/joined-systems.ts'
import { customerRecord } from '../support/two-systems.ts'

const { join } = useJoinedSystems()
const plain = { code: 'code', name: 'name', email: 'email', phone: 'phone', city: 'city' }
const fields = {
  code: { type: 'string', required: true },
  name: 'string',
  email: 'string',
  phone: 'string',
  city: 'string',
}
const many = Array.from({ length: 20 }, (_, index) => customerRecord(index + 1))
const first = customerRecord(1)

const inCrm = (joined: JoinedSystems) => recordOf(joined.contacts, 'C000001').body
const inErp = (joined: JoinedSystems) => recordOf(joined.partners, 'C000001').body
const conflictsOf = async (joined: JoinedSystems) =>
  (await joined.runtime().store.admin.conflicts({ limit: 50 })).rows

function edit(joined: JoinedSystems, table: 'contacts' | 'partners', change: object): void {
  joined[table].patch(recordOf(joined[table], 'C000001').nativeId, { ...change }, 'user')
}

const writesTo = (table: JoinedSystems['contacts']): number =>
  table.changes.filter(({ by }) => by === 'engine').length

test('a field that moved to another path clears nothing: values that only one side has are filled in', async () => {
  const joined = await join({ inCrm: many })
  const phones = valuesOf(joined.contacts, 'phone')
  const before = writesTo(joined.contacts)
  await joined.restart({ definition: { erpPart: { map: { ...plain, phone: 'telephone' } } } })
  await joined.until('all are filled', () =>
    valuesOf(joined.partners, 'telephone').every((value) => value !== undefined),
  )
  await joined.full()
  expect(valuesOf(joined.contacts, 'phone')).toEqual(phones)
  expect(valuesOf(joined.partners, 'telephone').toSorted()).toEqual(phones.toSorted())
  expect(writesTo(joined.contacts)).toBe(before)
  expect(await conflictsOf(joined)).toEqual([])
})

test('a field that moved to a path with other values is resolved by the conflict policy, and the losing value is kept', async () => {
  const joined = await join({ inCrm: [first], inErp: [{ ...first, telephone: '+49 89 7' }] })
  await joined.restart({ definition: { erpPart: { map: { ...plain, phone: 'telephone' } } } })
  await joined.until('the preferred value is in both', () => inErp(joined).telephone === first.phone)
  expect(inCrm(joined).phone).toBe(first.phone)
  const [conflict] = await conflictsOf(joined)
  expect(conflict).toMatchObject({ field: 'phone', state: 'decided' })
  expect(conflict?.candidates.map(({ value }) => value)).toContain('+49 89 7')
})

test('an edit made during a change of the mapping is detected like any other where its lens is the same', async () => {
  const joined = await join({ inCrm: [first] })
  await joined.restart({
    meanwhile: () => edit(joined, 'contacts', { city: 'Bonn', phone: '+49 228 1' }),
    definition: { erpPart: { map: { ...plain, phone: 'telephone' } } },
  })
  await joined.until('the edit is there', () => inErp(joined).city === 'Bonn')
  await joined.until('so is the phone', () => inErp(joined).telephone === '+49 228 1')
  expect(await conflictsOf(joined)).toEqual([])
})

test('a changed mapping clears nothing: a person decides', async () => {
  const group = {
    code: fields.code,
    address: { type: 'group', fields: { street: 'string', city: 'string' } },
  }
  const whole = { code: 'code', address: { street: 'street', city: 'city' } }
  const moved = { code: 'code', address: { street: 'road', city: 'city' } }
  const customer = { fields: group, conflict: { default: 'prefer erp crm' } }
  const record = { code: 'C000001', street: 'Main street 1', city: 'Bonn', road: 'Side road 2' }
  const joined = await join({
    inCrm: [record],
    definition: { customer, crmPart: { map: whole }, erpPart: { map: whole } },
  })
  const { nativeId } = recordOf(joined.partners, 'C000001')
  await joined.restart({
    // The other path contains a road, and the city no longer exists.
    meanwhile: () => joined.partners.patch(nativeId, { road: 'Side road 2', city: null }, 'user'),
    definition: { customer, crmPart: { map: whole }, erpPart: { map: moved } },
  })
  await joined.until('it is held', async () =>
    (await conflictsOf(joined)).some(({ state }) => state === 'open'),
  )
  await joined.full()
  expect(inCrm(joined)).toMatchObject({ street: 'Main street 1', city: 'Bonn' })
  expect((await conflictsOf(joined))[0]).toMatchObject({ field: 'address', policy: 'mapping-changed' })
})

test('a write-only system keeps the values at its new path where nothing is agreed', async () => {
  const joined = await join({
    inCrm: [{ ...first, phone: null }],
    inErp: [{ ...first, phone: null, telephone: '+49 89 7' }],
    definition: { customer: { fields: { ...fields, phone: { type: 'string', owner: 'crm' } } } },
  })
  await joined.restart({
    definition: {
      customer: { fields: { ...fields, phone: { type: 'string', owner: 'crm' } } },
      erpPart: { map: { ...plain, phone: 'telephone' } },
    },
  })
  await joined.full()
  expect(inErp(joined).telephone).toBe('+49 89 7')
})

test('a changed normaliser writes nothing where the values are equivalent under it', async () => {
  const joined = await join({ inCrm: many })
  const before = joined.writes()
  const phone = { path: 'phone', normalize: ['digits'] }
  await joined.restart({ definition: { erpPart: { map: { ...plain, phone } } } })
  await joined.full()
  expect(joined.writes()).toBe(before)
  edit(joined, 'contacts', { phone: '+49 30 999' })
  await joined.until(
    'edits flow',
    () => inErp(joined).phone === '49 30 999' || inErp(joined).phone === '4930999',
  )
  expect(await conflictsOf(joined)).toEqual([])
})

test('a field with a different declaration is agreed in its new form, without a write or a conflict', async () => {
  const joined = await join({ inCrm: many.map((record, index) => ({ ...record, city: ` ${index + 1} ` })) })
  const before = joined.writes()
  const customer = { fields: { ...fields, city: { type: 'integer' } } }
  const trimmed = { fields: { ...fields, city: { type: 'string', normalize: ['trim'] } } }
  await joined.restart({ definition: { customer: trimmed } })
  await joined.full()
  const number = { path: 'city', as: 'text' }
  await joined.restart({
    meanwhile: () => {
      for (const table of [joined.contacts, joined.partners])
        for (const nativeId of table.nativeIds()) {
          const city = table.current(nativeId)?.body?.city
          table.patch(nativeId, { city: String(city).trim() }, 'user')
        }
    },
    definition: {
      customer,
      crmPart: { map: { ...plain, city: number } },
      erpPart: { map: { ...plain, city: number } },
    },
  })
  await joined.full()
  expect(joined.writes()).toBe(before)
  expect(await conflictsOf(joined)).toEqual([])
  const detail = await joined.runtime().store.admin.record({
    system: 'crm',
    entity: 'customer',
    nativeId: recordOf(joined.contacts, 'C000001').nativeId,
  })
  expect(detail?.record.fields.city?.value).toBe('1')
})

test('a changed value map writes nothing where the values still have the same meaning', async () => {
  const status = { type: 'enum', values: ['on', 'off', 'gone'] }
  const customer = { fields: { ...fields, city: status } }
  const map = (values: object) => ({ map: { ...plain, city: { path: 'city', values } } })
  const joined = await join({
    inCrm: many.map((record) => ({ ...record, city: 'A' })),
    definition: { customer, crmPart: map({ A: 'on', I: 'off' }), erpPart: map({ '1': 'on', '0': 'off' }) },
  })
  const before = joined.writes()
  await joined.restart({
    definition: {
      customer,
      crmPart: map({ A: 'on', I: 'off', X: 'gone' }),
      erpPart: map({ '1': 'on', '0': 'off', '9': 'gone' }),
    },
  })
  await joined.full()
  expect(joined.writes()).toBe(before)
  // From here on the ERP's 1 has another meaning: its values are resolved by the policy.
  await joined.restart({
    definition: { customer, crmPart: map({ A: 'on', I: 'off' }), erpPart: map({ '1': 'off', '2': 'on' }) },
  })
  await joined.until('the preferred side is in both', () =>
    valuesOf(joined.partners, 'city').every((value) => value === '2'),
  )
  expect(valuesOf(joined.contacts, 'city').every((value) => value === 'A')).toBe(true)
})

test('an added field is propagated to all systems without a full run', async () => {
  const { email: _email, ...without } = plain
  const { email: _type, ...fewer } = fields
  const joined = await join({
    inCrm: many,
    definition: { customer: { fields: fewer }, crmPart: { map: without }, erpPart: { map: without } },
  })
  expect(valuesOf(joined.partners, 'email').every((value) => value === undefined)).toBe(true)
  joined.partners.patch(recordOf(joined.partners, 'C000002').nativeId, { email: 'own@example.org' }, 'user')
  await joined.quiet()
  await joined.restart({
    definition: { customer: { fields }, crmPart: { map: plain }, erpPart: { map: plain } },
  })
  await joined.until('all have it', () =>
    valuesOf(joined.partners, 'email').every((value) => value !== undefined),
  )
  await joined.quiet()
  expect(valuesOf(joined.partners, 'email').toSorted()).toEqual(valuesOf(joined.contacts, 'email').toSorted())
  // Two different values are a first contact: the policy decides, nothing is overwritten unnoticed.
  const [conflict] = await conflictsOf(joined)
  expect(conflict?.candidates.map(({ value }) => value)).toContain('own@example.org')
})

test('a field that is added again begins with a first contact: no old value returns', async () => {
  const { email: _email, ...without } = plain
  const { email: _type, ...fewer } = fields
  const joined = await join({ inCrm: [first] })
  await joined.restart({
    definition: { customer: { fields: fewer }, crmPart: { map: without }, erpPart: { map: without } },
  })
  edit(joined, 'contacts', { email: 'new@example.org', city: 'Bonn' })
  edit(joined, 'partners', { email: 'new@example.org' })
  await joined.until('the record was touched', () => inErp(joined).city === 'Bonn')
  await joined.quiet()
  const before = joined.writes()
  await joined.restart()
  await joined.full()
  expect([inCrm(joined).email, inErp(joined).email]).toEqual(['new@example.org', 'new@example.org'])
  expect(joined.writes()).toBe(before)
  expect(await conflictsOf(joined)).toEqual([])
})

test('a field that is mapped again in one system receives the value agreed meanwhile, without a full run', async () => {
  const { email: _email, ...without } = plain
  const joined = await join({ inCrm: [first] })
  await joined.restart({ definition: { erpPart: { map: without } } })
  edit(joined, 'contacts', { email: 'new@example.org' })
  await joined.quiet()
  expect(inErp(joined).email).toBe(first.email)
  await joined.restart()
  await joined.until('it is there', () => inErp(joined).email === 'new@example.org')
  expect(inCrm(joined).email).toBe('new@example.org')
})

test('a narrowed filter releases records without deleting them, a widened one includes them again', async () => {
  const joined = await join({ inCrm: many.slice(0, 4), inErp: [{ ...customerRecord(9), city: 'Bonn' }] })
  const sizes = [joined.contacts.size, joined.partners.size]
  const narrow = { crmPart: { where: { city: { not: 'City 2' } } } }
  await joined.restart({ definition: narrow })
  await joined.until(
    'it is out of scope',
    async () => (await memberState(joined, 'C000002')) === 'out-of-scope',
  )
  const partner = recordOf(joined.partners, 'C000002').nativeId
  joined.partners.patch(partner, { phone: '+49 89 7' }, 'user')
  await joined.full()
  expect([joined.contacts.size, joined.partners.size]).toEqual(sizes)
  expect(recordOf(joined.contacts, 'C000002').body.phone).toBe(customerRecord(2).phone)
  await joined.restart()
  await joined.until('what was agreed meanwhile arrives', () => {
    return recordOf(joined.contacts, 'C000002').body.phone === '+49 89 7'
  })
  expect([joined.contacts.size, joined.partners.size]).toEqual(sizes)
})

test('a widened filter includes the records it excluded, without a manual full run', async () => {
  const joined = await join({
    inCrm: many.slice(0, 4),
    definition: { crmPart: { where: { city: ['City 1', 'City 2'] } } },
  })
  expect(joined.partners.size).toBe(2)
  await joined.restart({ definition: { crmPart: { map: plain } } })
  await joined.until('all are there', () => joined.partners.size === 4)
})

test('a system that returns is linked to its former records, gets missing ones, and is listed before anything is created', async () => {
  const joined = await join({ inCrm: many.slice(0, 3) })
  const alone = {
    customer: {
      systems: { crm: part('contacts') },
      conflict: { default: 'prefer crm' },
      delete: { from: ['crm'], action: 'delete' },
    },
  }
  await joined.restart({ definition: alone })
  edit(joined, 'contacts', { city: 'Bonn' })
  await joined.until('it is taken in', async () => (await agreedOf(joined, 'city')) === 'Bonn')
  await joined.restart({
    meanwhile: () => {
      joined.contacts.create(customerRecord(7), 'user')
      joined.partners.create(customerRecord(7), 'user')
      joined.partners.patch(recordOf(joined.partners, 'C000002').nativeId, { phone: '+49 89 7' }, 'user')
    },
  })
  await joined.until('the ERP has what it missed', () => inErp(joined).city === 'Bonn')
  await joined.until('and the CRM', () => recordOf(joined.contacts, 'C000002').body.phone === '+49 89 7')
  await joined.quiet()
  expect([joined.contacts.size, joined.partners.size]).toEqual([4, 4])
  expect(await conflictsOf(joined)).toEqual([])
})

test('of two processes with different definitions only the one that was started last writes', async () => {
  const { email: _email, ...without } = plain
  const { email: _type, ...fewer } = fields
  const old = { customer: { fields: fewer }, crmPart: { map: without }, erpPart: { map: without } }
  const joined = await join({ inCrm: many, definition: old })
  await joined.another({ customer: { fields }, crmPart: { map: plain }, erpPart: { map: plain } })
  await joined.until('the older one says so', () =>
    joined.events.some(({ type }) => type === 'DefinitionSuperseded'),
  )
  await joined.until('the new field is everywhere', () =>
    valuesOf(joined.partners, 'email').every((value) => value !== undefined),
  )
  for (const nativeId of joined.contacts.nativeIds())
    joined.contacts.patch(nativeId, { email: `new${nativeId}@example.org` }, 'user')
  await joined.until('and stays in agreement', () => {
    const emails = (table: JoinedSystems['contacts']) => valuesOf(table, 'email').toSorted()
    return JSON.stringify(emails(joined.contacts)) === JSON.stringify(emails(joined.partners))
  })
  await joined.quiet()
  const workers = (await joined.runtime().store.admin.status()).workers
  expect(workers).toBe(1)
  expect(joined.events.filter(({ type }) => type === 'DefinitionSuperseded')).toHaveLength(1)
})

test('two processes with one definition share the work', async () => {
  const joined = await join({ inCrm: many.slice(0, 3) })
  await joined.another()
  edit(joined, 'contacts', { city: 'Bonn' })
  await joined.until('the edit is there', () => inErp(joined).city === 'Bonn')
  expect((await joined.runtime().store.admin.status()).workers).toBe(2)
  expect(joined.events.some(({ type }) => type === 'DefinitionSuperseded')).toBe(false)
})

test('binding a definition reports its changes', async () => {
  const joined = await join({ inCrm: [first] })
  await joined.restart({ definition: { erpPart: { map: { ...plain, phone: 'telephone' } } } })
  const bound = joined.events.find((event) => event.type === 'DefinitionBound')
  expect(bound).toMatchObject({
    changes: [
      expect.stringContaining('customer.name in erp has a different mapping'),
      expect.stringContaining('customer.phone in erp has a different mapping'),
    ],
  })
})

test('a write in doubt settles before its field takes a new base', async () => {
  const joined = await join({ inCrm: [first] })
  joined.erp.fault({ kind: 'lose-response', method: 'PUT', times: 1 })
  edit(joined, 'contacts', { phone: '+49 228 1' })
  await joined.until('a write is in doubt', async () => {
    return (await joined.runtime().store.admin.status()).open.intents === 1
  })
  await joined.restart({ definition: { erpPart: { map: { ...plain, phone: 'telephone' } } } })
  await joined.until('the new path has it', () => inErp(joined).telephone === '+49 228 1')
  await joined.quiet()
  expect((await joined.runtime().store.admin.status()).open).toMatchObject({ intents: 0, conflicts: 0 })
  expect(inCrm(joined).phone).toBe('+49 228 1')
})

function part(resource: string) {
  return { resource, key: 'externalId', map: plain, triggers: [{ poll: '200ms' }] }
}

async function recordBy(joined: JoinedSystems, code: string) {
  const { nativeId } = recordOf(joined.contacts, code)
  return joined.runtime().store.admin.record({ system: 'crm', entity: 'customer', nativeId })
}

async function memberState(joined: JoinedSystems, code: string) {
  const detail = await recordBy(joined, code)
  return detail?.members.find(({ system }) => system === 'crm')?.state
}

async function agreedOf(joined: JoinedSystems, field: string) {
  return (await recordBy(joined, 'C000001'))?.record.fields[field]?.value
}

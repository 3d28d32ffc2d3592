import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf } from '../../../test/support/merge-cases.ts'
import { normaliserOf, partsNormaliser } from '../definition/normaliser-specs.ts'
import type { Entity, SystemField } from '../integration.ts'
import { planWrites } from '../plan.ts'
import type { MemberField } from '../state.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import type { MergeInput } from './contract.ts'
import { mergeRecord } from './merge-record.ts'
import { absorbOutcome, openIntentFields } from './outcome.ts'

type Group = Readonly<Record<string, string | null>>

const partNames: readonly string[] = ['street', 'city', 'country', 'note']
const text: FieldType = { kind: 'string' }
const address: FieldType = {
  kind: 'group',
  fields: Object.fromEntries(partNames.map((name) => [name, text])),
}

/** The compiled mapping of these parts. */
function mapping(parts: readonly string[]): Partial<SystemField> {
  const specs = partsNormaliser(parts.map((name) => ({ name, normalise: (value) => value })))
  const all = parts.length === partNames.length
  return { normalise: normaliserOf(specs, address, () => {}), ...(all ? {} : { parts: new Set(parts) }) }
}

function entityWith(parts: Readonly<Record<string, readonly string[]>>): Entity {
  const mapped = Object.fromEntries(Object.entries(parts).map(([system, names]) => [system, mapping(names)]))
  const systems = Object.fromEntries(Object.keys(parts).map((system) => [system, {}]))
  return entityOf({ fields: { address: { type: address, in: mapped } }, systems })
}

const entity = entityWith({ crm: ['street', 'city'], erp: ['city', 'country'] })
const whole = { street: 'Elm 1', city: 'Bonn', country: 'DE' }
const inCrm = { street: 'Elm 1', city: 'Bonn' }
const inErp = { city: 'Bonn', country: 'DE' }

function merge(shown: Readonly<Record<string, CanonicalValue>>, more: Partial<MergeInput> = {}) {
  const input = inputOf({
    entity,
    fields: { address: agreedOf(whole) },
    members: {
      crm: { fields: { address: syncedOf(inCrm) } },
      erp: { fields: { address: syncedOf(inErp) } },
    },
    shown: Object.fromEntries(Object.entries(shown).map(([system, value]) => [system, { address: value }])),
  })
  const given = { ...input, ...more }
  const decision = mergeRecord(given)
  return { ...decision, agreed: decision.fields.address?.value, writes: planWrites(given, decision).writes }
}

describe('a system that has only some parts of a group', () => {
  test('is in agreement when its own parts are', () => {
    expect(merge({ crm: inCrm, erp: inErp })).toMatchObject({ rev: 1, writes: [] })
  })

  test('changes its own parts and leaves the others unchanged', () => {
    const result = merge({ crm: inCrm, erp: { city: 'Köln', country: 'DE' } })
    expect(result.agreed).toEqual({ street: 'Elm 1', city: 'Köln', country: 'DE' })
    expect(result.writes).toMatchObject([
      { system: 'crm', values: { address: { street: 'Elm 1', city: 'Köln' } } },
    ])
  })

  test('is not written to for a part that it does not have', () => {
    const result = merge({ crm: { street: 'Oak 2', city: 'Bonn' }, erp: inErp })
    expect(result.agreed).toEqual({ ...whole, street: 'Oak 2' })
    expect(result.writes).toEqual([])
  })

  test('that empties its parts empties only those', () => {
    const result = merge({ crm: inCrm, erp: null })
    expect(result.agreed).toEqual({ street: 'Elm 1' })
    expect(result.writes).toMatchObject([
      { system: 'crm', values: { address: { street: 'Elm 1', city: null } } },
    ])
  })

  test('does not conflict with edits of parts that it does not have', () => {
    const result = merge({
      crm: { street: 'Oak 2', city: 'Bonn' },
      erp: { city: 'Bonn', country: 'AT' },
    })
    expect(result).toMatchObject({ agreed: { street: 'Oak 2', city: 'Bonn', country: 'AT' }, conflicts: [] })
    expect(result.writes).toEqual([])
  })

  test('wins or loses a conflict without touching parts that only another has', () => {
    const result = merge({
      crm: { street: 'Oak 2', city: 'Köln' },
      erp: { city: 'Ulm', country: 'AT' },
    })
    expect(result.agreed).toEqual({ street: 'Oak 2', city: 'Köln', country: 'AT' })
    expect(result.conflicts).toHaveLength(1)
  })

  test('adds its parts at first contact', () => {
    const result = merge(
      { erp: inErp },
      {
        fields: { address: agreedOf(inCrm) },
        members: inputOf({ members: { crm: { fields: { address: syncedOf(inCrm) } }, erp: {} } }).members,
      },
    )
    expect(result).toMatchObject({ agreed: whole, conflicts: [], writes: [] })
  })

  test('makes a group of the parts that it has', () => {
    const members = inputOf({ members: { crm: { state: 'absent' }, erp: {} } }).members
    const result = merge({ erp: inErp }, { fields: {}, rev: 0, members })
    expect(result.agreed).toEqual(inErp)
    expect(result.writes).toEqual([
      { system: 'crm', operation: 'create', values: { address: { city: 'Bonn' } }, revs: { address: 1 } },
    ])
  })

  test('does not silently overwrite a part that was agreed without it', () => {
    const three = entityWith({ crm: ['street'], erp: ['city'], shop: [...partNames] })
    const input = inputOf({
      entity: three,
      rev: 3,
      // The shop changed the street at revision 2 and the ERP the city at revision 3; the CRM has received
      // neither.
      fields: { address: agreedOf({ street: 'Shop 2', city: 'Ulm' }, 3, 'erp') },
      members: { crm: { fields: { address: syncedOf({ street: 'Elm 1' }, 1) } } },
      shown: { crm: { address: { street: 'Oak 3' } } },
    })
    expect(mergeRecord(input).conflicts).toHaveLength(1)
  })
})

describe('systems with different parts of a group', () => {
  const parts = fc.subarray([...partNames], { minLength: 1 })
  const edit = fc.record({
    system: fc.constantFrom('crm', 'erp'),
    part: fc.nat(3),
    value: fc.constantFrom('a', 'b', 'c', null),
    passes: fc.nat(2),
  })

  test('lose no part, agree on common parts, and converge', () => {
    fc.assert(
      fc.property(parts, parts, fc.array(edit, { maxLength: 12 }), (crm, erp, edits) => {
        const world = new World({ crm, erp })
        const wanted: Record<string, string | null> = {}
        for (const { system, part, value, passes } of edits) {
          const names = system === 'crm' ? crm : erp
          const name = names[part % names.length] ?? ''
          world.edit(system, name, value)
          wanted[name] = value
          // Overlapping edits are conflicts and have their own tests: here one pass writes and the next
          // verifies it.
          for (let pass = 0; pass <= passes + 1; pass += 1) world.pass()
        }
        world.pass()
        const before = world.writes
        world.pass()
        expect(world.writes).toBe(before)
        expect(world.conflicts).toBe(0)
        for (const [name, value] of Object.entries(wanted)) {
          expect(world.agreed(name)).toBe(value)
          for (const [system, names] of Object.entries({ crm, erp }))
            if (names.includes(name)) expect(world.native(system)[name] ?? null).toBe(value)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('keep parts that only one of them has, whatever is edited at the same time', () => {
    fc.assert(
      fc.property(
        parts,
        parts,
        fc.array(fc.array(edit, { maxLength: 4 }), { maxLength: 5 }),
        (crm, erp, rounds) => {
          const world = new World({ crm, erp })
          const wanted: Record<string, string | null> = {}
          for (const edits of rounds) {
            for (const { system, part, value } of edits) {
              const [own, other] = system === 'crm' ? [crm, erp] : [erp, crm]
              const name = own[part % own.length] ?? ''
              world.edit(system, name, value)
              if (!other.includes(name)) wanted[name] = value
            }
            world.pass()
          }
          for (let pass = 0; pass < 3; pass += 1) world.pass()
          const before = world.writes
          world.pass()
          expect(world.writes).toBe(before)
          for (const [name, value] of Object.entries(wanted)) expect(world.agreed(name)).toBe(value)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

/**
 * Two systems that store exactly what they are sent, part by part, and an engine that reads both in every
 * pass.
 */
class World {
  writes = 0
  conflicts = 0
  readonly #entity: Entity
  readonly #parts: Readonly<Record<string, readonly string[]>>
  readonly #natives: Record<string, Record<string, string | null>> = { crm: {}, erp: {} }
  #input: MergeInput

  constructor(parts: Readonly<Record<string, readonly string[]>>) {
    this.#parts = parts
    this.#entity = entityWith(parts)
    this.#input = inputOf({ entity: this.#entity, rev: 0, members: { crm: {}, erp: {} } })
  }

  native(system: string): Group {
    return this.#natives[system] ?? {}
  }

  edit(system: string, part: string, value: string | null): void {
    this.#natives[system] = { ...this.native(system), [part]: value }
  }

  agreed(part: string): string | null {
    const value = this.#input.fields.address?.value
    return ((value ?? {}) as Group)[part] ?? null
  }

  pass(): void {
    const observations = new Map(
      Object.keys(this.#parts).map((system) => [
        system,
        { system, values: this.#show(system), unknown: new Set<string>(), at: this.#input.now },
      ]),
    )
    const input = { ...this.#input, observations }
    const decision = mergeRecord(input)
    const plan = planWrites(input, decision)
    this.conflicts += decision.conflicts.length
    const members = new Map(input.members)
    for (const [system, fields] of plan.members) this.#keep(members, system, fields)
    for (const planned of plan.writes) {
      this.writes += 1
      const part = this.#entity.systems.get(planned.system)
      const before = members.get(planned.system)?.fields ?? {}
      if (part === undefined) continue
      const opened = openIntentFields(part, before, { planned, body: planned.values, notAfter: input.now })
      const values = planned.values.address as Group | null
      const names = this.#parts[planned.system] ?? []
      // A patch: a part that is not named stays.
      for (const name of names) {
        const value = values === null ? null : values[name]
        if (value !== undefined) this.edit(planned.system, name, value)
      }
      this.#keep(members, planned.system, absorbOutcome(part, opened, planned, {}).fields)
    }
    this.#input = { ...input, rev: decision.rev, fields: decision.fields, members, now: input.now + 10 }
  }

  #keep(
    members: Map<string, MergeInput['members'] extends ReadonlyMap<string, infer M> ? M : never>,
    system: string,
    fields: Readonly<Record<string, MemberField>>,
  ): void {
    const member = members.get(system)
    if (member !== undefined) members.set(system, { ...member, fields })
  }

  #show(system: string): { address: CanonicalValue } | Record<string, never> {
    const settings = this.#entity.systems.get(system)?.fields.get('address')
    const found = this.native(system)
    if (settings === undefined || Object.keys(found).length === 0) return {}
    return { address: settings.normalise(found) }
  }
}

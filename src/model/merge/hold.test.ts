import { describe, expect, test } from 'vitest'
import { agreedOf, entityOf, inputOf, syncedOf } from '../../../test/support/merge-cases.ts'
import { planWrites } from '../plan.ts'
import type { MemberField } from '../state.ts'
import type { CanonicalDocument } from '../values.ts'
import type { MergeInput } from './contract.ts'
import { mergeRecord } from './merge-record.ts'

const entity = entityOf({ fields: { name: { policy: { kind: 'manual' } }, city: {} } })
const synced = { fields: { name: syncedOf('Ann'), city: syncedOf('Rome') } }

function start(shown: Record<string, CanonicalDocument>): MergeInput {
  return inputOf({
    entity,
    fields: { name: agreedOf('Ann'), city: agreedOf('Rome') },
    members: { crm: synced, erp: synced },
    shown,
  })
}

/** The next pass, with other observations. */
function next(input: MergeInput, shown: Record<string, CanonicalDocument>): MergeInput {
  const decision = mergeRecord(input)
  const members = Object.fromEntries(
    [...input.members].map(([system, member]) => [
      system,
      { fields: decision.members.get(system) ?? member.fields },
    ]),
  )
  return inputOf({ entity, rev: decision.rev, fields: decision.fields, members, shown })
}

const clash = () => start({ crm: { name: 'Bea', city: 'Oslo' }, erp: { name: 'Cleo', city: 'Rome' } })

describe('a field under the manual policy', () => {
  test('is held, while other fields continue', () => {
    const input = clash()
    const decision = mergeRecord(input)
    expect(decision.fields.name).toMatchObject({ value: 'Ann', rev: 1, heldBy: 'conflict-1' })
    expect(decision.conflicts).toMatchObject([
      { id: 'conflict-1', candidates: [{ value: 'Bea' }, { value: 'Cleo' }] },
    ])
    expect(decision.conflicts[0]).not.toHaveProperty('winner')
    expect(planWrites(input, decision).writes).toMatchObject([{ system: 'erp', values: { city: 'Oslo' } }])
  })

  test('adds further edits to the same conflict', () => {
    const later = mergeRecord(next(clash(), { crm: { name: 'Dora', city: 'Oslo' } }))
    expect(later.conflicts).toMatchObject([
      { id: 'conflict-1', candidates: [{ system: 'crm', value: 'Dora' }] },
    ])
    expect(later.fields.name).toMatchObject({ value: 'Ann', heldBy: 'conflict-1' })
  })

  test('is not released by a value that a counterpart of another record was given there', () => {
    const held = { name: { ...agreedOf('Ann'), heldBy: 'c1' }, city: agreedOf('Rome') }
    const moved: MemberField = { shadow: 'Zoe', acked: 0, inherited: true }
    const members = {
      crm: { fields: { name: moved, city: syncedOf('Rome') } },
      erp: { fields: { name: moved, city: syncedOf('Rome') } },
    }
    const shown = { crm: { name: 'Zoe', city: 'Rome' }, erp: { name: 'Zoe', city: 'Rome' } }
    const decision = mergeRecord(inputOf({ entity, fields: held, members, shown }))
    expect(decision.fields.name).toMatchObject({ value: 'Ann', heldBy: 'c1' })
    expect(decision.conflicts).toEqual([])
    // People who set both to the same value have resolved it.
    const edits = { crm: { name: 'Eve', city: 'Rome' }, erp: { name: 'Eve', city: 'Rome' } }
    const edited = mergeRecord(inputOf({ entity, fields: held, members, shown: edits }))
    expect(edited.fields.name).toMatchObject({ value: 'Eve' })
    expect(edited.fields.name).not.toHaveProperty('heldBy')
  })

  test('is released automatically once all sides are equal, and the conflict is closed', () => {
    const later = mergeRecord(
      next(clash(), { crm: { name: 'Bea', city: 'Oslo' }, erp: { name: 'Bea', city: 'Oslo' } }),
    )
    expect(later.fields.name).toMatchObject({ value: 'Bea' })
    expect(later.fields.name).not.toHaveProperty('heldBy')
    expect(later.conflicts).toMatchObject([{ id: 'conflict-1', winner: 'crm' }])
    expect([...later.members.values()].map((fields) => fields.name?.acked)).toEqual([later.rev, later.rev])
  })

  test('is released automatically when every side returns to the agreed value', () => {
    const later = mergeRecord(
      next(clash(), { crm: { name: 'Ann', city: 'Oslo' }, erp: { name: 'Ann', city: 'Oslo' } }),
    )
    expect(later.fields.name).toMatchObject({ value: 'Ann' })
    expect(later.fields.name).not.toHaveProperty('heldBy')
  })

  test('stays held while a side is unknown or differs', () => {
    const later = mergeRecord(next(clash(), { crm: { name: 'Bea', city: 'Oslo' } }))
    expect(later.fields.name).toHaveProperty('heldBy')
    expect(later.conflicts).toEqual([])
  })

  test('that a person changed and one system edited without knowing it waits for that person, not for the system alone', () => {
    const input = inputOf({
      entity,
      rev: 2,
      fields: { name: agreedOf('Zoe', 2, 'person') },
      members: { crm: { fields: { name: syncedOf('Ann', 1) } } },
      shown: { crm: { name: 'Bea' } },
    })
    expect(mergeRecord(next(input, { crm: { name: 'Bea' } })).fields.name).toMatchObject({
      value: 'Zoe',
      heldBy: 'conflict-1',
    })
  })
})

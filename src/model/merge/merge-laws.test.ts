import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeInputs } from '../../../test/support/merge-arbitraries.ts'
import { agreedOf, entityOf, inputOf, syncedOf, truncateTo } from '../../../test/support/merge-cases.ts'
import { planWrites } from '../plan.ts'
import type { MemberField } from '../state.ts'
import type { CanonicalValue } from '../values.ts'
import type { MergeDecision, MergeInput } from './contract.ts'
import { sameValue } from './equivalence.ts'
import { mergeRecord } from './merge-record.ts'

const runs = { numRuns: 2000 }

/**
 * The same systems, each showing exactly what it showed before, and all acknowledged, however much they
 * differ.
 */
function atRest(input: MergeInput): MergeInput {
  const members = [...input.members].map(([system, member]) => {
    const look = input.observations.get(system)
    const fields = [...input.entity.fields.keys()].map((name): [string, MemberField] => {
      const value = look?.values[name]
      const acked = input.fields[name]?.rev ?? 0
      return [name, value === undefined ? { acked, shadowAbsent: true } : { acked, shadow: value }]
    })
    return [system, { ...member, fields: Object.fromEntries(fields) }] as const
  })
  return { ...input, members: new Map(members) }
}

/** The initial state of the next pass. */
function after(input: MergeInput, decision: MergeDecision): MergeInput {
  const plan = planWrites(input, decision)
  const members = [...input.members].map(
    ([system, member]) => [system, { ...member, fields: plan.members.get(system) ?? member.fields }] as const,
  )
  return { ...input, rev: decision.rev, fields: decision.fields, members: new Map(members) }
}

function reversed(input: MergeInput): MergeInput {
  return {
    ...input,
    members: new Map([...input.members].reverse()),
    observations: new Map([...input.observations].reverse()),
  }
}

/** Conflict ids come from a counter inside the input; they are not part of the result's meaning. */
function meaning(input: MergeInput) {
  let ids = 0
  const counted = { ...input, newId: () => `id-${++ids}` }
  const decision = mergeRecord(counted)
  const { writes, waiting, members } = planWrites(counted, decision)
  return { ...decision, members: Object.fromEntries(members), writes, waiting }
}

/** Every value of `field` that is preserved after the merge: agreed, or kept in a conflict. */
function kept(decision: MergeDecision, field: string): readonly (CanonicalValue | undefined)[] {
  const losers = decision.conflicts
    .filter((draft) => draft.field === field)
    .flatMap((draft) => draft.candidates)
  return [decision.fields[field]?.value, ...losers.map(({ value }) => value)]
}

describe('a merge', () => {
  test('does nothing when every system shows what it showed before, however much they differ (H1)', () => {
    fc.assert(
      fc.property(mergeInputs(), (generated) => {
        const input = atRest(generated)
        const { rev, changes, conflicts, writes, members } = meaning(input)
        expect({ rev, changes, conflicts, writes, members }).toEqual({
          rev: input.rev,
          changes: [],
          conflicts: [],
          writes: [],
          members: {},
        })
      }),
      runs,
    )
  })

  test('does not depend on the order of the systems (INV-17)', () => {
    fc.assert(
      fc.property(mergeInputs(), (input) => {
        expect(meaning(reversed(input))).toEqual(meaning(input))
      }),
      runs,
    )
  })

  test('never changes its input (INV-17)', () => {
    fc.assert(
      fc.property(mergeInputs(), (input) => {
        const before = structuredClone({ fields: input.fields, members: [...input.members] })
        planWrites(input, mergeRecord(input))
        expect({ fields: input.fields, members: [...input.members] }).toEqual(before)
      }),
      runs,
    )
  })

  test('repeated on the same observations decides nothing new', () => {
    fc.assert(
      fc.property(mergeInputs(), (input) => {
        const first = mergeRecord(input)
        fc.pre(Object.values(first.fields).every((field) => field.heldBy === undefined))
        const again = mergeRecord(after(input, first))
        expect({ rev: again.rev, changes: again.changes, conflicts: again.conflicts }).toEqual({
          rev: first.rev,
          changes: [],
          conflicts: [],
        })
      }),
      runs,
    )
  })

  test('keeps every edit in the agreed values or in a conflict, whatever the clocks show (H4, INV-2)', () => {
    fc.assert(
      fc.property(mergeInputs({ plain: true }), (input) => {
        const decision = mergeRecord(input)
        for (const { system, values } of input.observations.values()) {
          for (const field of input.entity.fields.keys()) {
            const state = input.members.get(system)?.fields[field]
            const value = values[field]
            if (sameValue(value, state?.shadow) || sameValue(value, input.fields[field]?.value)) continue
            expect(kept(decision, field).some((found) => sameValue(found, value))).toBe(true)
          }
        }
      }),
      runs,
    )
  })

  test('replaces an agreed value without a conflict only by an edit made with knowledge of it (H3, INV-3)', () => {
    fc.assert(
      fc.property(mergeInputs({ plain: true }), (input) => {
        const decision = mergeRecord(input)
        for (const change of decision.changes) {
          if (decision.conflicts.some((draft) => draft.field === change.field)) continue
          const known = input.members.get(change.src)?.fields[change.field]?.acked ?? 0
          expect(known).toBeGreaterThanOrEqual(input.fields[change.field]?.rev ?? 0)
        }
      }),
      runs,
    )
  })

  test('plans only fields that are mapped, writable, known, not held and not refused (INV-18)', () => {
    fc.assert(
      fc.property(mergeInputs(), (input) => {
        const decision = mergeRecord(input)
        for (const write of planWrites(input, decision).writes) {
          const part = input.entity.systems.get(write.system)
          expect(part?.direction).not.toBe('source')
          for (const field of Object.keys(write.values)) {
            const state =
              decision.members.get(write.system)?.[field] ?? input.members.get(write.system)?.fields[field]
            expect(part?.fields.get(field)?.writable).toBe(true)
            expect(input.observations.get(write.system)?.unknown.has(field)).toBe(false)
            expect(decision.fields[field]?.heldBy).toBeUndefined()
            expect(state?.hold).toBeUndefined()
            expect(state?.rejected?.rev).not.toBe(write.revs[field])
            expect(write.revs[field]).toBe(decision.fields[field]?.rev)
          }
        }
      }),
      runs,
    )
  })
})

describe('a group', () => {
  test('is merged as one: its parts share a revision and come from one side (H5)', () => {
    const entity = entityOf({
      fields: {
        address: {
          type: { kind: 'group', fields: { street: { kind: 'string' }, city: { kind: 'string' } } },
        },
        limit: { type: { kind: 'money' } },
      },
    })
    const group = fc.record({ street: fc.constantFrom('s1', 's2'), city: fc.constantFrom('c1', 'c2') })
    const money = fc.record({ amount: fc.constantFrom('1', '2'), currency: fc.constantFrom('EUR', 'USD') })
    const document = fc.record({ address: group, limit: money })
    fc.assert(
      fc.property(document, document, document, (base, crm, erp) => {
        const fields = { address: syncedOf(base.address), limit: syncedOf(base.limit) }
        const decision = mergeRecord(
          inputOf({
            entity,
            fields: { address: agreedOf(base.address), limit: agreedOf(base.limit) },
            members: { crm: { fields }, erp: { fields } },
            shown: { crm, erp },
          }),
        )
        for (const field of ['address', 'limit'] as const) {
          const sides = [base[field], crm[field], erp[field]]
          expect(sides.some((side) => sameValue(side, decision.fields[field]?.value))).toBe(true)
          expect(decision.changes.filter((change) => change.field === field).length).toBeLessThan(2)
        }
      }),
      runs,
    )
  })
})

describe('a shorter copy', () => {
  test('of the agreed value is never a change, whatever was absorbed before (H8)', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(12), fc.nat(3), (value, old, width, acked) => {
        const cut = truncateTo(width)
        const entity = entityOf({ fields: { name: { in: { crm: {}, erp: { normalise: cut } } } } })
        const decision = mergeRecord(
          inputOf({
            entity,
            rev: 3,
            fields: { name: agreedOf(value, 3) },
            members: {
              crm: { fields: { name: syncedOf(value, 3) } },
              erp: { fields: { name: syncedOf(cut(old), acked) } },
            },
            shown: { crm: { name: value }, erp: { name: cut(value) } },
          }),
        )
        expect(decision.changes).toEqual([])
        expect(decision.fields.name?.value).toBe(value)
      }),
      runs,
    )
  })
})

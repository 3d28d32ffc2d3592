import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeInputs } from '../../../test/support/merge-arbitraries.ts'
import { referenceMerge } from '../../../test/support/reference-merge.ts'
import { planWrites } from '../plan.ts'
import { mergeRecord } from './merge-record.ts'

test('decides, absorbs and plans like the simple reference merge', () => {
  fc.assert(
    fc.property(mergeInputs(), (input) => {
      const expected = referenceMerge(input)
      const decision = mergeRecord(input)
      const plan = planWrites(input, decision)
      expect(decision.rev).toBe(expected.rev)
      for (const name of input.entity.fields.keys()) {
        const agreed = decision.fields[name]
        expect({ value: agreed?.value, rev: agreed?.rev ?? 0, held: agreed?.heldBy !== undefined }).toEqual({
          value: expected.fields[name].value,
          rev: expected.fields[name].rev,
          held: expected.fields[name].heldBy !== undefined,
        })
        for (const [system, state] of Object.entries(expected.states[name])) {
          const fields = plan.members.get(system) ?? input.members.get(system)?.fields
          expect(facts(fields?.[name]), `${system} ${name}`).toEqual(facts(state))
        }
      }
      expect(writesOf(plan.writes)).toEqual(notEmpty(expected.writes))
      expect(
        sorted(
          decision.conflicts.map((draft) => [draft.field, ...draft.candidates.map(({ value }) => value)]),
        ),
      ).toEqual(sorted(expected.conflicts))
    }),
    { numRuns: 5000 },
  )
})

function facts(state: unknown) {
  const { shadow, acked, provisional, coerced } = { acked: 0, ...(state ?? {}) } as Record<string, unknown>
  return { shadow, acked, provisional, coerced }
}

function writesOf(writes: ReturnType<typeof planWrites>['writes']) {
  return Object.fromEntries(
    writes.map(({ system, values, revs }) => [
      system,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [name, [value, revs[name]]])),
    ]),
  )
}

function notEmpty(writes: Record<string, object>) {
  return Object.fromEntries(Object.entries(writes).filter(([, fields]) => Object.keys(fields).length > 0))
}

function sorted(lists: readonly (readonly unknown[])[]): readonly string[] {
  return lists
    .map(([field, ...values]) => JSON.stringify([field, values.map((value) => value ?? null)]))
    .sort()
}

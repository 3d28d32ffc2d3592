/** Effects of a person's decision on the documents; pure, so that both stores behave the same. */
import type { AgreedFields, MemberFields } from '../model/state.ts'
import type { CanonicalValue } from '../model/values.ts'

/** Lane reason after a person released its hold: the engine lets it pass the guard once. */
export const releasedReason = 'released'

/** Returns the field with the value that a person chose, no longer held. */
export function withChosenValue(
  fields: AgreedFields,
  field: string,
  value: CanonicalValue | undefined,
  at: { readonly rev: number; readonly now: number },
): AgreedFields {
  return { ...fields, [field]: { value, rev: at.rev, src: 'person', at: at.now } }
}

/**
 * The journal line about a conflict that a person decided: recorded as a change of the field, like those that
 * the engine decides.
 */
export function decidedConflict(
  fields: AgreedFields,
  decision: {
    readonly conflict: string
    readonly field: string
    readonly winner: string
    readonly rev: number
    readonly value: CanonicalValue | undefined
  },
): Readonly<Record<string, unknown>> {
  const { conflict, field, winner, rev, value } = decision
  const by = winner === 'person' ? 'value given' : `took ${winner}`
  const change = { field, rev, from: fields[field]?.value, to: value, src: 'person', by }
  return { conflict, field, winner, changes: [change] }
}

/**
 * Removes refusals and poorer copies: every value that was refused, or stored in another form, is sent once
 * more.
 */
export function withoutRejections(fields: MemberFields): MemberFields {
  return mapFields(fields, ({ rejected: _dropped, coerced, ...rest }) =>
    coerced === true ? { ...rest, acked: 0 } : rest,
  )
}

/** Removes the hold of one field (all fields when undefined), and resets the oscillation count. */
export function withoutHold(fields: MemberFields, field: string | undefined): MemberFields {
  return mapFields(fields, (state, name) => {
    if (field !== undefined && name !== field) return state
    const { hold: _hold, oscillation: _count, ...rest } = state
    return rest
  })
}

function mapFields(
  fields: MemberFields,
  change: (state: MemberFields[string], name: string) => MemberFields[string],
): MemberFields {
  return Object.fromEntries(Object.entries(fields).map(([name, state]) => [name, change(state, name)]))
}

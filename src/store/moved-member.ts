/** What is known of a native record that goes over to another record; pure, so that both stores do the same. */
import { isEmpty } from '../model/merge/equivalence.ts'
import { hasBase } from '../model/merge/member-field.ts'
import type { AgreedFields, MemberField, MemberFields } from '../model/state.ts'

/** A counterpart between the record that gives it away and the one that takes it. */
export interface MovedMember {
  readonly system: string
  /** What the giving record has agreed. */
  readonly from: AgreedFields
  /** What it knows of the counterpart. */
  readonly fields: MemberFields
  /** What the taking record has agreed. */
  readonly to: AgreedFields
  /** What the taking record sent to the system before it had a counterpart there: still ours, should it turn up now. */
  readonly sent: MemberFields
}

/**
 * The field states under the record that takes the counterpart.
 *
 * A value that the counterpart holds only because it was written there is nobody's edit: it keeps its base, is not compared with what the taking
 * record has agreed, does not end a hold there, and is replaced by what is agreed. Only a later change of it is an edit. A value gives up its base
 * where the system's own people entered it, where nobody decided about it, and where the taking record has none: the next look is a first
 * contact, by the policy of the field.
 *
 * The revisions of one record mean nothing to another: none is known to be held.
 */
export function movedFields(moved: MovedMember): MemberFields {
  const next: Record<string, MemberField> = {}
  for (const name of new Set([...Object.keys(moved.fields), ...Object.keys(moved.sent)])) {
    const field = moved.fields[name]
    const own = [
      ...(moved.sent[name]?.own ?? []),
      ...(field?.own ?? []).map((write) => ({ ...write, rev: 0 })),
    ]
    next[name] = {
      ...(field === undefined ? { acked: 0 } : movedField(field, keepsBase(moved, name, field))),
      ...(own.length === 0 ? {} : { own }),
    }
  }
  return next
}

function keepsBase({ system, from, to }: MovedMember, name: string, field: MemberField): boolean {
  const before = from[name]
  if (!hasBase(field) || before === undefined || before.heldBy !== undefined) return false
  return before.src !== system && !isEmpty(to[name]?.value)
}

function movedField(field: MemberField, based: boolean): MemberField {
  const { shadow, shadowAbsent, provisional, replaced, wrote, blank, awaits, unreadable, writeOnly, lens } =
    field
  return {
    acked: 0,
    ...(awaits === undefined ? {} : { awaits }),
    ...(unreadable === undefined ? {} : { unreadable }),
    ...(writeOnly === undefined ? {} : { writeOnly }),
    ...(lens === undefined ? {} : { lens }),
    ...(blank === undefined ? {} : { blank }),
    ...(based ? { inherited: true } : {}),
    ...(based && shadow !== undefined ? { shadow } : {}),
    ...(based && shadowAbsent !== undefined ? { shadowAbsent } : {}),
    ...(based && wrote !== undefined ? { wrote } : {}),
    ...(based && provisional !== undefined ? { provisional: 0 } : {}),
    ...(based && replaced !== undefined ? { replaced: { ...replaced, acked: 0 } } : {}),
  }
}

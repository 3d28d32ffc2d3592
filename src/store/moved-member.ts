/**
 * The known state of a native record that moves to another record; pure, so that both stores behave the same.
 */
import { isEmpty } from '../model/merge/equivalence.ts'
import { hasBase } from '../model/merge/member-field.ts'
import type { AgreedFields, MemberField, MemberFields } from '../model/state.ts'

/** A counterpart that moves from one record to another. */
export interface MovedMember {
  readonly system: string
  /** The agreed values of the old record. */
  readonly from: AgreedFields
  /** The old record's state of the counterpart. */
  readonly fields: MemberFields
  /** The agreed values of the new record. */
  readonly to: AgreedFields
  /**
   * Values that the new record sent to the system before it had a counterpart there: they are our own if they
   * appear now.
   */
  readonly sent: MemberFields
}

/**
 * Returns the field states under the new record.
 *
 * A value that the counterpart holds only because it was written there is nobody's edit: it keeps its base,
 * is not compared with the agreed value of the new record, does not end a hold there, and is overwritten by
 * the agreed value. Only a later change of it is an edit. A value loses its base where the system's own users
 * entered it, where it was never decided, and where the new record has none: the next read is a first
 * contact, by the policy of the field.
 *
 * Revisions of one record have no meaning for another: none is known to be held.
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

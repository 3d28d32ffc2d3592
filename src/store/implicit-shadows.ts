/**
 * The third format of field documents: a member's document leaves out the shadows that equal the agreed values of its record, which are nearly all of
 * them.
 *
 * Such a document belongs to one version of the agreed values, whose tag it repeats. Whoever writes other agreed values writes the documents of the
 * members again, in the same commit. A document with another tag is refused instead of being read with values that the system never showed.
 */
import type { AgreedFields, MemberField, MemberFields } from '../model/state.ts'
import {
  isSameValue,
  memberGroups,
  readMemberGroups,
  type WrongShape,
  writtenField,
  writtenNotAfter,
} from './field-groups.ts'

/** Agreed values as they are stored. */
export interface AgreedDocument {
  readonly fields: AgreedFields
  /** Which agreed values these are; undefined in the formats before this one, which no member's document refers to. */
  readonly tag: number | undefined
}

/**
 * Fields whose shadow is the agreed value, and its revision acknowledged: those that were written and have not been read since by the time of the write,
 * the others with 0. In place of the names, 0 stands for all fields with an agreed value that the document doesn't name.
 */
type ImplicitGroup = readonly [notAfter: number, names: readonly string[] | 0]

/** `rest`: the other fields, in the second format. `without`: names of agreed fields that the system has no such field for. */
type ImplicitDocument = readonly [
  tag: number,
  groups: readonly ImplicitGroup[],
  rest?: readonly unknown[] | 0,
  without?: readonly string[],
]

/** Returns the stored form of fields that belong to these agreed values; undefined when none of them equals its agreed value. */
export function implicitFields(
  fields: MemberFields,
  { fields: agreed, tag }: AgreedDocument,
): ImplicitDocument | undefined {
  if (tag === undefined) return undefined
  const groups = new Map<number, string[]>()
  const rest: [string, MemberField][] = []
  for (const [name, field] of Object.entries(fields)) {
    const notAfter = implicitSince(field, Object.hasOwn(agreed, name) ? agreed[name] : undefined)
    const group = notAfter === undefined ? undefined : groups.get(notAfter)
    if (notAfter === undefined) rest.push([name, field])
    else if (group === undefined) groups.set(notAfter, [name])
    else group.push(name)
  }
  if (groups.size === 0) return undefined
  const [largest, ...smaller] = [...groups].sort(([, one], [, other]) => other.length - one.length)
  const [notAfter, names] = largest ?? [0, []]
  const named = new Set([...names, ...smaller.flatMap(([, own]) => own), ...rest.map(([name]) => name)])
  const without = valuedNames(agreed).filter((name) => !named.has(name))
  const isShort = without.length < names.length
  const stored: ImplicitGroup[] = [[notAfter, isShort ? 0 : names], ...smaller]
  const others = rest.length === 0 ? 0 : memberGroups(Object.fromEntries(rest))
  if (isShort && without.length > 0) return [tag, stored, others, without]
  return others === 0 ? [tag, stored] : [tag, stored, others]
}

/** The time of the write, or 0, for a field that the agreed one restores. */
function implicitSince(field: MemberField, agreed: AgreedFields[string] | undefined): number | undefined {
  const { shadow, acked } = field
  if (agreed?.value === undefined || shadow === undefined || acked !== agreed.rev) return undefined
  if (!isSameValue(shadow, agreed.value)) return undefined
  if (Object.keys(field).length === 2) return 0
  const notAfter = writtenNotAfter(field)
  return notAfter === 0 ? undefined : notAfter
}

function valuedNames(agreed: AgreedFields): readonly string[] {
  return Object.entries(agreed).flatMap(([name, { value }]) => (value === undefined ? [] : [name]))
}

/** Reads fields of this format. */
export function readImplicitFields(
  document: readonly unknown[],
  { fields: agreed, tag }: AgreedDocument,
  wrong: WrongShape,
): MemberFields {
  const [, groups, rest = 0, without = []] = document
  if (document[0] !== tag) throw wrong()
  if (!Array.isArray(groups) || !areNames(without)) throw wrong()
  const others = rest === 0 ? {} : Array.isArray(rest) ? readMemberGroups(rest, wrong) : undefined
  if (others === undefined || !groups.every(isGroup)) throw wrong()
  const named = new Set([
    ...without,
    ...Object.keys(others),
    ...groups.flatMap(([, names]) => (names === 0 ? [] : names)),
  ])
  const implicit = groups.flatMap(([notAfter, names]) =>
    (names === 0 ? valuedNames(agreed).filter((name) => !named.has(name)) : names).map((name) => {
      const field = Object.hasOwn(agreed, name) ? agreed[name] : undefined
      if (field?.value === undefined) throw wrong(name)
      const { value, rev } = field
      return [
        name,
        notAfter === 0 ? { shadow: value, acked: rev } : writtenField(value, rev, notAfter),
      ] as const
    }),
  )
  return Object.fromEntries([...implicit, ...Object.entries(others)])
}

function isGroup(group: unknown): group is ImplicitGroup {
  if (!Array.isArray(group)) return false
  const [notAfter, names] = group as readonly unknown[]
  return Number.isSafeInteger(notAfter) && (names === 0 || areNames(names))
}

function areNames(names: unknown): names is readonly string[] {
  return Array.isArray(names) && names.every((name) => typeof name === 'string')
}

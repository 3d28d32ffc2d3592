/**
 * The second format of field documents: values, grouped by what their fields have in common.
 *
 * The fields of a record mostly share a source and a time, and have revisions that follow each other, so that both are stored once per group. A
 * document of 20 short texts takes less than half the bytes of the first format, which stores everything per field.
 */
import type { KeptAnswer } from '../model/lookup.ts'
import type { AgreedField, AgreedFields, MemberField, MemberFields } from '../model/state.ts'
import type { CanonicalValue } from '../model/values.ts'

type Times = number | readonly [at: number, changedAt: number]
/** Values by field. The order of the keys is that of the revisions. */
type Values = Readonly<Record<string, CanonicalValue>>
/** Revisions in runs: where each begins, and how many fields have consecutive revisions from there. */
type Runs = readonly number[]

/** Agreed fields of one source and time. Fields without a value follow the others in the order of the revisions. */
type AgreedGroup = readonly [
  src: string,
  times: Times,
  heldBy: string | 0,
  revs: Runs,
  values: Values,
  absent?: readonly string[],
  answers?: Readonly<Record<string, readonly KeptAnswer[]>>,
]

/**
 * A member's fields: those with only a shadow and an acknowledged revision, which are the most common; those that were written and have not been read since,
 * by the time of the write; and the others as they are.
 */
type MemberDocument = readonly [
  acked: Runs,
  shadows: Values,
  written?: readonly WrittenGroup[],
  others?: MemberFields,
]
/** Fields that hold what was written: the value is the shadow, and its revision is acknowledged. */
type WrittenGroup = readonly [notAfter: number, acked: Runs, shadows: Values]

/** Makes the error for a document, or one field of it, in a form that no version stores. */
export type WrongShape = (field?: string) => Error

type NamedField = readonly [name: string, field: AgreedField]
type FieldGroup = readonly [NamedField, ...NamedField[]]

/** Returns the stored form of agreed fields. */
export function agreedGroups(fields: AgreedFields): readonly AgreedGroup[] {
  const groups = new Map<string, [NamedField, ...NamedField[]]>()
  let last: [NamedField, ...NamedField[]] | undefined
  for (const named of Object.entries(fields)) {
    // Neighbours mostly belong together: the key is rarely needed.
    if (last === undefined || !isOfGroup(last, named)) {
      const { src, at, changedAt, heldBy } = named[1]
      const key = `${at} ${changedAt} ${heldBy} ${src}`
      last = groups.get(key)
      if (last === undefined) {
        last = [named]
        groups.set(key, last)
        continue
      }
    }
    last.push(named)
  }
  return [...groups.values()].map(agreedGroup)
}

function isOfGroup([[, one]]: FieldGroup, [, other]: NamedField): boolean {
  return (
    one.at === other.at &&
    one.changedAt === other.changedAt &&
    one.src === other.src &&
    one.heldBy === other.heldBy
  )
}

function agreedGroup(fields: FieldGroup): AgreedGroup {
  const [[, { src, at, changedAt, heldBy = 0 }]] = fields
  const [values, revs] = ordered(
    fields.flatMap(([name, { value, rev }]) => (value === undefined ? [] : [{ name, rev, value }])),
  )
  const absent = fields.filter(([, { value }]) => value === undefined)
  const answers = fields.flatMap(([name, field]): [string, readonly KeptAnswer[]][] =>
    field.answers === undefined ? [] : [[name, field.answers]],
  )
  const times: Times = changedAt === undefined ? at : [at, changedAt]
  const runs = runsOf([...revs, ...absent.map(([, { rev }]) => rev)])
  const names = absent.map(([name]) => name)
  if (answers.length > 0) return [src, times, heldBy, runs, values, names, Object.fromEntries(answers)]
  return names.length > 0 ? [src, times, heldBy, runs, values, names] : [src, times, heldBy, runs, values]
}

interface Ranked {
  readonly name: string
  readonly rev: number
  readonly value: CanonicalValue
}

/** Values in the order of their revisions, and these. */
function ordered(fields: readonly Ranked[]): readonly [Values, readonly number[]] {
  const isOrdered = fields.every(({ rev }, index) => rev >= (fields[index - 1]?.rev ?? 0))
  const sorted = isOrdered ? fields : fields.toSorted((one, other) => one.rev - other.rev)
  const values = Object.fromEntries(sorted.map(({ name, value }) => [name, value]))
  const names = Object.keys(values)
  // An object lists keys that are integers first, whatever was added first.
  if (names.every((name, index) => name === sorted[index]?.name))
    return [values, sorted.map(({ rev }) => rev)]
  const revs = new Map(sorted.map(({ name, rev }) => [name, rev]))
  return [values, names.map((name) => revs.get(name) ?? 0)]
}

function runsOf(revs: readonly number[]): Runs {
  const runs: number[] = []
  let next: number | undefined
  for (const rev of revs) {
    if (rev === next) runs[runs.length - 1] = (runs.at(-1) ?? 0) + 1
    else runs.push(rev, 1)
    next = rev + 1
  }
  return runs
}

/** The revisions of runs, for as many fields; undefined when they are not for as many. */
function revsOf(runs: unknown, count: number): readonly number[] | undefined {
  if (!Array.isArray(runs) || !runs.every((item) => Number.isSafeInteger(item))) return undefined
  const revs: number[] = []
  for (let at = 0; at < runs.length; at += 2) {
    const length = runs[at + 1]
    if (!(length > 0) || revs.length + length > count) return undefined
    for (let n = 0; n < length; n += 1) revs.push(runs[at] + n)
  }
  return revs.length === count ? revs : undefined
}

/** Reads agreed fields of this format. */
export function readAgreedGroups(groups: readonly unknown[], wrong: WrongShape): AgreedFields {
  return Object.fromEntries(groups.flatMap((group) => readAgreedGroup(group, wrong)))
}

function readAgreedGroup(group: unknown, wrong: WrongShape): readonly [string, AgreedField][] {
  if (!isAgreedGroup(group)) throw wrong()
  const [src, times, heldBy, runs, values, absent = [], answers = {}] = group
  const names = [...Object.keys(values), ...absent]
  const revs = revsOf(runs, names.length)
  if (revs === undefined) throw wrong()
  const common = {
    src,
    ...(typeof times === 'number' ? { at: times } : { at: times[0], changedAt: times[1] }),
    ...(heldBy === 0 ? {} : { heldBy }),
  }
  return names.map((name, index) => [
    name,
    {
      value: own(values, name),
      rev: revs[index] ?? 0,
      ...common,
      ...(Object.hasOwn(answers, name) ? { answers: answers[name] ?? [] } : {}),
    },
  ])
}

/** Any text may be the name of a field, that of an inherited property too. */
function own(values: Values, name: string): CanonicalValue | undefined {
  return Object.hasOwn(values, name) ? values[name] : undefined
}

function isAgreedGroup(group: unknown): group is AgreedGroup {
  if (!Array.isArray(group)) return false
  const [src, times, heldBy, , values, absent, answers] = group as readonly unknown[]
  return (
    typeof src === 'string' &&
    (typeof times === 'number' || Array.isArray(times)) &&
    (heldBy === 0 || typeof heldBy === 'string') &&
    isObject(values) &&
    (absent === undefined || Array.isArray(absent)) &&
    (answers === undefined || isObject(answers))
  )
}

/** Returns the stored form of a member's fields. */
export function memberGroups(fields: MemberFields): MemberDocument {
  const plain: Ranked[] = []
  const written = new Map<number, Ranked[]>()
  const others: [string, MemberField][] = []
  for (const [name, field] of Object.entries(fields)) {
    const { shadow, acked } = field
    const notAfter = writtenNotAfter(field)
    if (shadow === undefined) others.push([name, field])
    else if (Object.keys(field).length === 2) plain.push({ name, rev: acked, value: shadow })
    else if (notAfter === undefined) others.push([name, field])
    else {
      const group = written.get(notAfter)
      const ranked = { name, rev: acked, value: shadow }
      if (group === undefined) written.set(notAfter, [ranked])
      else group.push(ranked)
    }
  }
  const [shadows, acked] = ordered(plain)
  const head = [runsOf(acked), shadows] as const
  const groups = [...written].map(([notAfter, group]): WrittenGroup => {
    const [values, revs] = ordered(group)
    return [notAfter, runsOf(revs), values]
  })
  if (others.length > 0) return [...head, groups, Object.fromEntries(others)]
  return groups.length > 0 ? [...head, groups] : head
}

/** The time of the write, for a field that has only what {@link writtenField} restores. */
export function writtenNotAfter(field: MemberField): number | undefined {
  const [own, ...more] = field.own ?? []
  if (own === undefined || more.length > 0 || field.wrote !== true || Object.keys(field).length !== 4)
    return undefined
  const { value, rev, notAfter, applied } = own
  const isSame = applied === true && rev === field.acked && isSameValue(value, field.shadow)
  return isSame && Object.keys(own).length === 4 ? notAfter : undefined
}

/** A field that holds what was written until `notAfter`, and has not been read since. */
export function writtenField(shadow: CanonicalValue, acked: number, notAfter: number): MemberField {
  return { shadow, acked, wrote: true, own: [{ value: shadow, rev: acked, notAfter, applied: true }] }
}

/** True when both are stored as the same text. */
export function isSameValue(one: CanonicalValue | undefined, other: CanonicalValue | undefined): boolean {
  if (one === other) return true
  return typeof one === 'object' && JSON.stringify(one) === JSON.stringify(other)
}

/** Reads a member's fields of this format. */
export function readMemberGroups(document: readonly unknown[], wrong: WrongShape): MemberFields {
  const [runs, shadows, written = [], others = {}] = document
  if (!Array.isArray(written) || !isObject(others)) throw wrong()
  const rest = Object.entries(others as MemberFields)
  for (const [name, field] of rest)
    if (!isObject(field) || !Number.isSafeInteger(field.acked)) throw wrong(name)
  return Object.fromEntries([
    ...readShadows(runs, shadows, wrong).map(([name, shadow, acked]) => [name, { shadow, acked }] as const),
    ...written.flatMap((group) => readWritten(group, wrong)),
    ...rest,
  ])
}

function readWritten(group: unknown, wrong: WrongShape): readonly (readonly [string, MemberField])[] {
  if (!Array.isArray(group)) throw wrong()
  const [notAfter, runs, shadows] = group as readonly unknown[]
  if (typeof notAfter !== 'number') throw wrong()
  return readShadows(runs, shadows, wrong).map(([name, shadow, acked]) => [
    name,
    writtenField(shadow, acked, notAfter),
  ])
}

function readShadows(
  runs: unknown,
  shadows: unknown,
  wrong: WrongShape,
): readonly (readonly [name: string, shadow: CanonicalValue, acked: number])[] {
  if (!isObject(shadows)) throw wrong()
  const entries = Object.entries(shadows as Values)
  const acked = revsOf(runs, entries.length)
  if (acked === undefined) throw wrong()
  return entries.map(([name, shadow], index) => [name, shadow, acked[index] ?? 0])
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

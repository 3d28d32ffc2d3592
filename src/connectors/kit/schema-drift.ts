/**
 * The differences between two descriptions of a resource, classified by their effect on records: a longer
 * field is harmless, a shorter one silently truncates texts.
 */
import type { FieldDescription, ResourceDescription } from './description.ts'

/** What changed about a field. */
export type SchemaDifferenceKind =
  | 'added'
  | 'removed'
  | 'type'
  | 'length'
  | 'enum'
  | 'required'
  | 'writability'

/** One difference. */
export interface SchemaDifference {
  /** Native path of the field in text form: `address.city`. */
  readonly path: string
  readonly kind: SchemaDifferenceKind
  /** Whether records can be misread, refused or truncated because of it. */
  readonly harmful: boolean
  /** Description without record values: `80 → 40 characters`. */
  readonly message: string
}

/**
 * Compares two descriptions of one resource and returns the differences ordered by path. Labels and the order
 * of fields don't count.
 */
export function compareDescriptions(
  before: ResourceDescription,
  after: ResourceDescription,
): readonly SchemaDifference[] {
  const [old, now] = [byPath(before), byPath(after)]
  const paths = [...new Set([...old.keys(), ...now.keys()])].sort()
  return paths.flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)]
    if (is === undefined)
      return [{ path, kind: 'removed', harmful: true, message: 'the field is gone' } as const]
    if (was === undefined) return [addition(path, is)]
    return changesOf(path, was, is)
  })
}

function byPath({ fields }: ResourceDescription): ReadonlyMap<string, FieldDescription> {
  return new Map(fields.map((field) => [field.path.join('.'), field]))
}

function addition(path: string, field: FieldDescription): SchemaDifference {
  const isDemanded = field.required && field.creatable
  const message = `a new field, ${field.nativeType}${isDemanded ? ', without which creates are refused' : ''}`
  return { path, kind: 'added', harmful: isDemanded, message }
}

function changesOf(path: string, was: FieldDescription, is: FieldDescription): SchemaDifference[] {
  const found: SchemaDifference[] = []
  const add = (kind: SchemaDifferenceKind, harmful: boolean, message: string): void => {
    found.push({ path, kind, harmful, message })
  }
  const [typeBefore, typeNow] = [typeText(was), typeText(is)]
  if (typeBefore !== typeNow) add('type', true, `${typeBefore} → ${typeNow}`)
  addLength(was, is, add)
  addValues(was, is, add)
  if (was.required !== is.required)
    add(
      'required',
      is.required,
      is.required ? 'creates without it are refused now' : 'it may be left out now',
    )
  if (was.nullable && !is.nullable) add('required', true, 'it can no longer be empty')
  for (const [key, words] of [
    ['creatable', 'given in a create'],
    ['updatable', 'changed'],
  ] as const) {
    if (was[key] !== is[key])
      add('writability', !is[key], `it can ${is[key] ? 'now' : 'no longer'} be ${words}`)
  }
  return found
}

type Add = (kind: SchemaDifferenceKind, harmful: boolean, message: string) => void

const none = 'no bound'

function addLength(was: FieldDescription, is: FieldDescription, add: Add): void {
  const bounds = [
    ['maxLength', 'characters'],
    ['precision', 'digits'],
    ['scale', 'decimal places'],
  ] as const
  for (const [key, unit] of bounds) {
    const [before, now] = [was[key], is[key]]
    if (before === now) continue
    const shrinks = (now ?? Number.POSITIVE_INFINITY) < (before ?? Number.POSITIVE_INFINITY)
    add('length', shrinks, `${before ?? none} → ${now ?? none} (${unit})`)
  }
}

const valuesShownMax = 5

function addValues(was: FieldDescription, is: FieldDescription, add: Add): void {
  if (was.values === undefined && is.values === undefined) return
  if (was.values === undefined || is.values === undefined) {
    const isBound = is.values !== undefined
    add('enum', isBound, isBound ? 'it takes a fixed set of values now' : 'it takes any value now')
    return
  }
  const lost = was.values.filter((value) => !is.values?.includes(value))
  const gained = is.values.filter((value) => !was.values?.includes(value))
  if (lost.length > 0) add('enum', true, `values that are gone: ${shown(lost)}`)
  // Records with a new value can't be read until the mapping covers it, so a user has to review it.
  if (gained.length > 0) add('enum', true, `new values: ${shown(gained)}`)
}

function shown(values: readonly string[]): string {
  const more = values.length > valuesShownMax ? ` and ${values.length - valuesShownMax} more` : ''
  return values.slice(0, valuesShownMax).join(', ') + more
}

/** `varchar(80)` and `varchar(40)` have the same type; their lengths are compared separately. */
function typeText({ nativeType, type }: FieldDescription): string {
  const plain = nativeType.replace(/\([^)]*\)/g, '').trim()
  return type === undefined ? plain : `${plain} (${type.kind})`
}

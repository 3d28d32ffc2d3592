/** Describes the fields of an unknown API's records from the sampled values. */
import type { FieldDescription } from '../../../connectors/kit/description.ts'
import { isNativeRecord } from '../../../connectors/kit/native.ts'
import { isLosslessNumber } from '../../../http/json.ts'
import type { FieldType, NativeRecord } from '../../../model/values.ts'
import { wordsOf } from '../../proposals/field-names.ts'
import { isPartOfKey, isPlausibleIdentity } from '../../proposals/identity-names.ts'
import { dotted } from './find-paging.ts'

const depthMax = 4
const fieldsMax = 400

interface Seen {
  readonly path: readonly string[]
  readonly values: unknown[]
}

/**
 * Describes the fields. Samples don't show whether a field is writable or required; ids, versions and times
 * of change are assumed to be assigned by the system.
 *
 * @param key path of the id
 */
export function fieldsOf(records: readonly NativeRecord[], key: string): readonly FieldDescription[] {
  const seen = new Map<string, Seen>()
  for (const record of records) collect(record, [], seen)
  const paths = [...seen.values()].map(({ path }) => path)
  return [...seen.values()].flatMap(({ path, values }): readonly FieldDescription[] => {
    const known = values.filter((value) => value !== null && value !== undefined)
    const type = typeOfAll(known)
    if (type === undefined) return []
    const isOwn = dotted(path) === key || isBookKeeping(path, type)
    const isKey = !isOwn && !isPartOfKey(path, paths) && isIdentity(path, type, known, records.length)
    return [
      {
        path,
        nativeType: type.kind === 'string' ? 'text' : type.kind,
        type: isKey && type.kind === 'decimal' ? { kind: 'integer' } : type,
        required: false,
        nullable: true,
        creatable: !isOwn,
        updatable: !isOwn,
        ...(isOwn ? { generated: true } : {}),
        ...(isKey ? { unique: true } : {}),
      },
    ]
  })
}

function collect(value: NativeRecord, path: readonly string[], seen: Map<string, Seen>): void {
  for (const [key, inner] of Object.entries(value)) {
    // Links and embedded records of HAL are not fields of the record.
    if (
      seen.size >= fieldsMax ||
      (path.length === 0 && /^_(?:links|embedded)$|^links$|^relationships$/.test(key))
    )
      continue
    const below = [...path, key]
    if (isNativeRecord(inner) && !isLosslessNumber(inner)) {
      if (below.length < depthMax) collect(inner, below, seen)
      continue
    }
    const name = below.join('\n')
    const one = seen.get(name) ?? { path: below, values: [] }
    one.values.push(inner)
    seen.set(name, one)
  }
}

/** Returns one type that fits all values; undefined if there is none, or there are no values. */
function typeOfAll(values: readonly unknown[]): FieldType | undefined {
  const types = values.map(typeOf)
  const [first] = types
  if (first === undefined || types.some((type) => type === undefined)) return undefined
  const kinds = new Set(types.map((type) => type?.kind))
  if (kinds.size === 1) {
    if (first.kind !== 'list' && first.kind !== 'string') return first
    const isSame = types.every((type) => JSON.stringify(type) === JSON.stringify(first))
    if (first.kind === 'list') return isSame ? first : undefined
    return isSame ? first : { kind: 'string' }
  }
  if ([...kinds].every((kind) => kind === 'integer' || kind === 'decimal')) return { kind: 'decimal' }
  // A mix of dates and other texts is a text.
  return [...kinds].every((kind) => kind === 'string' || kind === 'date' || kind === 'instant')
    ? { kind: 'string' }
    : undefined
}

function typeOf(value: unknown): FieldType | undefined {
  if (typeof value === 'boolean') return { kind: 'boolean' }
  // An API that returned 3 may also return 3.5; a decimal fits both.
  if (typeof value === 'number' || isLosslessNumber(value)) return { kind: 'decimal' }
  if (typeof value === 'string') return textType(value)
  if (!Array.isArray(value) || value.length === 0) return undefined
  const of = typeOfAll(value)
  return of === undefined || of.kind === 'list' ? undefined : { kind: 'list', of }
}

function textType(value: string): FieldType {
  if (/^\d{4}-\d{2}-\d{2}$/.test(value)) return { kind: 'date' }
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/.test(value))
    return { kind: 'instant' }
  return { kind: 'string' }
}

const ownWords = new Set(['created', 'updated', 'etag', 'revision', 'href', 'self', 'inserted'])

function isBookKeeping(path: readonly string[], type: FieldType): boolean {
  const name = path.at(-1) ?? ''
  const words = wordsOf(name)
  if (/^(?:_?v|_?version|lock_?version|row_?version|change_?(?:no|number)|_rev)$/i.test(name)) return true
  const isTime = type.kind === 'instant' || type.kind === 'date' || type.kind === 'decimal'
  return words.some((word) => ownWords.has(word)) && (isTime || words.length === 1)
}

/** Returns true if the name looks like a key and no sampled value contradicts it. */
function isIdentity(
  path: readonly string[],
  type: FieldType,
  values: readonly unknown[],
  records: number,
): boolean {
  if (!isPlausibleIdentity(path) || !['string', 'decimal'].includes(type.kind) || values.length < records)
    return false
  const spelt = values.map((value) => String(value).trim().toLowerCase())
  const isEmail = wordsOf(path.at(-1) ?? '').includes('email')
  if (isEmail && !spelt.every((value) => /^[^@\s]+@[^@\s]+$/.test(value))) return false
  // 1, 2, 3 are positions or counts; fractions identify nothing.
  if (type.kind === 'decimal' && !spelt.every((value) => /^\d{4,}$/.test(value))) return false
  return !spelt.includes('') && new Set(spelt).size === spelt.length
}

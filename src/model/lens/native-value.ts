/** Converts one native value in its format: empty values first, then value maps, then the type. */
import { parseCanonical, toNative } from '../canonical/canonical.ts'
import { exactDigits } from '../canonical/exact-number.ts'
import { isCanonicalList } from '../canonical/object.ts'
import { accept, type Parsed, refuse, type ValueResult } from '../canonical/value-result.ts'
import type { Emptiness, EmptySpelling } from '../normalisers/contract.ts'
import type { CanonicalValue, FieldType } from '../values.ts'
import type { NativeSpelling, ValueMap } from './spec.ts'

/** The value read for a field: `undefined` is absent. */
export type FieldReading = ValueResult<CanonicalValue | undefined>

/** The value to be sent: a native value, or none at all. */
export type NativeWriting = ValueResult<
  { readonly kind: 'value'; readonly native: unknown } | { readonly kind: 'absent' }
>

/** Reads a native value in its system's format. */
export function readNative(type: FieldType, native: unknown, spelling: NativeSpelling): FieldReading {
  const { values, empties } = spelling
  if (values !== undefined && hasMapping(values, native)) return readMapped(type, native, values)
  const nothing = nothingOf(native)
  if (nothing !== undefined) return readNothing(type, nothing, empties)
  if (values !== undefined) return readMapped(type, native, values)
  return foldNulls(type, parseCanonical(type, native, spelling.spelling))
}

/** Writes a canonical value in its system's format. */
export function writeNative(type: FieldType, value: CanonicalValue, spelling: NativeSpelling): NativeWriting {
  const { values, empties } = spelling
  if (values?.toNative.has(mapKey(value))) return sent(values.toNative.get(mapKey(value)))
  const nothing = nothingOf(value)
  if (nothing !== undefined) return writeNothing(type, empties.write[nothing], spelling)
  if (values !== undefined) return writeMapped(value, values)
  const native = toNative(type, value, spelling.spelling)
  return native.ok ? sent(native.value) : native
}

/** A group with only nulls left is null: it is written that way, and can only be read that way. */
export function foldNulls(type: FieldType, parsed: Parsed): Parsed {
  if (type.kind !== 'group' || !parsed.ok || parsed.value === null || typeof parsed.value !== 'object')
    return parsed
  const parts = Object.values(parsed.value)
  return parts.length > 0 && parts.every((part) => part === null) ? accept(null) : parsed
}

function nothingOf(value: unknown): Emptiness | undefined {
  if (value === undefined) return 'absent'
  if (value === null) return 'null'
  return value === '' || (Array.isArray(value) && value.length === 0) ? 'empty' : undefined
}

function readNothing(type: FieldType, native: Emptiness, { read }: EmptySpelling): FieldReading {
  switch (read[native]) {
    case 'absent':
      return accept(undefined)
    case 'null':
      return accept(null)
    case 'empty':
      return readEmpty(type, native)
  }
}

function readEmpty(type: FieldType, native: Emptiness): FieldReading {
  if (type.kind === 'string') return accept('')
  if (type.kind === 'set' || type.kind === 'list') return accept([])
  if (native === 'null') return accept(null)
  if (native === 'absent') return accept(undefined)
  return refuse('VALUE_TYPE', `an empty text is no ${type.kind}; declare how this system spells nothing`)
}

function writeNothing(type: FieldType, as: Emptiness, { spelling }: NativeSpelling): NativeWriting {
  if (as === 'absent') return accept({ kind: 'absent' })
  if (as === 'null') return sent(null)
  const isList = (type.kind === 'set' || type.kind === 'list') && spelling?.separator === undefined
  return sent(isList ? [] : '')
}

function sent(native: unknown): NativeWriting {
  return accept({ kind: 'value', native })
}

function hasMapping(values: ValueMap, native: unknown): boolean {
  const text = textOf(native)
  return text !== undefined && values.toCanonical.has(text)
}

function readMapped(type: FieldType, native: unknown, values: ValueMap): FieldReading {
  if ((type.kind === 'set' || type.kind === 'list') && Array.isArray(native)) {
    const mapped = native.map((element) => mappedOf(element, values))
    if (mapped.includes(undefined)) return unmapped()
    return parseCanonical(type, mapped)
  }
  const mapped = mappedOf(native, values)
  return mapped === undefined ? unmapped() : parseCanonical(type, mapped)
}

function writeMapped(value: CanonicalValue, values: ValueMap): NativeWriting {
  if (!isCanonicalList(value)) return unmapped()
  if (!value.every((element) => values.toNative.has(mapKey(element)))) return unmapped()
  return sent(value.map((element) => values.toNative.get(mapKey(element))))
}

function mappedOf(native: unknown, { toCanonical }: ValueMap): CanonicalValue | undefined {
  const text = textOf(native)
  return text === undefined ? undefined : toCanonical.get(text)
}

function unmapped(): { ok: false; problem: { code: 'VALUE_ENUM'; message: string } } {
  return {
    ok: false,
    problem: { code: 'VALUE_ENUM', message: 'the value is not in the value map of this mapping' },
  }
}

/** Natives are looked up as text: `1`, `true` and `null` of YAML keys are texts already. */
function textOf(native: unknown): string | undefined {
  if (native === null || typeof native === 'boolean' || typeof native === 'number') return String(native)
  return typeof native === 'string' ? native : exactDigits(native)
}

function mapKey(value: CanonicalValue): string {
  return typeof value === 'string' ? value : String(value)
}

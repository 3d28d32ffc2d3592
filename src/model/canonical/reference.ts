import type { CanonicalValue, FieldType } from '../values.ts'
import { exactDigits, toJsonNumber } from './exact-number.ts'
import { wholeDigits } from './number.ts'
import { isCanonicalList, isCanonicalObject } from './object.ts'
import type { Spelling } from './spelling.ts'
import { checkText } from './text.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

const prefix = 'ref:'

/**
 * Reads a native id into `ref:<native id>`: the engine replaces it by the id of our record before values are
 * compared.
 */
export function parseReference(native: unknown): ValueResult<string> {
  const id = idOf(native)
  if (id === undefined || id === '')
    return refuse('VALUE_TYPE', `an id was expected, found ${describeKind(native)}`)
  const checked = checkText(id)
  // An id is a key, not text: normalising it could refer to another record.
  return checked.ok ? accept(prefix + id) : checked
}

/**
 * Writes a native id. Accepts it bare or with the `ref:` of a reading; an id that itself begins that way must
 * have it.
 */
export function referenceToNative(reference: string, spelling: Spelling): unknown {
  const id = nativeIdOf(reference)
  return spelling.as === 'number' && /^(?:0|-?[1-9]\d*)$/.test(id) ? toJsonNumber(id) : id
}

/** Returns the native id of a reference read by a lens. */
export function nativeIdOf(reference: string): string {
  return reference.startsWith(prefix) ? reference.slice(prefix.length) : reference
}

/**
 * Removes the `ref:` of a reading from every reference inside a value: agreed values contain ids of records,
 * which are read unchanged.
 */
export function bareReferences(type: FieldType, value: CanonicalValue): CanonicalValue {
  if (type.kind === 'ref') return typeof value === 'string' ? nativeIdOf(value) : value
  if (isCanonicalList(value)) {
    return type.kind === 'set' || type.kind === 'list'
      ? value.map((element) => bareReferences(type.of, element))
      : value
  }
  if (type.kind !== 'group' || !isCanonicalObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const partType = Object.hasOwn(type.fields, name) ? type.fields[name] : undefined
      return [name, partType === undefined ? part : bareReferences(partType, part)]
    }),
  )
}

function idOf(native: unknown): string | undefined {
  if (typeof native === 'string') return native
  if (typeof native === 'bigint') return String(native)
  if (typeof native === 'number') return Number.isSafeInteger(native) ? String(native) : undefined
  const digits = exactDigits(native)
  return digits === undefined ? undefined : wholeDigits(digits)
}

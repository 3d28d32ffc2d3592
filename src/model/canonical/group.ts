import type { CanonicalValue, FieldType } from '../values.ts'
import { isPlainObject, ownValue } from './object.ts'
import { accept, describeKind, type Parsed, refuse, type ValueResult } from './value-result.ts'

/** Reads the declared parts of a group. A missing part stays absent; undeclared properties are ignored. */
export function parseGroup(
  fields: Readonly<Record<string, FieldType>>,
  native: unknown,
  parse: (type: FieldType, native: unknown) => Parsed,
): Parsed {
  if (!isPlainObject(native))
    return refuse('VALUE_TYPE', `a group was expected, found ${describeKind(native)}`)
  const parts: [string, CanonicalValue][] = []
  for (const [name, type] of Object.entries(fields)) {
    const part = ownValue(native, name)
    if (part === undefined) continue
    const parsed = parse(type, part)
    if (!parsed.ok) return refuse(parsed.problem.code, `${name}: ${parsed.problem.message}`)
    parts.push([name, parsed.value])
  }
  return accept(Object.fromEntries(parts))
}

/** Writes the existing parts of the value, each in its default format. */
export function groupToNative(
  fields: Readonly<Record<string, FieldType>>,
  value: { readonly [part: string]: CanonicalValue },
  write: (type: FieldType, value: CanonicalValue) => ValueResult<unknown>,
): ValueResult<unknown> {
  const parts: [string, unknown][] = []
  for (const [name, type] of Object.entries(fields)) {
    const part = Object.hasOwn(value, name) ? value[name] : undefined
    if (part === undefined) continue
    const native = write(type, part)
    if (!native.ok) return refuse(native.problem.code, `${name}: ${native.problem.message}`)
    parts.push([name, native.value])
  }
  return accept(Object.fromEntries(parts))
}

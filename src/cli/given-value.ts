/** Reads a value that a person gives on the command line, by the type of its field. */
import { type AcceptedValue, acceptValue } from '../model/canonical/accept-value.ts'
import type { Field } from '../model/integration.ts'
import type { FieldType } from '../model/values.ts'

/**
 * Reads `text` as a value of the field, with the field's normaliser applied. `null` is no value; a text in
 * double quotes is read as JSON, so that `"null"` is a text. Lists, groups and amounts of money are JSON.
 */
export function readGivenValue(field: Field, text: string): AcceptedValue {
  if (text === 'null') return { ok: true, value: null }
  const native = nativeOf(field.type, text)
  if (native === undefined) return { ok: false, reason: `write it as JSON, such as ${example(field.type)}` }
  return acceptValue(field, native)
}

function nativeOf(type: FieldType, text: string): unknown {
  if (type.kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  const isJson = isStructured(type)
  if (!isJson && !/^".*"$/s.test(text)) return text
  try {
    return JSON.parse(text, withDigits)
  } catch {
    return isJson ? undefined : text
  }
}

/** Numbers as they were written: a double would change long ones. */
function withDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === 'number' ? (context?.source ?? String(value)) : value
}

function isStructured({ kind }: FieldType): boolean {
  return ['set', 'list', 'group', 'money', 'localDateTime'].includes(kind)
}

function example(type: FieldType): string {
  switch (type.kind) {
    case 'money':
      return `'{"amount":"10.50","currency":"EUR"}'`
    case 'localDateTime':
      return `'{"local":"2026-05-01T09:00:00","zone":"Europe/Berlin"}'`
    case 'group':
      return `'${JSON.stringify(Object.fromEntries(Object.keys(type.fields).map((name) => [name, '…'])))}'`
    default:
      return `'["a","b"]'`
  }
}

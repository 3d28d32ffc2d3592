/** Reads a value that a person gives on the command line, by the type of its field. */
import { parseCanonical } from '../model/canonical/canonical.ts'
import { findConstraintProblem } from '../model/canonical/constraints.ts'
import type { Field } from '../model/integration.ts'
import type { CanonicalValue, FieldType } from '../model/values.ts'

export type GivenValue =
  | { readonly ok: true; readonly value: CanonicalValue }
  | { readonly ok: false; readonly reason: string }

/**
 * Reads `text` as a value of the field, with the field's normaliser applied. `null` is no value; a text in
 * double quotes is read as JSON, so that `"null"` is a text. Lists, groups and amounts of money are JSON.
 */
export function readGivenValue({ type, normalise }: Field, text: string): GivenValue {
  if (text === 'null') return { ok: true, value: null }
  const native = nativeOf(type, text)
  if (native === undefined) return { ok: false, reason: `write it as JSON, such as ${example(type)}` }
  const parsed = type.kind === 'ref' ? ({ ok: true, value: text } as const) : parseCanonical(type, native)
  if (!parsed.ok) return { ok: false, reason: parsed.problem.message }
  const value = normalise(parsed.value)
  const problem = findConstraintProblem(type, value)
  return problem === undefined ? { ok: true, value } : { ok: false, reason: problem.message }
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

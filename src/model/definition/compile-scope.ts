import { exactDigits } from '../canonical/exact-number.ts'
import { nativeAt } from '../lens/native-path.ts'
import type { NativePath } from '../lens/spec.ts'
import type { NativeRecord } from '../values.ts'
import { problem } from './finding.ts'
import { parseNativePath } from './native-path.ts'
import type { Report } from './report.ts'
import type { WhereDefinition } from './schema/mapping.ts'

type NativeScalar = string | number | boolean | null

interface Condition {
  readonly path: NativePath
  readonly values: readonly NativeScalar[]
  readonly negated: boolean
}

/** A compiled `where`. */
export interface Scope {
  readonly inScope: (native: NativeRecord) => boolean
  /** The paths that decide; undefined for a function, which may look at anything. */
  readonly paths?: readonly NativePath[]
}

/**
 * Compiles `where` to a test of native records, the same one for lists, reads, feeds and webhooks:
 *
 * - texts are compared as they are, case included; a number equals the text that spells it (`1` and `"1"`)
 * - numbers are compared by value, however they are spelt: 12.5, "12.50", 1.25e1
 * - null means that there is nothing: null, or no such property
 */
export function compileScope(where: WhereDefinition | undefined, report: Report): Scope {
  if (where === undefined) return { inScope: () => true, paths: [] }
  if (typeof where === 'function') return { inScope: where }
  const conditions: Condition[] = []
  for (const [text, wanted] of Object.entries(where)) {
    const path = parseNativePath(text)
    if (path === undefined) {
      report({
        ...problem('mapping', [text], `${text} is not a path`, 'write names separated by dots'),
        at: 'key',
      })
      continue
    }
    const negated = typeof wanted === 'object' && wanted !== null && 'not' in wanted
    const values: NativeScalar | NativeScalar[] = negated ? wanted.not : wanted
    conditions.push({ path, negated, values: [values].flat() })
  }
  return {
    inScope: (native) => conditions.every((condition) => holds(condition, native)),
    paths: conditions.map(({ path }) => path),
  }
}

function holds({ path, values, negated }: Condition, native: NativeRecord): boolean {
  const found = nativeAt(native, path)
  return values.some((value) => isWanted(value, found)) !== negated
}

/** Absent and null are one here: a filter asks for a value, not for how nothing is spelt. */
function isWanted(wanted: NativeScalar, found: unknown): boolean {
  const text = scalarText(found)
  if (wanted === null || found === undefined || found === null)
    return wanted === null && (found === undefined || found === null)
  if (text === undefined) return false
  if (String(wanted) === text) return true
  const isNumeric = typeof wanted === 'number' || typeof found !== 'string'
  return isNumeric && isSameNumber(String(wanted), text)
}

/** The text of a scalar off the wire; undefined for lists and objects, which no value is equal to. */
function scalarText(found: unknown): string | undefined {
  if (typeof found === 'string') return found
  if (typeof found === 'number' || typeof found === 'bigint' || typeof found === 'boolean')
    return String(found)
  return exactDigits(found)
}

function isSameNumber(one: string, other: string): boolean {
  const [first, second] = [plainNumber(one), plainNumber(other)]
  return first !== undefined && first === second
}

/** Digits without zeros that say nothing; numbers with an exponent by their double. Undefined for what is no number. */
function plainNumber(text: string): string | undefined {
  const match = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(text.trim())
  if (match === null) {
    return /^-?\d+(?:\.\d+)?[eE][+-]?\d{1,3}$/.test(text.trim())
      ? plainNumber(String(Number(text)))
      : undefined
  }
  const [, sign = '', whole = '', fraction = ''] = match
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

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
  /** The paths that the scope depends on; undefined for a function, which may read anything. */
  readonly paths?: readonly NativePath[]
}

/**
 * Compiles `where` to a test of native records, the same one for lists, reads, feeds and webhooks:
 *
 * - texts are compared exactly, including case; a number equals its text (`1` and `"1"`)
 * - numbers are compared by value in any notation: 12.5, "12.50", 1.25e1
 * - null stands for null and for a missing property
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

/**
 * Absent and null are the same here: a filter asks for a value, not for the representation of an empty one.
 */
function isWanted(wanted: NativeScalar, found: unknown): boolean {
  const text = scalarText(found)
  if (wanted === null || found === undefined || found === null)
    return wanted === null && (found === undefined || found === null)
  if (text === undefined) return false
  if (String(wanted) === text) return true
  const isNumeric = typeof wanted === 'number' || typeof found !== 'string'
  return isNumeric && isSameNumber(String(wanted), text)
}

/** The text of a scalar from a response; undefined for lists and objects, which equal no value. */
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

/**
 * Digits without superfluous zeros; numbers with an exponent by their double. Undefined for anything but a
 * number.
 */
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

/** Formats canonical values on one line. */
import type { CanonicalValue } from '../model/values.ts'

/** Absent, null and empty values are different and are shown differently. */
export function show(value: CanonicalValue | undefined): string {
  if (value === undefined) return '(absent)'
  if (value === null) return '(null)'
  if (value === '') return '(empty)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Canonical values on a line. */
import type { CanonicalValue } from '../model/values.ts'

/** Absent, null and empty are three things, and look like three things. */
export function show(value: CanonicalValue | undefined): string {
  if (value === undefined) return '(absent)'
  if (value === null) return '(null)'
  if (value === '') return '(empty)'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

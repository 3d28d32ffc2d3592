/** When the judge treats values as equal, and how it formats records. */
import type { CanonicalValue } from '../../src/model/values.ts'
import type { Native } from '../support/fake-system/remote-table.ts'
import { markerField } from './world.ts'

/** Equal up to truncation: the shorter is a prefix of the longer. */
export function alike(a: unknown, b: unknown): boolean {
  if (typeof a !== 'string' || typeof b !== 'string' || a === '' || b === '') return a === b
  return a.startsWith(b) || b.startsWith(a)
}

export function sameValue(a: CanonicalValue | undefined, b: CanonicalValue | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

export function brief(body: Native | undefined): string {
  if (body === undefined) return '(gone)'
  return Object.entries(body)
    .filter(([name]) => name !== markerField)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : String(value)}`)
    .join(' ')
}

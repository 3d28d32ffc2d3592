/** Whether a stored value is what a system made of the value we sent. */
import type { FieldType } from '../values.ts'
import type { MaybeValue } from './equivalence.ts'

/** Recognises truncated text, blanks and letter case. */
export function isCoercion(_type: FieldType, sent: MaybeValue, stored: MaybeValue): boolean {
  if (typeof sent !== 'string' || typeof stored !== 'string' || stored === '') return false
  return fold(sent).startsWith(fold(stored))
}

function fold(text: string): string {
  return text.normalize('NFKC').replace(/\s+/gu, ' ').trim().toLowerCase()
}

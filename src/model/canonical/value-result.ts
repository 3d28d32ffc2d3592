import type { ErrorCode } from '../error-codes.ts'
import type { CanonicalValue } from '../values.ts'

/** Why a native or canonical value was refused. Says what kind of thing was there, never the value itself. */
export interface ValueProblem {
  readonly code: ErrorCode
  readonly message: string
}

/** What became of one value. */
export type ValueResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: ValueProblem }

/** Outcome of reading a native value into its canonical form. */
export type Parsed = ValueResult<CanonicalValue>

export function accept<T>(value: T): ValueResult<T> {
  return { ok: true, value }
}

export function refuse(code: ErrorCode, message: string): { ok: false; problem: ValueProblem } {
  return { ok: false, problem: { code, message } }
}

/** Names the kind of a native value for messages, without showing it. */
export function describeKind(native: unknown): string {
  if (native === null) return 'null'
  if (native === undefined) return 'nothing'
  if (Array.isArray(native)) return 'a list'
  if (typeof native === 'object') return 'an object'
  if (typeof native === 'string') return native === '' ? 'an empty text' : 'a text'
  return `a ${typeof native}`
}

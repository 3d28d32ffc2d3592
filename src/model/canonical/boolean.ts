import { exactDigits } from './exact-number.ts'
import type { Spelling } from './spelling.ts'
import { accept, describeKind, refuse, type ValueResult } from './value-result.ts'

/**
 * Reads true and false, as JSON booleans or as the values that the system declares for them (`Y`/`N`,
 * `1`/`0`).
 */
export function parseBoolean(native: unknown, spelling: Spelling): ValueResult<boolean> {
  const declared = spelling.boolean
  if (declared === undefined) {
    if (typeof native === 'boolean') return accept(native)
    return refuse('VALUE_TYPE', `true or false was expected, found ${describeKind(native)}`)
  }
  const text = typeof native === 'number' ? String(native) : (exactDigits(native) ?? native)
  if (text === String(declared.true)) return accept(true)
  if (text === String(declared.false)) return accept(false)
  return refuse('VALUE_TYPE', 'the value is neither of the values that this system uses for true and false')
}

export function booleanToNative(value: boolean, spelling: Spelling): unknown {
  if (spelling.boolean === undefined) return value
  return value ? spelling.boolean.true : spelling.boolean.false
}

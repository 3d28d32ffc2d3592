/** How simulated systems store native records: the stored form of a value, and the effect of a patch on nested objects. */
import type { Native, Writer } from '../support/fake-system/remote-table.ts'
import type { SystemTraits } from './scenario.ts'
import { cutText } from './world.ts'

/** The value that a system fills in for a phone number that a create leaves out. */
export const filledPhone = 'none given'

/** Returns the stored form of a value. */
export function storedAs(traits: SystemTraits): (field: string, value: unknown, by: Writer) => unknown {
  let rewrites = 0
  let lines = 0
  return (field, value, by) => {
    if (field === 'name' && traits.truncates !== 'no') return cutText(value)
    if (field === 'phone' && traits.mutates && by === 'engine' && typeof value === 'string') {
      rewrites += 1
      return `${value.split('~')[0]}~${traits.name}${rewrites}`
    }
    if (field !== 'lines' || !Array.isArray(value)) return value
    // A line without an id gets one, like a record.
    return value.map((line: Native) => {
      if (line.id !== undefined) return line
      lines += 1
      return { ...line, id: `${traits.name[0]}l${lines}` }
    })
  }
}

/** Applies a patch to a record: nested objects are merged or replaced, depending on the system. */
export function merged(record: Native, patch: Native, nested: 'merge' | 'replace'): Native {
  const next: Record<string, unknown> = { ...record }
  for (const [name, value] of Object.entries(patch)) {
    const before = next[name]
    next[name] =
      nested === 'merge' && isObject(value) && isObject(before) ? merged(before, value, nested) : value
  }
  return next
}

/** The properties that a patch changes, with their new values. */
export function patched(record: Native, patch: Native, nested: 'merge' | 'replace'): Native {
  const whole = merged(record, patch, nested)
  return Object.fromEntries(Object.keys(patch).map((name) => [name, whole[name]]))
}

export function isObject(value: unknown): value is Native {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

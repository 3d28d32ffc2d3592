/** Accesses native records: own properties only, never into a number object, never towards a prototype. */
import { exactDigits } from '../canonical/exact-number.ts'
import { isForbiddenKey } from '../canonical/object.ts'
import type { NativePath } from './spec.ts'

/** Returns the value at a path; undefined where a step is missing or leads through a value without parts. */
export function nativeAt(native: unknown, path: NativePath): unknown {
  let current = native
  for (const step of path) {
    if (typeof current !== 'object' || current === null || exactDigits(current) !== undefined)
      return undefined
    if (typeof step === 'number') current = Array.isArray(current) ? current[step] : undefined
    else
      current =
        !Array.isArray(current) && Object.hasOwn(current, step) ? Reflect.get(current, step) : undefined
  }
  return current
}

/** Formats the path for messages. */
export function formatPath(path: NativePath): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`
      if (!/^[^.[\]"]+$/.test(step)) return `["${step}"]`
      return index === 0 ? step : `.${step}`
    })
    .join('')
}

/** Returns why a path can't be used, if so. */
export function pathFault(path: NativePath): string | undefined {
  if (path.length === 0) return 'the path is empty'
  if (typeof path[0] === 'number') return 'a record is no list: the path begins with a name'
  const forbidden = path.find((step) => typeof step === 'string' && isForbiddenKey(step))
  return forbidden === undefined ? undefined : `the name ${forbidden} is reserved`
}

/** True when one path leads to the other, so that writing both would be a race. */
export function isPathWithin(outer: NativePath, inner: NativePath): boolean {
  return outer.length <= inner.length && outer.every((step, index) => step === inner[index])
}

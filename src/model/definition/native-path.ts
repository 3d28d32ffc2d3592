import type { NativePath } from '../lens/spec.ts'

const step = /(?:^|\.)([^.[\]"→]+)|\[(\d{1,4})\]|\["([^"\]]+)"\]/y

/**
 * Splits a native path: `address.city`, `phones[0].number`, `["odd.name"].value`.
 *
 * Undefined when the text isn't one.
 */
export function parseNativePath(text: string): NativePath | undefined {
  const trimmed = text.trim()
  if (trimmed.startsWith('.')) return undefined
  const path: (string | number)[] = []
  step.lastIndex = 0
  while (step.lastIndex < trimmed.length) {
    const match = step.exec(trimmed)
    if (match === null) return undefined
    const [, name, index, quoted] = match
    if (index !== undefined) path.push(Number(index))
    else path.push(quoted ?? name ?? '')
  }
  return path.length === 0 || typeof path[0] === 'number' ? undefined : path
}

/** The two ends of `source path → target path` (or `->`); a single path is used for both. */
export function splitArrow(text: string): { from: string; to: string } | undefined {
  const ends = text.split(/\s*(?:→|->)\s*/).map((end) => end.trim())
  const [from, to = from] = ends
  if (ends.length > 2 || !from || !to) return undefined
  return { from, to }
}

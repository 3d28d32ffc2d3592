import { editDistance } from '../edit-distance.ts'

/** The known name that a mistyped one most likely stands for, or undefined when none is similar. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = name.toLowerCase()
  let best: string | undefined
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance)
    if (distance >= bestDistance) continue
    best = candidate
    bestDistance = distance
  }
  return best
}

/**
 * `did you mean name?`, or the list of known names when none is similar and the list is short enough to help.
 */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  const names = [...known]
  const near = nearest(name, names)
  if (near !== undefined) return `did you mean ${near}?`
  if (names.length === 0) return undefined
  return names.length <= 14 ? `known: ${names.join(', ')}` : undefined
}

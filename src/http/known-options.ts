/** Refuses option names that nobody knows: a mistyped bound is one that does not hold. */
import { suggestion } from '../model/definition/nearest.ts'
import { UsageError } from '../model/errors.ts'

/** The set of all names of an options type; leaving one out is a type error. */
export function namesOf<Options extends object>(
  names: Readonly<Record<keyof Required<Options>, true>>,
): ReadonlySet<string> {
  return new Set(Object.keys(names))
}

/** @throws UsageError HTTP_OPTIONS_INVALID naming the nearest known option */
export function assertKnown(given: object, known: ReadonlySet<string>, place: string): void {
  for (const name in given) {
    if (known.has(name)) continue
    const hint = suggestion(name, known)
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      `The option ${place}${name} is unknown${hint === undefined ? '' : `: ${hint}`}${hint?.endsWith('?') === true ? '' : '.'}`,
    )
  }
}

/**
 * The number of edits that turn one text into another: inserting, deleting or replacing a character, or
 * swapping two neighbours (optimal string alignment). Swaps count once, unlike in the plain Levenshtein
 * distance, because they are the most common typing error.
 */

/** Compares by code point. Returns `bound` where the lengths alone show that it is reached. */
export function editDistance(one: string, other: string, bound = Number.POSITIVE_INFINITY): number {
  const a = [...one]
  const b = [...other]
  if (Math.abs(a.length - b.length) >= bound) return bound
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, character] of a.entries()) {
    const current = [row + 1]
    for (const [column, compared] of b.entries()) {
      const replaced = at(last, column) + (character === compared ? 0 : 1)
      const isSwap = character === b[column - 1] && a[row - 1] === compared
      const swapped = isSwap ? at(beforeLast, column - 1) + 1 : Number.POSITIVE_INFINITY
      current.push(Math.min(at(last, column + 1) + 1, at(current, column) + 1, replaced, swapped))
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}

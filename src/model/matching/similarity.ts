/**
 * How alike two texts are, from 0 (nothing in common) to 1 (the same): the share of letters that stay when one is edited into the
 * other. Inserting, dropping, replacing a letter and swapping two neighbours count as one edit each.
 *
 * Measures that reward equal beginnings (Jaro-Winkler) take Jane and Joan Doe for the same person; a wrong link costs more than a question.
 */

/** Longer texts are compared by their beginning: the work grows with the square of the length. */
const lengthMax = 256

/** 0..1, the same in both directions. */
export function textSimilarity(left: string, right: string): number {
  if (left === right) return 1
  const a = [...left.slice(0, lengthMax)]
  const b = [...right.slice(0, lengthMax)]
  if (a.length === 0 || b.length === 0) return 0
  return 1 - editDistance(a, b) / Math.max(a.length, b.length)
}

/** Optimal string alignment, row by row; a swap looks two rows back. */
function editDistance(a: readonly string[], b: readonly string[]): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [row, letter] of a.entries()) {
    const current = [row + 1]
    for (const [column, other] of b.entries()) {
      const replaced = at(last, column) + (letter === other ? 0 : 1)
      const swapped =
        letter === b[column - 1] && a[row - 1] === other ? at(beforeLast, column - 1) + 1 : Infinity
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

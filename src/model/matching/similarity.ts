/**
 * The similarity of two texts, from 0 (nothing in common) to 1 (equal): the share of letters that stay when
 * one is edited into the other. Inserting, deleting, replacing a letter and swapping two neighbours count as
 * one edit each.
 *
 * Measures that reward equal prefixes (Jaro-Winkler) treat Jane and Joan Doe as the same person; a wrong link
 * costs more than a question.
 */
import { editDistance } from '../edit-distance.ts'

/** Longer texts are compared by their prefixes: the work grows with the square of the length. */
const lengthMax = 256

/** 0..1, the same in both directions. */
export function textSimilarity(left: string, right: string): number {
  if (left === right) return 1
  const a = left.slice(0, lengthMax)
  const b = right.slice(0, lengthMax)
  if (a === '' || b === '') return 0
  return 1 - editDistance(a, b) / Math.max([...a].length, [...b].length)
}

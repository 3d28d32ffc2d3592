/** Compares texts as a search with a declared equality does. */
import type { SearchEquality } from '../../../model/equality.ts'

/** Returns the form in which two texts are identical if the search treats them as equal. */
export function searchForm(text: string, equality: SearchEquality): string {
  if (equality === 'exact') return text
  return equality === 'ignoringCaseAndSpace' ? text.trim().toLowerCase() : text.toLowerCase()
}

/**
 * Returns whether a hit counts. Case is never decisive, even when the search is declared to be exact: many
 * searches ignore it, and the engine reads every hit and compares it by the match rules.
 */
export function isSearchHit(
  found: string | undefined,
  wanted: string,
  equality: SearchEquality = 'exact',
): boolean {
  const atLeast = equality === 'exact' ? 'ignoringCase' : equality
  return found !== undefined && searchForm(found, atLeast) === searchForm(wanted, atLeast)
}

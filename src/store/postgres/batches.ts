/** Runs a batch so that no item can fail the others. */
import type { Unstorable } from '../contract.ts'
import { isValueRefused } from './failures.ts'

/**
 * Runs the batch as one transaction. When the server refuses a value or a constraint, each item runs by
 * itself, so that only the faulty one fails.
 */
export async function isolatingFaults<Item, Result>(
  items: readonly Item[],
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly (Result | Unstorable)[]> {
  try {
    return items.length === 0 ? [] : await run(items)
  } catch (problem) {
    if (!isValueRefused(problem)) throw problem
    if (items.length === 1) return [{ kind: 'unstorable', error: problem }]
  }
  const results: (Result | Unstorable)[] = []
  for (const item of items) results.push(...(await isolatingFaults([item], run)))
  return results
}

/** Splits so that no key occurs twice in one part, in order: a statement can update a row only once. */
export function withoutRepeats<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
): readonly (readonly Item[])[] {
  const parts: Item[][] = []
  const partOfKey = new Map<string, number>()
  for (const item of items) {
    const at = (partOfKey.get(keyOf(item)) ?? -1) + 1
    partOfKey.set(keyOf(item), at)
    const part = parts[at] ?? []
    parts[at] = part
    part.push(item)
  }
  return parts
}

/** Runs the parts one after the other and returns the results in the order of the items. */
export async function inParts<Item, Result>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const parts = withoutRepeats(items, keyOf)
  if (parts.length <= 1) return run(items)
  const found = new Map<Item, Result>()
  for (const part of parts) {
    const results = await run(part)
    part.forEach((item, index) => {
      const result = results[index]
      if (result !== undefined) found.set(item, result)
    })
  }
  return items.flatMap((item) => {
    const result = found.get(item)
    return result === undefined ? [] : [result]
  })
}

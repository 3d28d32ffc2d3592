/** Runs a batch so that no item can fail the others. */
import { isItemFault } from './failures.ts'

/**
 * Runs the batch as one transaction. When the server refuses a value or a constraint, each item runs by itself, so that only the faulty one fails,
 * with the result `fault`. A batch of one throws instead, since there are no others.
 */
export async function isolatingFaults<Item, Result>(
  items: readonly Item[],
  fault: Result,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  try {
    return items.length === 0 ? [] : await run(items)
  } catch (problem) {
    if (items.length === 1 || !isItemFault(problem)) throw problem
  }
  const results: Result[] = []
  for (const item of items) results.push(await runAlone(item, fault, run))
  return results
}

async function runAlone<Item, Result>(
  item: Item,
  fault: Result,
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): Promise<Result> {
  try {
    const [result = fault] = await run([item])
    return result
  } catch (problem) {
    if (!isItemFault(problem)) throw problem
    return fault
  }
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

/**
 * Several searches as one query (`IN`, `or`). A combined query can fail where each search alone would not:
 * one key with too many hits truncates the response, one value in the wrong format is refused, or a hit can't
 * be assigned to one of the searches. It is then split in halves, down to single searches, so that a batch
 * never returns anything other than its members would individually.
 */
import type { FindRequest, FindResult } from '../contract.ts'

/** Runs one query for all of them. Undefined when it can't answer for each; a smaller batch may succeed. */
export type FindTogether = (requests: readonly FindRequest[]) => Promise<readonly FindResult[] | undefined>

/** Ways to search. */
export interface SearchWays {
  readonly together: FindTogether
  readonly single: (request: FindRequest) => Promise<FindResult>
}

/**
 * Returns the result of each search in its position. Uses at most twice as many queries as there are
 * searches.
 */
export async function findTogether(
  requests: readonly FindRequest[],
  ways: SearchWays,
): Promise<readonly FindResult[]> {
  const [only] = requests
  if (only === undefined) return []
  if (requests.length === 1) return [await ways.single(only)]
  const responses = await ways.together(requests)
  if (responses !== undefined) return responses
  const middle = Math.ceil(requests.length / 2)
  const first = await findTogether(requests.slice(0, middle), ways)
  return [...first, ...(await findTogether(requests.slice(middle), ways))]
}

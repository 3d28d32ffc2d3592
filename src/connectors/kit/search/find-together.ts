/**
 * Several searches as one query (`IN`, `or`). A query of many can fail where each of them would not: one key with too many hits cuts off the
 * answer, one value of the wrong form is refused, a hit can't be told to belong to one of the searches. It is then split in halves, down to
 * single searches, so that a batch never answers anything else than its members would by themselves.
 */
import type { FindRequest, FindResult } from '../contract.ts'

/** One query for all of them. Undefined when it can't answer for each; fewer at once may do. */
export type FindTogether = (requests: readonly FindRequest[]) => Promise<readonly FindResult[] | undefined>

/** Ways to search. */
export interface SearchWays {
  readonly together: FindTogether
  readonly single: (request: FindRequest) => Promise<FindResult>
}

/** Returns each search in its place. At most twice as many queries as there are searches. */
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

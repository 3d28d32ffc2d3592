/**
 * Several searches in one request, each under an alias. An error that names an alias concerns that search
 * alone. When an error voids the whole request, it is repeated with fewer searches at once, so that one
 * malformed value affects no other search.
 */
import type { CallContext, FindRequest, FindResult } from '../../kit/contract.ts'
import { callFailure } from '../../kit/outcome.ts'
import { findTogether } from '../../kit/search/find-together.ts'
import type { GraphqlResponse } from '../client.ts'
import { aliasOf, type GraphqlDocument } from '../documents.ts'
import { findRecords, foundIn, type Search, searchOf } from './find.ts'
import type { ResourceContext } from './resource-context.ts'

/** Runs the searches; each gets the result that it would get alone. Never throws. */
export function findManyRecords(
  owner: ResourceContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  return findTogether(requests, {
    together: (some) => queryFor(owner, some, context),
    single: (request) => findRecords(owner, request, context),
  })
}

async function queryFor(
  owner: ResourceContext,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[] | undefined> {
  const { client, resource, documents } = owner
  const document = documents.search
  if (document === undefined) return undefined
  try {
    const searches = requests.map((request) => searchOf(owner, request))
    const variables = searches.map((search) => search.variables)
    const response = await client.sendMany({ document, variables, rules: resource.errors, context })
    return searches.map((search, index) => foundAt(owner, search, partOf(document, response, aliasOf(index))))
  } catch (error) {
    const failure = callFailure(error)
    if (failure.scope === 'record' && failure.kind === undefined) return undefined
    return requests.map(() => ({ kind: 'unknown', failure }))
  }
}

function foundAt(owner: ResourceContext, search: Search, response: GraphqlResponse): FindResult {
  try {
    return foundIn(owner, search, response)
  } catch (error) {
    return { kind: 'unknown', failure: callFailure(error) }
  }
}

/** Extracts the response of one search from a response to several. */
function partOf(
  { root }: GraphqlDocument,
  { data, problems, serverNowMs }: GraphqlResponse,
  alias: string,
): GraphqlResponse {
  return {
    data: { [root]: data[alias] },
    // An error without a path may concern any of them.
    problems: problems
      .filter(({ path }) => path === undefined || path[0] === alias)
      .map((problem) =>
        problem.path === undefined ? problem : { ...problem, path: [root, ...problem.path.slice(1)] },
      ),
    serverNowMs,
  }
}

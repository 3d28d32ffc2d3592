/** Several mutations in one request, each under an alias. */
import type { CallContext, WriteResult } from '../../kit/contract.ts'
import { callFailure } from '../../kit/outcome.ts'
import { unusable } from '../../kit/unusable.ts'
import { aliasOf } from '../documents.ts'
import { responseErrorFacts, writeFailure } from '../response-errors.ts'
import type { ResourceContext } from './resource-context.ts'
import { type Prepared, type Sending, send, settled } from './send.ts'

/**
 * Sends mutations of one document under aliases: the API runs them one after the other, independently. A
 * request that was refused as a whole ran none of them, so each is then sent alone and gets its own response.
 */
export async function sendMany(
  owner: ResourceContext,
  prepared: readonly Prepared[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const sendings = prepared.filter((one): one is Sending => !('result' in one))
  const [first] = sendings
  if (first === undefined || sendings.length === 1) return inTurn(owner, prepared, context)
  const { client, resource } = owner
  const results = new Map<Prepared, WriteResult>()
  try {
    const response = await client.sendMany({
      document: first.document,
      variables: sendings.map(({ variables }) => variables),
      rules: resource.errors,
      context,
    })
    for (const [index, sending] of sendings.entries()) {
      const alias = aliasOf(index)
      const problems = response.problems.filter(({ path }) => path === undefined || path[0] === alias)
      results.set(sending, settled(owner, sending, { payload: response.data[alias], problems }))
    }
  } catch (error) {
    const facts = responseErrorFacts(error)
    if (facts?.verdict === 'refused' && facts.nothingRan) return inTurn(owner, prepared, context)
    for (const sending of sendings) results.set(sending, writeFailure(error, sending.conditional))
  }
  return prepared.map((one) => ('result' in one ? one.result : (results.get(one) ?? lost())))
}

async function inTurn(
  owner: ResourceContext,
  prepared: readonly Prepared[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const results: WriteResult[] = []
  for (const one of prepared) results.push(await send(owner, one, context))
  return results
}

function lost(): WriteResult {
  return { kind: 'unknown', failure: callFailure(unusable('a mutation has no response')) }
}

/** Sends several writes in one batch, each in its own change set. */
import { HttpStatusError } from '../../../../http/errors.ts'
import type { CallContext, WriteResult } from '../../contract.ts'
import { callFailure } from '../../outcome.ts'
import { unusable } from '../../unusable.ts'
import { type MaybeResponses, settledResponse } from '../client.ts'
import type { BatchRequest } from '../protocol/batch.ts'
import { filledAddress } from '../protocol/literals.ts'
import { accepted } from './accepted.ts'
import type { Bound, ResourceContext } from './resource-context.ts'
import { failed, type MakeSending, ownHeaders, prepared, type Sending, sendOne } from './send.ts'

export async function sendMany(
  owner: ResourceContext,
  makes: readonly MakeSending[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  const ready = await prepared(owner)
  if ('failure' in ready) return makes.map(() => ({ kind: 'not-sent', failure: ready.failure }))
  const { bound } = ready
  const results = makes.map((make) => madeOrFailed(owner, bound, make))
  const sendings = results.filter((one) => 'method' in one)
  const sent = sendings.length === 0 ? [] : await sendBatch(owner, bound, sendings, context)
  const outcomes = sent.values()
  return results.map((one) => ('method' in one ? (outcomes.next().value ?? unanswered()) : one))
}

/** A record that can't be serialized is refused alone; the others continue. */
function madeOrFailed(owner: ResourceContext, bound: Bound, make: MakeSending): Sending | WriteResult {
  try {
    return make(bound)
  } catch (error) {
    return failed(owner, undefined, error)
  }
}

async function sendBatch(
  owner: ResourceContext,
  bound: Bound,
  sendings: readonly Sending[],
  context: CallContext,
): Promise<readonly WriteResult[]> {
  try {
    const sets = sendings.map((one) => [partOf(owner, bound, one)])
    const responses = await owner.service.writeBatch(sets, context)
    return sendings.map((one, index) => settled(owner, bound, one, responses[index]))
  } catch (error) {
    if (!refusedAsAWhole(error)) return sendings.map((one) => failed(owner, one, error))
  }
  // A service that accepts no batch, or not this one, executed none of it: the writes are then sent one by
  // one.
  const results: WriteResult[] = []
  for (const one of sendings) results.push(await sendOne(owner, () => one, context))
  return results
}

/**
 * The service understood the request and declined it; 401 and 403 would apply to each single write as well.
 */
function refusedAsAWhole(error: unknown): boolean {
  if (!(error instanceof HttpStatusError) || error.outcome !== 'answered') return false
  return error.status === 400 || error.status === 404 || error.status === 405 || error.status === 413
}

function partOf({ service }: ResourceContext, { model }: Bound, sending: Sending): BatchRequest {
  const { method, address, json } = sending
  return {
    method,
    path: filledAddress(address).slice(1),
    headers: {
      ...service.partHeaders(model.version, json !== undefined),
      ...ownHeaders(sending, model.version),
    },
    ...(json === undefined ? {} : { body: json }),
  }
}

function settled(
  owner: ResourceContext,
  bound: Bound,
  sending: Sending,
  responses: MaybeResponses,
): WriteResult {
  const [response] = responses ?? []
  if (response === undefined) return unanswered()
  try {
    return accepted(owner, bound, sending, settledResponse(response, `${sending.method} ${bound.set.name}`))
  } catch (error) {
    return failed(owner, sending, error)
  }
}

function unanswered(): WriteResult {
  return {
    kind: 'unknown',
    failure: callFailure(unusable('a batch has fewer answers than requests')),
  }
}

/**
 * Lookups of rules: data from outside the record, requested between two merges.
 *
 * The merge is pure and makes no calls. It returns the lookups of its rules; here they are sent to the system
 * that provides them, and everything is merged again with the answers. A lookup without an answer stays a
 * problem of its rule: nothing is written, the reason is reported, and the record is retried. Answers that a
 * field depends on are kept with it, so a lookup is sent once as long as its argument stays the same.
 */

import type { CallFailure, LookupResult } from '../../connectors/kit/contract.ts'
import type { ErrorCode } from '../../model/error-codes.ts'
import { type LookupAnswer, type LookupQuestion, questionKey } from '../../model/lookup.ts'
import type { MergeInput, MergeResult } from '../../model/merge/contract.ts'
import { mergeAndPlan } from '../../model/merge-and-plan.ts'
import type { Pass } from '../pass/contract.ts'
import { describeThrown } from '../pass/failure.ts'
import { addNeed } from '../pass/pass.ts'
import { spreadAfter } from '../protect/backoff.ts'

/** An answer may lead to another lookup; a longer chain is cut off until the next pass. */
const roundsMax = 3
/**
 * Retry delays, unless the system names one: an unavailable system may recover soon, while an unknown address
 * is seldom known later.
 */
const unavailableMs = 60_000
const unanswerableMs = 6 * 3_600_000

/** Merges in a pass, requests the lookups of the rules, and merges again with the answers. */
export async function mergeWithLookups(pass: Pass, input: () => MergeInput): Promise<MergeResult> {
  if (pass.context.integration.lookups === undefined) return mergeAndPlan(input())
  const result = await mergeAsking(input, pass.lookups, async (question) => {
    const answer = await ask(pass, question)
    if (answer.kind === 'unknown') comeBack(pass, answer.failure.retryAfterMs ?? unavailableMs)
    else if (answer.kind !== 'found') comeBack(pass, unanswerableMs)
    return answer
  })
  if (result.asks.length > 0) comeBack(pass, unavailableMs)
  return result
}

/**
 * Merges, passes the lookups of the rules to `ask`, and merges again with the answers, which are added to
 * `answers`.
 */
export async function mergeAsking(
  input: () => MergeInput,
  answers: Map<string, LookupAnswer>,
  ask: (question: LookupQuestion) => Promise<LookupResult>,
): Promise<MergeResult> {
  let result = await mergeAndPlan({ ...input(), answers })
  for (let round = 0; round < roundsMax && result.asks.length > 0; round += 1) {
    const questions = new Map(result.asks.map((question) => [questionKey(question), question]))
    await Promise.all(
      [...questions].map(async ([key, question]) => answers.set(key, toResponse(await ask(question)))),
    )
    result = await mergeAndPlan({ ...input(), answers })
  }
  return result
}

function toResponse(result: LookupResult): LookupAnswer {
  switch (result.kind) {
    case 'found':
      return { kind: 'found', value: result.value }
    case 'nothing':
      return { kind: 'failed', message: 'found nothing' }
    case 'refused':
      return { kind: 'failed', message: `was refused: ${result.failure.message}` }
    case 'unknown':
      return { kind: 'failed', message: `could not be asked: ${result.failure.message}` }
  }
}

function comeBack(pass: Pass, afterMs: number): void {
  const { clock, random } = pass.context
  const now = clock.now()
  addNeed(pass, { at: spreadAfter(random, now, now + afterMs), why: 'lookup' })
}

async function ask(pass: Pass, { lookup, argument }: LookupQuestion): Promise<LookupResult> {
  const { gates, integration, systems, timeouts } = pass.context
  const name = integration.lookups?.get(lookup) ?? ''
  const system = systems.get(name)
  const gate = gates.get(name)
  const limitMs = integration.systems.get(name)?.timing.readTimeoutMs
  if (system?.lookup === undefined || gate === undefined || limitMs === undefined) {
    return unknown('ENGINE_UNKNOWN_PLACE', `no system provides $${lookup}`)
  }
  const call = (): Promise<LookupResult> =>
    timeouts
      .bound(
        limitMs,
        pass.signal,
        (signal) =>
          system.lookup?.({ lookup, argument }, { signal, priority: 'webhook', passIds: [pass.id] }) ??
          Promise.resolve(unknown('ENGINE_UNKNOWN_PLACE', `${name} does not provide lookups`)),
        () => unknown('ENGINE_CALL_LATE', `no answer within ${limitMs} ms`),
      )
      .catch((error: unknown) => {
        const { code, message } = describeThrown(error)
        return unknown(code, message)
      })
  const answer = await gate.run(call, {
    waitMs: limitMs,
    failure: (result) => (result.kind === 'unknown' ? result.failure : undefined),
  })
  return answer === 'shut' ? unknown('ENGINE_BUSY', `${name} is busy or down`) : answer
}

function unknown(code: ErrorCode, message: string): LookupResult {
  const failure: CallFailure = { code, message, scope: 'record' }
  return { kind: 'unknown', failure }
}

/** Until when a request of unknown outcome may still take effect, and when a read can tell. */
import type { Intent } from '../../model/state.ts'
import type { Pass } from '../pass/contract.ts'
import { placeOf } from '../place.ts'
import { backoffMs } from '../protect/backoff.ts'

/** The request takes no effect after this. */
export function inFlightUntil(pass: Pass, intent: Intent): number {
  const { capabilities } = placeOf(pass.context, intent.system, pass.entity.name).resource
  return intent.notAfter + capabilities.inflightMs
}

/** A read begun after this shows whether the request took effect. */
export function settledBy(pass: Pass, intent: Intent): number {
  const { capabilities } = placeOf(pass.context, intent.system, pass.entity.name).resource
  return inFlightUntil(pass, intent) + capabilities.read.lagMs + 1
}

/** A search begun after this finds the record if the create took effect (H17). */
export function searchableBy(pass: Pass, intent: Intent): number {
  const { capabilities } = placeOf(pass.context, intent.system, pass.entity.name).resource
  return inFlightUntil(pass, intent) + (capabilities.search?.lagMs ?? 0) + 1
}

/** How long the lane stays closed: briefly where repeating is harmless, until the horizon where it is not. */
export function inDoubtUntil(pass: Pass, intent: Intent, attempts: number): number {
  const { clock, random, settings } = pass.context
  const soon =
    clock.now() +
    backoffMs(random, attempts, { baseMs: settings.backoffBaseMs, maxMs: settings.backoffMaxMs })
  if (intent.operation === 'create') {
    return canResend(pass, intent, clock.now()) ? soon : Math.max(soon, searchableBy(pass, intent))
  }
  // Under a precondition a late effect is impossible once anything has changed, and the write itself changes
  // it.
  return intent.request.ifVersion === undefined ? Math.max(soon, inFlightUntil(pass, intent)) : soon
}

/**
 * Marks a create whose resent key returned a failure again: the system may be repeating a stored response
 * (H18).
 */
export const storedError = 'stored-error'

/** The same bytes under the same key can't create a second record. */
export function canResend(pass: Pass, intent: Intent, now: number): boolean {
  const { context, entity } = pass
  const { capabilities } = placeOf(context, intent.system, entity.name).resource
  const { create, idempotency, inflightMs } = capabilities
  if (create === 'clientId' || create === 'upsertKey') return true
  if (create !== 'idempotencyKey' || idempotency === undefined || intent.outcome === storedError) return false
  const timeoutMs = context.integration.systems.get(intent.system)?.timing.writeTimeoutMs ?? 0
  const longestMs = context.settings.startWindowMs + timeoutMs + inflightMs
  return now + longestMs < intent.firstSentAt + idempotency.ttlMs
}

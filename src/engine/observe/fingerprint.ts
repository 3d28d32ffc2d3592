/**
 * Identifies the account that a system responds as. Another tenant, or the same one with narrower
 * permissions, makes every record look gone; absence is therefore trusted only while the account is the same
 * as when the store was filled.
 */

import type { IntakeContext } from '../context.ts'
import { withDeadline } from '../protect/deadline.ts'

/**
 * - `same`: as remembered, or remembered now for the first time · `changed` · `unknown`: the system did not
 *   identify the account
 */
export type FingerprintComparison = 'same' | 'changed' | 'unknown'

/**
 * Asks the system for its account and compares it with the remembered one. Never rejects because of the
 * remote.
 */
export async function compareFingerprint(
  context: Pick<IntakeContext, 'integration' | 'systems' | 'store' | 'clock'>,
  system: string,
  signal: AbortSignal,
): Promise<FingerprintComparison> {
  const connected = context.systems.get(system)
  const limitMs = context.integration.systems.get(system)?.timing.readTimeoutMs
  if (connected === undefined || limitMs === undefined) return 'unknown'
  const stop = new AbortController()
  const response = await withDeadline(
    context.clock,
    limitMs,
    signal,
    connected.fingerprint({ signal: AbortSignal.any([signal, stop.signal]), priority: 'batch' }),
  ).catch((): 'late' => 'late')
  stop.abort()
  if (response === 'late' || response.kind === 'unknown') return 'unknown'
  const remembered = await context.store.fingerprint(system)
  if (remembered === undefined) {
    await context.store.saveFingerprint(system, response.value)
    return 'same'
  }
  // The current account is what a person may accept, so it is stored in either case: the old account may be
  // back by then.
  await context.store.noteFingerprint(system, response.value)
  return remembered === response.value ? 'same' : 'changed'
}

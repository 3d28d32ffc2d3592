/**
 * Which account answers for a system. Another tenant, or the same one with narrower rights, makes every record look gone; so absence is
 * believed only while the same account answers as when the store was filled.
 */

import type { IntakeContext } from '../context.ts'
import { withDeadline } from '../protect/deadline.ts'

/** - `same`: as remembered, or remembered now for the first time · `changed` · `unknown`: the system did not tell */
export type FingerprintComparison = 'same' | 'changed' | 'unknown'

/** Asks the system who we are and compares it with what was remembered. Never rejects because of the remote. */
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
  // What answers now is what a person may accept, so it is kept in either case: the old account may be back by then.
  await context.store.noteFingerprint(system, response.value)
  return remembered === response.value ? 'same' : 'changed'
}

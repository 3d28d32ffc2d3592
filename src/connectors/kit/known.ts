/** Questions to a system that must not throw: what it says, or why that is unknown. */
import type { CallFailure, UnknownResult } from './contract.ts'
import { callFailure } from './outcome.ts'
import { unusable } from './unusable.ts'

/**
 * What the system says, marked as known; a failure becomes an unknown result.
 *
 * @param failureOf how this system's errors are understood
 */
export async function knownOrUnknown<Value extends object>(
  ask: () => Promise<Value>,
  failureOf: (error: unknown) => CallFailure = callFailure,
): Promise<({ readonly kind: 'known' } & Value) | UnknownResult> {
  try {
    return { kind: 'known', ...(await ask()) }
  } catch (error) {
    return { kind: 'unknown', failure: failureOf(error) }
  }
}

/** What a connector says of the account behind its credentials. */
export type Fingerprint = { readonly kind: 'known'; readonly value: string } | UnknownResult

/** How the account behind the credentials is found out. */
export interface FingerprintSource {
  /** Reads its identity; undefined when the response has none. */
  readonly read: () => Promise<string | undefined>
  /** What is wrong with a response that has none. @default 'the account has no id' */
  readonly missing?: string
  /** How this system's errors are understood. @default callFailure */
  readonly failureOf?: (error: unknown) => CallFailure
}

/** The identity of the account, for `fingerprint` of a system. Never throws. */
export function fingerprintFrom({
  read,
  missing = 'the account has no id',
  failureOf,
}: FingerprintSource): Promise<Fingerprint> {
  return knownOrUnknown(async () => {
    const value = await read()
    if (value === undefined) throw unusable(missing)
    return { value }
  }, failureOf)
}

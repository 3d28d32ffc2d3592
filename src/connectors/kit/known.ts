/** Queries of a system that must not throw: they return its response, or why it is unknown. */
import type { CallFailure, UnknownResult } from './contract.ts'
import { callFailure } from './outcome.ts'
import { unusable } from './unusable.ts'

/**
 * Returns the system's response marked as known; a failure becomes an unknown result.
 *
 * @param failureOf converts this system's errors to failures
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

/** What a connector reports about the account behind its credentials. */
export type Fingerprint = { readonly kind: 'known'; readonly value: string } | UnknownResult

/** How the account behind the credentials is determined. */
export interface FingerprintSource {
  /** Reads its identity; undefined when the response has none. */
  readonly read: () => Promise<string | undefined>
  /** Message for a response without an identity. @default 'the account has no id' */
  readonly missing?: string
  /** Converts this system's errors to failures. @default callFailure */
  readonly failureOf?: (error: unknown) => CallFailure
}

/** Returns the identity of the account, for `fingerprint` of a system. Never throws. */
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

/**
 * Bounds the attempts with credentials that are not valid, by address. Valid credentials that were seen before
 * are not affected by others behind the same address.
 */
import { IsthmusError } from '../../model/errors.ts'

/** Failed attempts of one address in a minute. */
export const failuresMax = 30
const windowMs = 60_000
const addressesMax = 10_000
const knownMax = 10_000

/** The attempts at one server. */
export interface FailedAttempts {
  /**
   * Called before the credential is looked up.
   *
   * @throws API_TOO_MANY_REQUESTS
   */
  admit(address: string, credential: string): void
  failed(address: string): void
  succeeded(credential: string): void
}

/** @param monotonic milliseconds. @default performance.now */
export function createFailedAttempts(monotonic: () => number = () => performance.now()): FailedAttempts {
  const counts = new Map<string, { count: number; readonly until: number }>()
  const known = new Set<string>()
  const countOf = (address: string) => {
    const found = counts.get(address)
    return found !== undefined && found.until > monotonic() ? found : undefined
  }
  return {
    admit(address, credential) {
      const { count, until } = countOf(address) ?? { count: 0, until: 0 }
      if (count < failuresMax || known.has(credential)) return
      throw new IsthmusError(
        'API_TOO_MANY_REQUESTS',
        `more than ${failuresMax} attempts without valid credentials in a minute`,
        { details: { retryAfterSeconds: Math.ceil((until - monotonic()) / 1000) } },
      )
    },
    failed(address) {
      const found = countOf(address)
      if (found !== undefined) found.count += 1
      else {
        makeRoom(counts, addressesMax)
        counts.set(address, { count: 1, until: monotonic() + windowMs })
      }
    },
    succeeded(credential) {
      if (known.has(credential)) return
      makeRoom(known, knownMax)
      known.add(credential)
    },
  }
}

function makeRoom(held: Map<string, unknown> | Set<string>, most: number): void {
  const [oldest] = held.keys()
  if (held.size >= most && oldest !== undefined) held.delete(oldest)
}

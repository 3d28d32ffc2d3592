/**
 * The CSRF token of a service and the cookies that it belongs to.
 *
 * A service that protects its writes returns a token for a read that carries `x-csrf-token: Fetch`, bound to
 * the session in its cookies, and refuses writes without both with 403 and `x-csrf-token: Required`. Sessions
 * end (in SAP after some minutes without use), so such a refusal drops the token, fetches a new one and sends
 * the write again, once: the refused request had no effect.
 */

import type { ApiResponse } from '../../../http/api-response.ts'
import { HttpStatusError } from '../../../http/errors.ts'

/** Headers that a write needs. */
type SessionHeaders = Readonly<Record<string, string>>

/** Asks the service for a token: a read with `x-csrf-token: Fetch`. */
export type FetchToken = (headers: SessionHeaders) => Promise<ApiResponse<unknown>>

/**
 * When the first token is fetched. `ahead`: before the first write · `when-asked`: when a write was refused
 * because of a missing one.
 */
export type CsrfMode = 'ahead' | 'when-asked'

/** One session, shared by all writes to a service. */
export class CsrfSession {
  readonly #fetchToken: FetchToken
  readonly #mode: CsrfMode
  #headers: Promise<SessionHeaders> | undefined

  constructor(fetchToken: FetchToken, mode: CsrfMode) {
    this.#fetchToken = fetchToken
    this.#mode = mode
  }

  /**
   * Fetches a token if one is due, so that a failure occurs before anything is sent. @throws the errors of
   * the fetch
   */
  async prepare(): Promise<void> {
    if (this.#mode === 'ahead') await this.#current()
  }

  /**
   * Sends with the session's headers through `send`; after a refusal because of a missing token, once more
   * with a new one.
   */
  async send<T>(send: (headers: SessionHeaders) => Promise<T>): Promise<T> {
    const used = this.#headers ?? (this.#mode === 'ahead' ? this.#current() : undefined)
    try {
      return await send(used === undefined ? {} : await used)
    } catch (error) {
      if (!wantsToken(error)) throw error
      // Another write may have noticed first and already fetched the next token.
      if (this.#headers === used) this.#headers = undefined
      const next = await this.#current().catch(() => undefined)
      // The original refusal stands: nothing took effect.
      if (next === undefined) throw error
      return send(next)
    }
  }

  /** One fetch for all waiting writes; a failed one is discarded. */
  #current(): Promise<SessionHeaders> {
    if (this.#headers !== undefined) return this.#headers
    const fetching = this.#fetchToken({ 'x-csrf-token': 'Fetch' }).then(sessionHeaders)
    this.#headers = fetching
    fetching.catch(() => {
      if (this.#headers === fetching) this.#headers = undefined
    })
    return fetching
  }
}

/** A 403 without that header concerns permissions, and a token does not help. */
function wantsToken(error: unknown): boolean {
  return (
    error instanceof HttpStatusError &&
    error.status === 403 &&
    error.headers['x-csrf-token']?.toLowerCase() === 'required'
  )
}

/** A service without CSRF protection responds without a token; its cookies are not needed then. */
function sessionHeaders({ headers }: ApiResponse<unknown>): SessionHeaders {
  const token = headers['x-csrf-token']
  if (token === undefined || token.toLowerCase() === 'required') return {}
  const cookies = cookiePairs(headers['set-cookie'] ?? '')
  return { 'x-csrf-token': token, ...(cookies === '' ? {} : { cookie: cookies }) }
}

/**
 * Several `Set-Cookie` fields are joined by line breaks, or by commas, which also occur in their dates.
 * Expired ones (`Max-Age=0`) are left out.
 */
function cookiePairs(joined: string): string {
  return joined
    .split(/\n|,\s*(?=[\w!#$%&'*+.^`|~-]+=)/)
    .filter((one) => !/;\s*max-age=0/i.test(one))
    .map((one) => one.split(';', 1)[0]?.trim() ?? '')
    .filter((pair) => pair.includes('='))
    .join('; ')
}

/**
 * The CSRF token of a service and the cookies that it belongs to.
 *
 * A service that protects its writes hands out a token to a read that carries `x-csrf-token: Fetch`, bound to the session in its cookies, and
 * refuses writes without both by 403 with `x-csrf-token: Required`. Sessions end (at SAP after some minutes without use), so a refusal of
 * that kind drops the token, fetches another one and sends the write again, once: what was refused that way had no effect.
 */

import type { ApiResponse } from '../../http/api-response.ts'
import { HttpStatusError } from '../../http/errors.ts'

/** Headers that a write needs. */
type SessionHeaders = Readonly<Record<string, string>>

/** Asks the service for a token: a read with `x-csrf-token: Fetch`. */
export type FetchToken = (headers: SessionHeaders) => Promise<ApiResponse<unknown>>

/** When the first token is fetched. `ahead`: before the first write · `when-asked`: when a write was refused for want of one. */
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

  /** Fetches a token if one is due, so that a failure of that comes before anything is sent. @throws what the fetch throws */
  async prepare(): Promise<void> {
    if (this.#mode === 'ahead') await this.#current()
  }

  /** Sends by `send` with the session's headers; after a refusal for want of a token once more with another one. */
  async send<T>(send: (headers: SessionHeaders) => Promise<T>): Promise<T> {
    const used = this.#headers ?? (this.#mode === 'ahead' ? this.#current() : undefined)
    try {
      return await send(used === undefined ? {} : await used)
    } catch (error) {
      if (!wantsToken(error)) throw error
      // Another write may have noticed first and fetched the next token already.
      if (this.#headers === used) this.#headers = undefined
      const next = await this.#current().catch(() => undefined)
      // The refusal stays what it was: nothing took effect.
      if (next === undefined) throw error
      return send(next)
    }
  }

  /** One fetch for all who wait; a failed one is forgotten. */
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

/** A 403 without that header is about rights, and no token helps. */
function wantsToken(error: unknown): boolean {
  return (
    error instanceof HttpStatusError &&
    error.status === 403 &&
    error.headers['x-csrf-token']?.toLowerCase() === 'required'
  )
}

/** A service without CSRF protection answers without a token; its cookies are not needed then. */
function sessionHeaders({ headers }: ApiResponse<unknown>): SessionHeaders {
  const token = headers['x-csrf-token']
  if (token === undefined || token.toLowerCase() === 'required') return {}
  const cookies = cookiePairs(headers['set-cookie'] ?? '')
  return { 'x-csrf-token': token, ...(cookies === '' ? {} : { cookie: cookies }) }
}

/** Several `Set-Cookie` fields come joined by line breaks, or by commas, which also stand in their dates. Expired ones (`Max-Age=0`) are left out. */
function cookiePairs(joined: string): string {
  return joined
    .split(/\n|,\s*(?=[\w!#$%&'*+.^`|~-]+=)/)
    .filter((one) => !/;\s*max-age=0/i.test(one))
    .map((one) => one.split(';', 1)[0]?.trim() ?? '')
    .filter((pair) => pair.includes('='))
    .join('; ')
}

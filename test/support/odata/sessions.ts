/** CSRF tokens bound to a session in cookies, as SAP issues them; a session ends after a period without use. */
import { randomBytes } from 'node:crypto'

interface Session {
  readonly token: string
  usedAt: number
}

export class Sessions {
  readonly #sessions = new Map<string, Session>()
  readonly #now: () => number
  readonly #idleMs: number

  constructor(now: () => number, idleMs: number) {
    this.#now = now
    this.#idleMs = idleMs
  }

  /** Headers of the response to a read with `x-csrf-token: Fetch`. */
  open(cookie: string | undefined): Readonly<Record<string, string | string[]>> {
    const known = this.#session(cookie)
    if (known !== undefined) return { 'x-csrf-token': known.token }
    const id = randomBytes(24).toString('base64')
    const token = randomBytes(16).toString('base64')
    this.#sessions.set(id, { token, usedAt: this.#now() })
    return {
      'x-csrf-token': token,
      'set-cookie': [
        'sap-usercontext=sap-client=100; path=/',
        `SAP_SESSIONID_S4H_100=${encodeURIComponent(id)}; path=/; HttpOnly`,
      ],
    }
  }

  /** Whether a write comes with the token of a living session. */
  accepts(token: string | undefined, cookie: string | undefined): boolean {
    const session = this.#session(cookie)
    if (session === undefined || session.token !== token) return false
    session.usedAt = this.#now()
    return true
  }

  /** All sessions end at once, as after a restart of the application server. */
  endAll(): void {
    this.#sessions.clear()
  }

  #session(cookie: string | undefined): Session | undefined {
    const id = /(?:^|;\s*)SAP_SESSIONID_S4H_100=([^;]+)/.exec(cookie ?? '')?.[1]
    const session = id === undefined ? undefined : this.#sessions.get(decodeURIComponent(id))
    return session !== undefined && this.#now() - session.usedAt <= this.#idleMs ? session : undefined
  }
}

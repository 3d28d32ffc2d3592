/**
 * The cookie of a session. Browsers share cookies between the ports of a host, so its name contains the
 * integration. The prefix `__Host-` requires `Secure`, which some browsers refuse on plain HTTP even from
 * loopback: there the name has no prefix.
 */
import { randomBytes } from 'node:crypto'
import { hashSecret } from '../../runtime/access-secrets.ts'

/** How long a session lasts without a request, and at most. */
export const sessionMs = { idle: 30 * 60_000, longest: 12 * 3_600_000 } as const

/** Cookies of one integration. */
export interface CookieNames {
  readonly session: string
  /** What a sign-in at the identity provider has to remember until the person returns. */
  readonly signIn: string
  readonly isSecure: boolean
}

/** @param isSecure people reach the server by TLS */
export function cookieNames(integration: string, isSecure: boolean): CookieNames {
  const base = `${isSecure ? '__Host-' : ''}isthmus-${integration}`
  return { session: base, signIn: `${base}-sign-in`, isSecure }
}

const form = /^[A-Za-z0-9_-]{43}$/

/** Makes the secret of a session: 256 random bits. */
export function createSessionSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** The hash of the session that a request belongs to; undefined without one. */
export function sessionHashOf(cookies: string | undefined, names: CookieNames): Uint8Array | undefined {
  const secret = readCookie(cookies, names.session)
  return secret !== undefined && form.test(secret) ? hashSecret(secret) : undefined
}

/** Returns the value of a cookie; undefined where it is missing or named twice. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]?.slice(name.length + 1) : undefined
}

/** The header that sets a cookie; an age of 0 deletes it. */
export function setCookie(
  name: string,
  value: string,
  { isSecure }: CookieNames,
  ageSeconds: number,
): string {
  const secure = isSecure ? '; Secure' : ''
  return `${name}=${value}; Path=/; Max-Age=${ageSeconds}; HttpOnly; SameSite=Lax${secure}`
}

/**
 * Cookies of one client (RFC 6265, the part that an API session needs).
 *
 * Stricter than a browser: a cookie is returned only to the origin that set it, whatever its `Domain`, so no
 * host can set one for another. `Secure` adds nothing, since plain HTTP is used only for loopback. Names,
 * values and their number are limited; the cookie that was set longest ago is removed first.
 */
import { parseCookieDate } from './cookie-date.ts'

/** Limits on what a server may store. */
const cookiesMax = 50
const originsMax = 20
/** Name and value together; RFC 6265, 6.1 requires at least this. */
const cookieBytesMax = 4_096

interface Cookie {
  readonly name: string
  readonly value: string
  readonly path: string
  /** Epoch ms. */
  readonly expiresAt: number
}

/** Stores the cookies that each origin set. */
export class CookieJar {
  readonly #origins = new Map<string, Map<string, Cookie>>()

  /**
   * Stores a response's `set-cookie` lines. `path` is that of the request, with or without its query; `now`
   * is epoch ms.
   */
  store(origin: string, path: string, lines: readonly string[], now: number): void {
    for (const line of lines) {
      const cookie = parseCookie(line, path, now)
      if (cookie === undefined) continue
      const kept = this.#cookiesOf(origin)
      const key = `${cookie.path}\n${cookie.name}`
      kept.delete(key)
      if (cookie.expiresAt <= now) continue
      kept.set(key, cookie)
      dropOldest(kept, cookiesMax)
    }
  }

  /** Returns the `cookie` header of a request; undefined when there is nothing to send. */
  headerFor(origin: string, path: string, now: number): string | undefined {
    const kept = this.#origins.get(origin)
    if (kept === undefined || kept.size === 0) return undefined
    const fitting: Cookie[] = []
    for (const [key, cookie] of kept) {
      if (cookie.expiresAt <= now) kept.delete(key)
      else if (covers(cookie.path, withoutQuery(path))) fitting.push(cookie)
    }
    if (fitting.length === 0) return undefined
    // RFC 6265, 5.4: longer paths first.
    fitting.sort((a, b) => b.path.length - a.path.length)
    return fitting.map(({ name, value }) => `${name}=${value}`).join('; ')
  }

  /** Removes all cookies, as at the end of a session. */
  clear(): void {
    this.#origins.clear()
  }

  #cookiesOf(origin: string): Map<string, Cookie> {
    const kept = this.#origins.get(origin) ?? new Map<string, Cookie>()
    this.#origins.set(origin, kept)
    dropOldest(this.#origins, originsMax)
    return kept
  }
}

function dropOldest(map: Map<string, unknown>, max: number): void {
  if (map.size <= max) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}

/** RFC 6265, 5.2; undefined for a cookie that can't be stored. */
function parseCookie(line: string, requestPath: string, now: number): Cookie | undefined {
  const [pair = '', ...attributes] = line.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals).trim()
  const value = pair.slice(equals + 1).trim()
  if (equals <= 0 || name === '' || name.length + value.length > cookieBytesMax) return undefined
  if (!/^[\x21-\x7e]*$/.test(name) || !/^[\x20-\x7e\x80-\xff]*$/.test(value)) return undefined
  let path = defaultPath(withoutQuery(requestPath))
  let expires = Number.POSITIVE_INFINITY
  let maxAge: number | undefined
  for (const attribute of attributes) {
    const [key = '', ...rest] = attribute.split('=')
    const text = rest.join('=').trim()
    switch (key.trim().toLowerCase()) {
      case 'path':
        if (text.startsWith('/')) path = text
        break
      case 'max-age':
        if (/^-?\d{1,15}$/.test(text)) maxAge = Number(text)
        break
      case 'expires':
        expires = parseCookieDate(text) ?? expires
        break
    }
  }
  return { name, value, path, expiresAt: maxAge === undefined ? expires : now + maxAge * 1_000 }
}

/** RFC 6265, 5.1.4. */
function defaultPath(path: string): string {
  const last = path.lastIndexOf('/')
  return last <= 0 ? '/' : path.slice(0, last)
}

function covers(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true
  return path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`)
}

function withoutQuery(path: string): string {
  return path.split('?', 1)[0] ?? path
}

/**
 * Builds the address of a call from base URL, path template and query, and refuses everything that would
 * leave the base URL.
 */

import { UsageError } from '../model/errors.ts'
import type { Method } from './call.ts'
import { isLoopback } from './loopback.ts'
import { shownPath } from './shown-path.ts'
import { wellFormedUri } from './well-formed-uri.ts'

/** What a query parameter can be. */
export type QueryValue = string | number | bigint | boolean

/** What fills a path template, and is appended to it. */
interface TemplateValues {
  readonly path?: Readonly<Record<string, string | number | bigint>>
  readonly query?: Readonly<Record<string, QueryValue | readonly QueryValue[] | undefined>>
}

/** A checked base URL. */
export interface BaseUrl {
  readonly origin: string
  /** Without a trailing slash: `` or `/v2`. */
  readonly path: string
  /** The path as shown in messages and logs: segments that look like secrets are hidden. */
  readonly shown: string
}

/** Target of a call. */
export interface Address {
  readonly origin: string
  /** Path and query, encoded. */
  readonly path: string
  /** Path template, without query: safe for logs. */
  readonly route: string
}

/**
 * Parses a base URL. @throws UsageError HTTP_OPTIONS_INVALID when it is not a usable address, or is plain
 * HTTP to a host other than loopback
 */
export function parseBaseUrl(text: string, allowHttp: boolean, secretPath = false): BaseUrl {
  const url = parseUrl(text)
  if (url === undefined)
    throw invalidBase(`The base URL can't be parsed: give one like https://api.example.com/v2.`)
  assertScheme(url, allowHttp)
  if (url.username !== '' || url.password !== '') {
    throw invalidBase(
      `The base URL of ${url.host} contains a user name or password: give credentials as "auth".`,
    )
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalidBase(`The base URL of ${url.host} has a query or fragment: give only scheme, host and path.`)
  }
  const path = url.pathname.replace(/\/+$/, '')
  return { origin: url.origin, path, shown: shownPath(path, secretPath) }
}

/**
 * Refuses `http:` except to a loopback host with explicit permission. @throws UsageError HTTP_OPTIONS_INVALID
 */
export function assertScheme(url: URL, allowHttp: boolean): void {
  if (url.protocol === 'https:') return
  if (url.protocol !== 'http:')
    throw invalidBase(`${url.protocol}// is not supported for ${url.host}: use https.`)
  if (!isLoopback(url.hostname)) {
    throw invalidBase(
      `Plain HTTP to ${url.host} is refused: use https. Only loopback addresses may use http.`,
    )
  }
  if (!allowHttp) {
    throw invalidBase(
      `Plain HTTP to ${url.host} needs "allowHttp: true", which is meant for development on this machine.`,
    )
  }
}

/**
 * Builds the address of one call. `target` is a template (`/users/{id}`) or an absolute URL that the API
 * returned (a page link).
 *
 * @throws UsageError HTTP_REQUEST_INVALID for a missing, unused or unusable path value · HTTP_BASE_URL_ESCAPE
 *   for an address elsewhere
 */
export function addressOf(base: BaseUrl, target: string, options: TemplateValues): Address {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return absoluteAddress(base, target, options)
  if (!target.startsWith('/')) {
    throw new UsageError('HTTP_REQUEST_INVALID', `The path "${target}" has to start with a slash.`)
  }
  const filled = fillTemplate(target, options.path)
  const route = base.shown + withoutQuery(target)
  if (isPlain(filled) && (options.query === undefined || !filled.includes('?'))) {
    return { origin: base.origin, path: base.path + filled + queryText(options.query), route }
  }
  const url = parseUrl(base.origin + base.path + filled)
  if (url === undefined || !isInside(base, url)) throw escapes(base, target)
  appendQuery(url, options.query)
  return { origin: base.origin, path: pathOf(url), route }
}

/**
 * Only characters that need no encoding in a path and in a query, and no dot segments: parsing would yield
 * the same text.
 */
function isPlain(path: string): boolean {
  return /^\/[\w\-.~/?=&%:@+,;$!*()]*$/.test(path) && !path.includes('/.') && !/\/%2e/i.test(path)
}

/** Includes the question mark; empty without parameters. */
function queryText(query: TemplateValues['query']): string {
  if (query === undefined) return ''
  const parameters = new URLSearchParams()
  appendTo(parameters, query)
  return parameters.size === 0 ? '' : `?${parameters.toString()}`
}

function absoluteAddress(base: BaseUrl, target: string, options: TemplateValues): Address {
  const url = parseUrl(target)
  if (url === undefined || !isInside(base, url)) throw escapes(base, 'an absolute address')
  appendQuery(url, options.query)
  return {
    origin: base.origin,
    path: pathOf(url),
    route: base.shown + url.pathname.slice(base.path.length),
  }
}

/** Path and query. A trailing question mark is kept: a server may treat the two addresses differently. */
function pathOf(url: URL): string {
  const isOpenEnded = url.search === '' && /^[^#]*\?(?:#|$)/.test(url.href)
  return url.pathname + (isOpenEnded ? '?' : url.search)
}

function isInside(base: BaseUrl, url: URL): boolean {
  if (url.origin !== base.origin || url.username !== '' || url.password !== '') return false
  return base.path === '' || url.pathname === base.path || url.pathname.startsWith(`${base.path}/`)
}

const noValues: NonNullable<TemplateValues['path']> = Object.freeze({})

function fillTemplate(template: string, values: TemplateValues['path'] = noValues): string {
  if (values === noValues && !template.includes('{')) return template
  const used = new Set<string>()
  const filled = template.replaceAll(/\{([^{}]*)\}/g, (_whole, name: string) => {
    used.add(name)
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    return encodeSegment(template, name, value)
  })
  const unused = Object.keys(values).find((name) => !used.has(name))
  if (unused !== undefined) {
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      `The path "${template}" has no place for the value "${unused}".`,
    )
  }
  return filled
}

function encodeSegment(template: string, name: string, value: string | number | bigint | undefined): string {
  const text = value === undefined ? '' : String(value)
  // URL parsing would resolve dot segments and address another resource; an empty segment would address the
  // collection.
  if (text === '' || text === '.' || text === '..') {
    throw new UsageError(
      'HTTP_REQUEST_INVALID',
      `The path "${template}" needs a value for {${name}} that is not empty, "." or "..".`,
    )
  }
  return wellFormedUri(text)
}

function appendQuery(url: URL, query: TemplateValues['query']): void {
  if (query !== undefined) appendTo(url.searchParams, query)
}

function appendTo(parameters: URLSearchParams, query: NonNullable<TemplateValues['query']>): void {
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    const values: readonly QueryValue[] = Array.isArray(value) ? value : [value]
    for (const one of values) parameters.append(name, String(one))
  }
}

function parseUrl(text: string): URL | undefined {
  return URL.parse(text) ?? undefined
}

function withoutQuery(template: string): string {
  const end = template.indexOf('?')
  return end === -1 ? template : template.slice(0, end)
}

function escapes(base: BaseUrl, target: string): UsageError {
  return new UsageError(
    'HTTP_BASE_URL_ESCAPE',
    `${target} would leave the base URL ${base.origin}${base.shown}.`,
  )
}

function invalidBase(message: string): UsageError {
  return new UsageError('HTTP_OPTIONS_INVALID', message)
}

/** Reads and writes of one resource fail independently; a slow `/reports` says nothing about `/users`. */
export function endpointClassOf(method: Method, route: string, basePath: string): string {
  const from = basePath.length + 1
  const end = route.indexOf('/', from)
  const resource = end === -1 ? route.slice(from) : route.slice(from, end)
  return ['GET', 'HEAD', 'OPTIONS', 'QUERY'].includes(method) ? `read ${resource}` : `write ${resource}`
}

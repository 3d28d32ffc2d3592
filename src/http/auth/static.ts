/**
 * Credentials that don't change: bearer token, basic, API key. The secrets live in closures, out of reach of
 * inspection.
 */
import { UsageError } from '../../model/errors.ts'
import type { Authenticator, Credential } from './authenticator.ts'

/** `authorization: Bearer …` (RFC 6750). */
export function bearer(token: string): Authenticator {
  assertSecret('token', token)
  return fixed('bearer', { headers: { authorization: `Bearer ${token}` } })
}

/** `authorization: Basic …` (RFC 7617), in UTF-8. */
export function basic(username: string, password: string): Authenticator {
  if (username.includes(':')) {
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      'A user name for basic authentication must not contain a colon.',
    )
  }
  assertSecret('username', username)
  const encoded = Buffer.from(`${username}:${password}`, 'utf8').toString('base64')
  return fixed('basic', { headers: { authorization: `Basic ${encoded}` } })
}

/** A key in a header or in the query. */
export function apiKey(options: {
  readonly header?: string | undefined
  readonly query?: string | undefined
  readonly value: string
}): Authenticator {
  const { header, query, value } = options
  assertSecret('value', value)
  if (header !== undefined && query === undefined) {
    return fixed('api-key', { headers: { [header.toLowerCase()]: value } })
  }
  if (query !== undefined && header === undefined) return fixed('api-key', { query: { [query]: value } })
  throw new UsageError(
    'HTTP_OPTIONS_INVALID',
    'An API key goes into a header or into the query: name exactly one.',
  )
}

function fixed(name: string, credential: Credential): Authenticator {
  return { name, credential: () => credential }
}

function assertSecret(name: string, value: string): void {
  // A secret that was read from a file often ends with a line break; as a header it would be refused much
  // later.
  if (value !== '' && !/[\r\n\0]/.test(value)) return
  throw new UsageError(
    'HTTP_OPTIONS_INVALID',
    `The credential's "${name}" is empty or contains a line break.`,
  )
}

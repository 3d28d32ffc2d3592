/** Fetches a description from a file, or from a URL with the API client. */
import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { ApiClient } from '../../http/client.ts'
import { UsageError } from '../../model/errors.ts'
import type { DescriptionSource } from './described-system.ts'

const bytesMax = 20 * 1024 * 1024
const timeoutMs = 30_000

/** Returns true for a URL, false for a file. */
export function isAddress(from: string): boolean {
  return /^https?:\/\//i.test(from)
}

/** Returns true for a host on this machine, which may be called without TLS. */
export function isLoopbackAddress(from: string): boolean {
  return /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::|\/|$)/i.test(from)
}

/** Creates a client for the URL that the user named. The caller closes it. */
export function describingClient({ from, token }: DescriptionSource): ApiClient {
  return new ApiClient({
    baseUrl: new URL(from).origin,
    allowHttp: isLoopbackAddress(from),
    allowAddresses: ['private'],
    timeouts: { totalMs: timeoutMs },
    response: { maxBytes: bytesMax },
    ...(token === undefined ? {} : { auth: { type: 'bearer', token } }),
  })
}

/**
 * Returns the text of the description.
 *
 * @param accept media types requested from a URL
 * @throws UsageError CLI_NOT_FOUND for a file that can't be read · CONNECTOR_DESCRIPTION_UNUSABLE for a
 *   response other than 200 · the client's errors
 */
export async function fetchDescription(source: DescriptionSource, accept: string): Promise<string> {
  if (!isAddress(source.from)) return readText(resolve(source.directory, source.from))
  const client = describingClient(source)
  try {
    const { pathname, search } = new URL(source.from)
    const target = `${new URL(source.from).origin}${pathname}${search}`
    const reply = await client.exchange('GET', target, { headers: { accept }, signal: source.signal })
    if (reply.status === 200) return Buffer.from(reply.data).toString('utf8')
    const hint = [401, 403].includes(reply.status) ? '; pass a token with --token' : ''
    throw new UsageError(
      'CONNECTOR_DESCRIPTION_UNUSABLE',
      `${withoutQuery(source.from)} returned status ${reply.status} instead of a description${hint}.`,
    )
  } finally {
    await client.close()
  }
}

function readText(path: string): string {
  let size: number
  try {
    size = statSync(path).size
    if (size <= bytesMax) return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new UsageError('CLI_NOT_FOUND', `${path} can't be read.`, { cause })
  }
  throw new UsageError(
    'CONNECTOR_DESCRIPTION_UNUSABLE',
    `${path} is larger than ${bytesMax / 1024 / 1024} MB.`,
  )
}

/** Removes the query, which may contain a key. */
export function withoutQuery(from: string): string {
  return from.split('?', 1)[0] ?? from
}

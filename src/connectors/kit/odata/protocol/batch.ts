/**
 * `$batch` in `multipart/mixed` (V2, V4) and in JSON (V4.01).
 *
 * Each write is the only request of its change set: the protocols make a change set atomic, so a refused
 * record would otherwise fail its neighbours. Responses are in the order of the requests.
 */
import { randomBytes } from 'node:crypto'
import { writeJson } from '../../../../http/json.ts'

/** The format of a batch. */
export type BatchFormat = 'multipart' | 'json'

/** One request of a batch. */
export interface BatchRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'MERGE' | 'PUT' | 'DELETE'
  /** Relative to the service, encoded, with its query: `A_Partner('1')?$expand=to_Item`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: unknown
}

/** Requests that succeed or fail together. */
export type ChangeSet = readonly BatchRequest[]

/** A batch as it is sent. */
export interface SpeltBatch {
  readonly contentType: string
  readonly accept: string
  readonly body: string
}

/** One response within a batch. Names of headers are lower case. */
export interface BatchResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Formats a batch of reads. */
export function readsBatch(reads: readonly BatchRequest[], format: BatchFormat): SpeltBatch {
  if (format === 'json') return jsonBatch(reads.map((one) => [one]))
  const boundary = boundaryOf('batch')
  return multipart(
    boundary,
    reads.map((one) => requestPart(one)),
  )
}

/** Formats a batch of writes, with a change set for each. */
export function writesBatch(sets: readonly ChangeSet[], format: BatchFormat): SpeltBatch {
  if (format === 'json') return jsonBatch(sets)
  const boundary = boundaryOf('batch')
  return multipart(
    boundary,
    sets.map((set, index) => {
      const inner = boundaryOf('changeset')
      const parts = set.map((one, at) => requestPart(one, `${index + 1}.${at + 1}`))
      return `Content-Type: multipart/mixed; boundary=${inner}\r\n\r\n${joined(inner, parts)}`
    }),
  )
}

function multipart(boundary: string, parts: readonly string[]): SpeltBatch {
  const contentType = `multipart/mixed; boundary=${boundary}`
  return { contentType, accept: 'multipart/mixed', body: joined(boundary, parts) }
}

function joined(boundary: string, parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`
}

function boundaryOf(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`
}

function requestPart({ method, path, headers, body }: BatchRequest, contentId?: string): string {
  const text = body === undefined ? '' : writeJson(body)
  const lines = [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    ...(contentId === undefined ? [] : [`Content-ID: ${contentId}`]),
    '',
    `${method} ${path} HTTP/1.1`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${oneLine(value)}`),
    ...(body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(text)}`]),
    '',
    text,
  ]
  return lines.join('\r\n')
}

/** A line break in a version from outside must not start another header. */
function oneLine(value: string): string {
  return value.replaceAll(/[\r\n]+/g, ' ')
}

function jsonBatch(sets: readonly ChangeSet[]): SpeltBatch {
  const requests = sets.flatMap((set, index) =>
    set.map(({ method, path, headers, body }, at) => ({
      id: `${index + 1}.${at + 1}`,
      ...(set.length > 1 ? { atomicityGroup: `g${index + 1}` } : {}),
      method,
      url: path,
      headers,
      ...(body === undefined ? {} : { body }),
    })),
  )
  return { contentType: 'application/json', accept: 'application/json', body: writeJson({ requests }) }
}

/**
 * The responses of a multipart body, flat and in order: those of a change set one by one, the single response
 * of a failed set once.
 */
export function multipartResponses(contentType: string, text: string): readonly (readonly BatchResponse[])[] {
  return partsOf(contentType, text).map((part) => {
    const { headers, rest } = splitHead(part)
    const inner = headers['content-type'] ?? ''
    if (!/^multipart\/mixed/i.test(inner)) return [httpResponse(rest)]
    return partsOf(inner, rest).map((one) => httpResponse(splitHead(one).rest))
  })
}

function partsOf(contentType: string, text: string): readonly string[] {
  const match = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) return []
  const delimiter = `--${boundary}`
  const parts: string[] = []
  let current: string[] | undefined
  for (const line of text.split('\n')) {
    const bare = line.trimEnd()
    if (bare !== delimiter && bare !== `${delimiter}--`) {
      current?.push(line)
      continue
    }
    if (current !== undefined) parts.push(current.join('\n'))
    if (bare !== delimiter) return parts
    current = []
  }
  // The closing delimiter is missing: the last part may be cut off.
  return parts
}

function splitHead(part: string): { readonly headers: Record<string, string>; readonly rest: string } {
  const at = part.search(/\r?\n\r?\n/)
  const head = at === -1 ? part : part.slice(0, at)
  const rest = at === -1 ? '' : part.slice(at).replace(/^\r?\n\r?\n/, '')
  const headers: Record<string, string> = {}
  for (const line of head.split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { headers, rest }
}

/** Status 0 for a part that is not a response; it counts as unknown. */
function httpResponse(text: string): BatchResponse {
  const status = /^\s*HTTP\/\d\.\d (\d{3})/.exec(text)?.[1]
  const { headers, rest } = splitHead(text.trimStart())
  return { status: Number(status ?? 0), headers, body: rest.trim() }
}

/** `$batch` bodies on the server's side: parsed by their boundaries, responded to in order. */

export interface PartRequest {
  readonly method: string
  /** As the client wrote it: relative to the service, to the host, or absolute. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly contentId: string | undefined
}

/** A read by itself, or the writes of a change set. */
export type BatchPart =
  | { readonly kind: 'single'; readonly request: PartRequest }
  | { readonly kind: 'changeset'; readonly requests: readonly PartRequest[] }

export interface PartResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string
  readonly contentId?: string | undefined
}

export function parseBatch(contentType: string, body: string): readonly BatchPart[] {
  return parts(contentType, body).map((part) => {
    const { headers, rest } = head(part)
    const inner = headers['content-type'] ?? ''
    if (!inner.startsWith('multipart/mixed')) return { kind: 'single', request: request(headers, rest) }
    const requests = parts(inner, rest).map((one) => {
      const own = head(one)
      return request(own.headers, own.rest)
    })
    return { kind: 'changeset', requests }
  })
}

function parts(contentType: string, body: string): readonly string[] {
  const boundary = /boundary="?([^";\s]+)"?/i.exec(contentType)?.[1]
  if (boundary === undefined) return []
  const [whole = ''] = body.split(`--${boundary}--`)
  return whole
    .split(`--${boundary}`)
    .slice(1)
    .map((part) => part.replace(/^\r?\n/, '').replace(/\r?\n$/, ''))
}

function head(part: string): { readonly headers: Record<string, string>; readonly rest: string } {
  const at = part.search(/\r?\n\r?\n/)
  const headers: Record<string, string> = {}
  for (const line of (at === -1 ? part : part.slice(0, at)).split(/\r?\n/)) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { headers, rest: at === -1 ? '' : part.slice(at).replace(/^\r?\n\r?\n/, '') }
}

function request(outer: Readonly<Record<string, string>>, text: string): PartRequest {
  const line = text.indexOf('\n') === -1 ? text : text.slice(0, text.indexOf('\n'))
  const [method = '', url = ''] = line.trim().split(' ')
  const { headers, rest } = head(
    text
      .slice(line.length)
      .replace(/^\r?\n/, '\r\n')
      .trimStart(),
  )
  const withoutHeaders = /^\s*$/.test(text.slice(line.length))
  return {
    method,
    url,
    headers: withoutHeaders ? {} : headers,
    body: rest.trim(),
    contentId: outer['content-id'] ?? headers['content-id'],
  }
}

const crlf = '\r\n'

/** @param groups the responses of each part; several (or a set's one) are in a multipart of their own when `isSet` */
export function batchResponse(
  groups: readonly { readonly isSet: boolean; readonly responses: readonly PartResponse[] }[],
): { readonly contentType: string; readonly body: string } {
  const boundary = 'EJK3rz7rPcmmKqaNBfHhXA-0'
  const text = groups.map(({ isSet, responses }, index) => {
    if (!isSet) return responses.map(partText).join('')
    const inner = `changeset-${index}-f5a0`
    const length = responses.map((one) => `--${inner}${crlf}${partText(one)}${crlf}`).join('')
    return `Content-Type: multipart/mixed; boundary=${inner}${crlf}Content-Length: ${length.length}${crlf}${crlf}${length}--${inner}--${crlf}`
  })
  const body = `${text.map((one) => `--${boundary}${crlf}${one}${crlf}`).join('')}--${boundary}--${crlf}`
  return { contentType: `multipart/mixed; boundary=${boundary}`, body }
}

function partText({ status, headers, body, contentId }: PartResponse): string {
  const inner = [
    `HTTP/1.1 ${status} ${reasons[status] ?? 'Status'}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join(crlf)
  return [
    'Content-Type: application/http',
    `Content-Length: ${Buffer.byteLength(inner)}`,
    'content-transfer-encoding: binary',
    ...(contentId === undefined ? [] : [`Content-ID: ${contentId}`]),
    '',
    inner,
  ].join(crlf)
}

const reasons: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  400: 'Bad Request',
  404: 'Not Found',
  412: 'Precondition Failed',
  428: 'Precondition Required',
}

/**
 * Decodes bytes to values: content encoding, character set, JSON within limits. Recognises a web page where
 * an API's response was expected.
 */
import { Readable } from 'node:stream'
import { plainStream, ResponseStream } from '../bodies/response-stream.ts'
import type { Call, DecodedResponse, WireResponse } from '../call.ts'
import { decompress } from '../decompress.ts'
import { ResponseValidationError } from '../errors.ts'
import { parseJson } from '../json.ts'
import type { ResponseLimits } from '../options.ts'
import { responseTooLarge } from '../transport-errors.ts'

/** Below this the ratio does not matter. */
const smallBytes = 1024 * 1024

/** Decodes a received response; returns a promise only when a content encoding has to be decoded. */
export function decode(
  call: Call,
  wire: WireResponse,
  limits: ResponseLimits,
): DecodedResponse | Promise<DecodedResponse> {
  if (wire.stream !== undefined) {
    const whole =
      call.raw === true && wire.stream instanceof ResponseStream ? wire.stream.takeWhole() : undefined
    if (whole === undefined) return streamed(call, wire, wire.stream)
    const here = { ...wire, bytes: whole, stream: undefined }
    const encoding = wire.headers['content-encoding']
    if (encoding === undefined) return readPlain(call, here, limits)
    return plainBytes(call, here, encoding, limits).then(
      (bytes) => readPlain(call, { ...here, bytes }, limits),
      // As with `fetch`, it is returned as a response: reading its body fails.
      () => streamed(call, here, Readable.from([whole])),
    )
  }
  // A test's transport passes bytes even when a stream was requested.
  if (call.streams === true && wire.status < 300) return streamed(call, wire, Readable.from([wire.bytes]))
  if (wire.headers['content-encoding'] === undefined) return readPlain(call, wire, limits)
  return plainBytes(call, wire, wire.headers['content-encoding'], limits).then((bytes) =>
    readPlain(call, { ...wire, bytes }, limits),
  )
}

/** Decodes a body that is already decompressed. */
export function readPlain(call: Call, wire: WireResponse, limits: ResponseLimits): DecodedResponse {
  const { status, statusText, headers, bytes } = wire
  const { mediaType } = contentKind(headers['content-type'])
  const statusLine = statusText === undefined ? {} : { statusText }
  if (bytes.byteLength === 0 && call.raw !== true)
    return { status, ...statusLine, headers, mediaType, bytes: 0, body: undefined }
  const base = { status, ...statusLine, headers, mediaType, bytes: bytes.byteLength, plain: bytes }
  if (call.raw === true) return { ...base, body: bytes }
  return { ...base, body: bodyOf(call, base, textOf(call, base, bytes), limits) }
}

/** The reader limits and decodes it: its `maxBytes` is an option of the stream. */
function streamed(call: Call, wire: WireResponse, stream: Readable): DecodedResponse {
  const { status, statusText, headers } = wire
  const { mediaType } = contentKind(headers['content-type'])
  const body = (maxBytes: number) => plainStream(call, wire, stream, maxBytes)
  return { status, ...(statusText === undefined ? {} : { statusText }), headers, mediaType, bytes: 0, body }
}

type Meta = Omit<DecodedResponse, 'body'>

function bodyOf(call: Call, response: Meta, text: string, limits: ResponseLimits): unknown {
  const failed = response.status >= 300
  const kind = contentKind(response.headers['content-type'])
  const isJson = looksLikeJson(kind, text, limits.jsonTypes)
  if (beginsLikeHtml(text) || (kind.isHtml && !isJson)) {
    // An error page keeps its status, which is more informative than that it is a page.
    if (failed) return text
    throw new ResponseValidationError('HTTP_RESPONSE_IS_HTML', htmlMessage(call, response, text), {
      outcome: 'unknown',
      status: response.status,
    })
  }
  if (!isJson) return text
  const parsed = parseJson(text, limits)
  if (parsed.ok) return parsed.value
  if (failed) return text
  const tooDeep = parsed.refusal === 'too-deep'
  throw new ResponseValidationError(
    tooDeep ? 'HTTP_RESPONSE_TOO_DEEP' : 'HTTP_RESPONSE_NOT_JSON',
    tooDeep
      ? `${call.label} answered JSON nested deeper than ${limits.maxDepth} levels.`
      : `${call.label} answered ${response.status} with ${beginsLikeXml(text) ? 'XML, although it is declared as JSON' : 'text that is not valid JSON'}.`,
    { outcome: 'unknown', status: response.status },
  )
}

function htmlMessage({ label }: Call, { status, mediaType }: Meta, text: string): string {
  if (beginsLikeJson(text)) {
    return `${label} answered ${status} as "${mediaType}" with a body that looks like JSON: if the API always does so, add "${mediaType}" to jsonTypes, an option of responses.`
  }
  return `${label} answered ${status} with a web page instead of data: a login page, a proxy or a wrong base URL.`
}

async function plainBytes(
  call: Call,
  wire: WireResponse,
  encoding: string,
  limits: ResponseLimits,
): Promise<Uint8Array> {
  const result = await decompress(
    wire.bytes,
    encoding,
    Math.min(limits.maxBytes, Math.max(smallBytes, wire.bytes.byteLength * limits.maxRatio)),
  )
  if (result.ok) return result.bytes
  // An adapter passes on codings that it can't decode, as `fetch` does.
  if (call.raw === true && result.reason === 'unknown-encoding') return wire.bytes
  // The status and headers of a refusal are valid without its body.
  if (wire.status >= 300 && call.raw !== true) return noBytes
  // `fetch` does not decode the body of a redirect; that of another refusal is handed on as it was received.
  if (wire.status >= 300 && result.reason !== 'too-large') return wire.bytes
  if (result.reason === 'too-large') throw responseTooLarge(call, wire.status, limits.maxBytes)
  throw new ResponseValidationError(
    'HTTP_RESPONSE_DAMAGED',
    `${call.label} answered a body whose content encoding can't be decoded (${result.reason}).`,
    { outcome: 'unknown', status: wire.status },
  )
}

const noBytes = new Uint8Array()
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** With the character set of the response (RFC 9110, 8.3.2); JSON and most others are UTF-8 by default. */
function textOf(call: Call, { status, headers }: Meta, bytes: Uint8Array): string {
  try {
    const charset = charsetByMark(bytes) ?? contentKind(headers['content-type']).charset
    return (charset === 'utf-8' ? utf8 : new TextDecoder(charset, { fatal: true })).decode(bytes)
  } catch {
    // An error's status matters more than its undecodable text.
    if (status >= 300) return new TextDecoder('latin1').decode(bytes)
    throw new ResponseValidationError(
      'HTTP_RESPONSE_DAMAGED',
      `${call.label} answered text that is not in the character set that it names, or in UTF-8.`,
      { outcome: 'unknown', status },
    )
  }
}

/**
 * A byte order mark takes precedence over what is declared, as in browsers; that of UTF-8 is dropped in any
 * case.
 */
function charsetByMark([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

/** The parts of a `content-type`. */
interface ContentKind {
  /** Lower case, without parameters. */
  readonly mediaType: string
  readonly charset: string
  readonly isHtml: boolean
  readonly isJson: boolean
}

/** An API uses only a few of them, and parsing one is more expensive than the rest of the decoding. */
const kinds = new Map<string, ContentKind>()
const kindsMax = 64

function contentKind(contentType = ''): ContentKind {
  const known = kinds.get(contentType)
  if (known !== undefined) return known
  const mediaType = (contentType.split(';', 1)[0] ?? '').trim().toLowerCase()
  const charset = /;\s*charset\s*=\s*"?([\w.:+-]{1,40})/i.exec(contentType)?.[1]?.toLowerCase()
  const kind: ContentKind = {
    mediaType,
    charset: charset === undefined || charset === 'utf8' ? 'utf-8' : charset,
    isHtml: mediaType === 'text/html' || mediaType === 'application/xhtml+xml',
    isJson: mediaType === 'application/json' || mediaType === 'text/json' || mediaType.endsWith('+json'),
  }
  if (kinds.size >= kindsMax) kinds.clear()
  kinds.set(contentType, kind)
  return kind
}

/** Pages are sent with any media type. */
function beginsLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype html|html[\s>])/i.test(text.slice(0, 256))
}

function beginsLikeXml(text: string): boolean {
  return /^\s*<(?:\?xml|[a-z])/i.test(text.slice(0, 256))
}

/** By media type, or one that the caller declares as JSON; without one, by the beginning of the text. */
function looksLikeJson(
  { isJson, mediaType }: ContentKind,
  text: string,
  jsonTypes: ResponseLimits['jsonTypes'],
): boolean {
  if (isJson || jsonTypes === 'all') return true
  if (jsonTypes.length > 0 && jsonTypes.some((type) => type.toLowerCase() === mediaType)) return true
  return mediaType === '' && /^\s*[[{]/.test(text.slice(0, 256))
}

function beginsLikeJson(text: string): boolean {
  return /^\s*(?:\{\s*["}]|\[\s*["[{\]\d-])/.test(text.slice(0, 256))
}

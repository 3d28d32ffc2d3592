/**
 * A `Response` that knows its address, which the constructor has no parameter for, and that is created
 * lazily.
 *
 * A body that has been received is kept as bytes: reading it through the stream that the constructor creates
 * is more expensive than the whole call. Headers and stream are created on first access. *unread* → *read*,
 * by any of the methods that read or by the stream.
 */
import type { StreamedExchange } from './client.ts'
import { headerPairs } from './header-names.ts'

/** Address and content of a response. */
export interface ResponseParts extends Omit<StreamedExchange, 'data' | 'isCacheMiss'> {
  readonly data: Uint8Array | ReadableStream<Uint8Array> | null
}

/**
 * The platform's class with the methods used here: its types differ between libraries, in ways that matter to
 * a subclass.
 */
interface PlatformResponse {
  text(): Promise<string>
  json(): Promise<unknown>
  bytes(): Promise<Uint8Array>
  arrayBuffer(): Promise<ArrayBuffer>
  blob(): Promise<Blob>
  formData(): Promise<FormData>
  clone(): PlatformResponse
}

const Base = Response as unknown as new (
  body: ReadableStream<Uint8Array> | null,
  init: ResponseInit,
) => PlatformResponse

/** A response of `createFetch`. */
export function fetchedResponse(parts: ResponseParts): Response {
  return new FetchedResponse(parts) as unknown as Response
}

class FetchedResponse extends Base {
  readonly #parts: ResponseParts
  #bytes: Uint8Array | undefined
  /** Used once bytes are requested as a stream, or in a form that only the platform creates. */
  #full: Response | undefined
  #headers: Headers | undefined
  #isRead = false

  constructor(parts: ResponseParts) {
    const { status, statusText, headers, data } = parts
    if (data instanceof Uint8Array) super(null, { status, statusText })
    else super(data, { status, statusText, headers: headerPairs(headers) })
    this.#parts = parts
    if (data instanceof Uint8Array) this.#bytes = data
  }

  get url(): string {
    return this.#parts.url
  }

  get redirected(): boolean {
    return this.#parts.isRedirected
  }

  get type(): string {
    return 'basic'
  }

  get headers(): Headers {
    this.#headers ??= immutableHeaders(headerPairs(this.#parts.headers))
    return this.#headers
  }

  get body(): Response['body'] {
    return this.#bytes === undefined ? (inherited(this, 'body') as Response['body']) : this.#asFull().body
  }

  get bodyUsed(): boolean {
    return this.#bytes === undefined
      ? inherited(this, 'bodyUsed') === true
      : this.#isRead || this.#full?.bodyUsed === true
  }

  override async text(): Promise<string> {
    const bytes = this.#take()
    return bytes === undefined ? (this.#full?.text() ?? super.text()) : new TextDecoder().decode(bytes)
  }

  override async json(): Promise<unknown> {
    const bytes = this.#take()
    if (bytes === undefined) return this.#full?.json() ?? super.json()
    return JSON.parse(new TextDecoder().decode(bytes))
  }

  override async bytes(): Promise<Uint8Array> {
    const bytes = this.#take()
    return bytes === undefined ? (this.#full?.bytes() ?? super.bytes()) : new Uint8Array(bytes)
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = this.#take()
    return bytes === undefined
      ? (this.#full?.arrayBuffer() ?? super.arrayBuffer())
      : new Uint8Array(bytes).buffer
  }

  override async blob(): Promise<Blob> {
    return this.#bytes === undefined ? super.blob() : this.#asFull().blob()
  }

  override async formData(): Promise<FormData> {
    return this.#bytes === undefined ? super.formData() : this.#asFull().formData()
  }

  override clone(): PlatformResponse {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.')
    if (this.#bytes !== undefined && this.#full === undefined) return new FetchedResponse(this.#parts)
    // The platform tees the stream; this response keeps one branch.
    const copy = this.#full === undefined ? super.clone() : this.#full.clone()
    return new FetchedResponse({ ...this.#parts, data: Reflect.get(copy, 'body') })
  }

  /**
   * The bytes, to be read now; undefined when they have not been received, or belong to a stream. @throws
   * TypeError when they were read before
   */
  #take(): Uint8Array | undefined {
    if (this.#bytes === undefined || this.#full !== undefined) return undefined
    if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read')
    this.#isRead = true
    return this.#bytes
  }

  /** @throws TypeError when the bytes were read before */
  #asFull(): Response {
    if (this.#full === undefined) {
      const full = new Response(new Uint8Array(this.#bytes ?? []), {
        headers: headerPairs(this.#parts.headers),
      })
      if (this.#isRead) void full.arrayBuffer()
      this.#full = full
    }
    return this.#full
  }
}

/** Headers of a response from the network can't be changed. */
function immutableHeaders(pairs: [string, string][]): Headers {
  const headers = new Headers(pairs)
  const refuse = { value: throwImmutable }
  return Object.defineProperties(headers, { set: refuse, append: refuse, delete: refuse })
}

function throwImmutable(): never {
  throw new TypeError('The headers of a response are immutable.')
}

/** The value of the platform's own getter. */
function inherited(response: FetchedResponse, name: 'body' | 'bodyUsed'): unknown {
  return Reflect.get(Response.prototype, name, response)
}

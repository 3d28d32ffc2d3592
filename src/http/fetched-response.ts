/**
 * A `Response` that knows its address, which the constructor has no parameter for, and that is created
 * lazily.
 *
 * A body that has been received is kept as bytes, and one that is still arriving as what it arrives from:
 * reading either through the stream that the constructor creates is more expensive than the whole call.
 * Headers and stream are created on first access. *unread* → *read*, by any of the methods that read or by
 * the stream.
 */
import type { StreamedExchange } from './client.ts'
import { headerPairs } from './header-names.ts'

/** Address and content of a response. */
export interface ResponseParts extends Omit<StreamedExchange, 'data' | 'isCacheMiss'> {
  readonly data: Uint8Array | ArrivingBody | null
}

/** A body of which the rest is still to come. It is read once, in one of these ways. */
export interface ArrivingBody {
  /** Rejects as the body of `fetch` does. */
  readonly whole: () => Promise<Uint8Array>
  readonly stream: () => ReadableStream<Uint8Array>
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
  #arriving: ArrivingBody | undefined
  /** Used once bytes are requested as a stream, or in a form that only the platform creates. */
  #full: Response | undefined
  #headers: Headers | undefined
  #isRead = false

  constructor(parts: ResponseParts) {
    const { status, statusText, data } = parts
    super(null, { status, statusText })
    this.#parts = parts
    if (data instanceof Uint8Array) this.#bytes = data
    else if (data !== null) this.#arriving = data
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
    return this.#isEmpty ? null : this.#asFull().body
  }

  get bodyUsed(): boolean {
    return this.#isRead || this.#full?.bodyUsed === true
  }

  override async text(): Promise<string> {
    const bytes = await this.#take()
    return bytes === undefined ? this.#asFull().text() : new TextDecoder().decode(bytes)
  }

  override async json(): Promise<unknown> {
    const bytes = await this.#take()
    return bytes === undefined ? this.#asFull().json() : JSON.parse(new TextDecoder().decode(bytes))
  }

  override async bytes(): Promise<Uint8Array> {
    const bytes = await this.#take()
    return bytes === undefined ? this.#asFull().bytes() : new Uint8Array(bytes)
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = await this.#take()
    return bytes === undefined ? this.#asFull().arrayBuffer() : new Uint8Array(bytes).buffer
  }

  override async blob(): Promise<Blob> {
    return this.#asFull().blob()
  }

  override async formData(): Promise<FormData> {
    return this.#asFull().formData()
  }

  override clone(): PlatformResponse {
    if (this.bodyUsed) throw new TypeError('Response.clone: Body has already been consumed.')
    if (this.#full === undefined && this.#arriving === undefined) return new FetchedResponse(this.#parts)
    // The platform tees the stream; this response keeps one branch.
    const copy = this.#asFull().clone()
    const { body } = copy
    const data =
      body === null ? null : { whole: () => copy.bytes(), stream: () => body as ReadableStream<Uint8Array> }
    return new FetchedResponse({ ...this.#parts, data })
  }

  get #isEmpty(): boolean {
    return this.#bytes === undefined && this.#arriving === undefined
  }

  /**
   * The bytes, to be read now; undefined when there is no body, or it belongs to a stream. @throws TypeError
   * when they were read before
   */
  #take(): Uint8Array | Promise<Uint8Array> | undefined {
    if (this.#isEmpty || this.#full !== undefined) return undefined
    if (this.#isRead) throw new TypeError('Body is unusable: Body has already been read')
    this.#isRead = true
    return this.#bytes ?? this.#arriving?.whole()
  }

  /** @throws TypeError when the body was read before */
  #asFull(): Response {
    if (this.#full !== undefined) return this.#full
    const headers = headerPairs(this.#parts.headers)
    // What arrived and was read is spent; in its place the platform gets something to say so about.
    const rest = this.#isRead ? new Uint8Array() : this.#arriving?.stream()
    const full = new Response(this.#bytes === undefined ? (rest ?? null) : new Uint8Array(this.#bytes), {
      headers,
    })
    if (this.#isRead) void full.arrayBuffer()
    this.#full = full
    return full
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

/**
 * Responses without sockets, for tests of code that uses a client. Everything above the sockets is real:
 * retries, limits, errors.
 */

import { UsageError } from '../../model/errors.ts'
import { type Call, type Method, outcomeSoFar, type WireResponse } from '../call.ts'
import type { TransportFactory } from '../client-transport.ts'
import { NetworkError } from '../errors.ts'
import { writeJson } from '../json.ts'
import { sleepUntilStopped } from '../stop.ts'
import { isStreamBody } from '../stream-body.ts'

/** A request as received by the mock. */
export interface MockRequest {
  /** HTTP method, upper case. */
  readonly method: Method
  /** Complete address, including the query. */
  readonly url: URL
  /** Path template of the call: `/users/{id}`. */
  readonly route: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** Body as text; empty when there was none. */
  readonly body: string
}

/** A response of the mock. At most one of `json`, `text` and `bytes`. */
export interface MockResponse {
  /** @default 200 */
  readonly status?: number
  /** Headers of the response. @default only the content type */
  readonly headers?: Readonly<Record<string, string>>
  /** Body, sent as JSON. */
  readonly json?: unknown
  /** Body, sent as plain text. */
  readonly text?: string
  /** Body, sent as it is. */
  readonly bytes?: Uint8Array
  /** Delay before the response, in real time. @default 0 */
  readonly delayMs?: number
  /** `refused`: the request was never sent · `reset`: it was sent, no response was received. */
  readonly fail?: 'refused' | 'reset'
}

/** Returns the response to a request; undefined when it has no response for this request. */
export type MockHandler = (
  request: MockRequest,
) => MockResponse | undefined | Promise<MockResponse | undefined>

/** A mock that replaces the sockets: `new ApiClient({ baseUrl, transport: mock.transport })`. */
export interface MockTransport {
  /** Value for the option `transport` of the client. */
  readonly transport: TransportFactory
  /** Requests sent so far, including token requests. */
  readonly requests: readonly MockRequest[]
}

/**
 * Creates a mock transport. A request that the handler does not expect fails as a mistake of the test, before
 * anything is "sent".
 */
export function mockTransport(handler: MockHandler): MockTransport {
  const requests: MockRequest[] = []
  async function exchange(call: Call): Promise<WireResponse> {
    const request = await requestOf(call)
    const response = await handler(request)
    if (response === undefined) {
      throw new UsageError(
        'HTTP_MOCK_UNEXPECTED',
        `${call.label}: the mock transport has no response for this request.`,
      )
    }
    if (response.fail === 'refused') throw failure(call, 'ECONNREFUSED')
    requests.push(request)
    call.progress.mayHaveLanded = true
    call.progress.phase = 'headers'
    await sleepUntilStopped(response.delayMs ?? 0, call.stop)
    if (response.fail === 'reset') throw failure(call, 'ECONNRESET')
    return wireResponse(response)
  }
  return { requests, transport: () => ({ exchange, close: async () => {} }) }
}

async function requestOf(call: Call): Promise<MockRequest> {
  const { method, route, headers } = call
  return { method, url: new URL(call.origin + call.path), route, headers, body: await bodyText(call) }
}

/** Returns the body as text; a stream is read to its end. */
export async function bodyText({ body }: Call): Promise<string> {
  if (body === undefined) return ''
  if (typeof body === 'string') return body
  if (!isStreamBody(body)) return Buffer.from(body).toString('utf8')
  const chunks: Uint8Array[] = []
  for await (const chunk of body.open()) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function wireResponse({ status = 200, headers, json, text, bytes }: MockResponse): WireResponse {
  const type = json === undefined ? 'text/plain' : 'application/json'
  const content =
    json === undefined ? (bytes ?? Buffer.from(text ?? '', 'utf8')) : Buffer.from(writeJson(json))
  return { status, headers: { 'content-type': type, ...headers }, bytes: content }
}

function failure(call: Call, systemCode: string): NetworkError {
  const outcome = outcomeSoFar(call.progress)
  return new NetworkError('HTTP_NETWORK', `${call.label} failed: ${systemCode} (mock).`, {
    outcome,
    systemCode,
  })
}

/**
 * Situations that suites written for global `fetch` ask about (those of undici, of the web platform and of
 * node-fetch), each as a server and what a caller does. A play's result is what the caller saw.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FetchLike } from '../../../src/http/fetch-adapter.ts'

export type Respond = (request: IncomingMessage, response: ServerResponse, body: string) => void
export type Play = (fetch: FetchLike, url: string) => unknown

export interface FetchPlay {
  readonly name: string
  readonly respond: Respond
  readonly play: Play
}

/** The names of headers that a caller sets, or that depend on the body alone. */
const comparable = [
  ...['accept', 'content-type', 'content-length', 'transfer-encoding', 'cache-control', 'pragma'],
  ...['x-a', 'cookie', 'if-none-match', 'range'],
]

/** Answers with what was sent. */
export const echo: Respond = ({ method, url, headers }, response, body) => {
  const named = Object.fromEntries(
    comparable.flatMap((name) => (name in headers ? [[name, headers[name]]] : [])),
  )
  // The boundary of a form is random.
  const text = JSON.stringify({ method, url, headers: named, body }).replaceAll(
    /-*formdata-undici-\d+/g,
    'BOUNDARY',
  )
  response.writeHead(200, { 'content-type': 'application/json' }).end(text)
}

export const text =
  (body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}, status = 200): Respond =>
  (_request, response) =>
    void response.writeHead(status, headers).end(body)

/** Redirects `/` to the address, and answers everything else with what was sent. */
export const redirect =
  (status: number, location?: string): Respond =>
  (request, response, body) => {
    if (request.url !== '/') return echo(request, response, body)
    return void response.writeHead(status, location === undefined ? {} : { location }).end('moved')
  }

const nameOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  const code = cause instanceof Error ? Reflect.get(cause, 'code') : undefined
  // Codes of the system are part of the contract; those of a client are its own.
  return typeof code === 'string' && /^E[A-Z]+$/.test(code) ? `${error.name} ${code}` : error.name
}

/** The result, or the name of the error. */
export async function outcomeOf(run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    return { error: nameOf(error) }
  }
}

export const json: Play = async (fetch, url) => (await fetch(url)).json()
export const read: Play = async (fetch, url) => (await fetch(url)).text()
export const send =
  (init: RequestInit | (() => RequestInit), path = ''): Play =>
  async (fetch, url) =>
    (await fetch(url + path, typeof init === 'function' ? init() : init)).json()

/** What a response tells beside its body. */
export const facts = (
  { status, statusText, ok, type, redirected, url, body, bodyUsed, headers }: Response,
  base: string,
) => ({
  ...{ status, statusText, ok, type, redirected, bodyUsed },
  url: url.replace(base, ''),
  body: body === null ? null : body.constructor.name,
  type2: headers.get('content-type'),
})
export const reported =
  (init: RequestInit = {}): Play =>
  async (fetch, url) =>
    facts(await fetch(url, init), url)

export const chunks = (...parts: readonly string[]) =>
  new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part))
      controller.close()
    },
  })
export const duplex = (init: RequestInit): RequestInit => ({ duplex: 'half', ...init }) as RequestInit

export const never: Respond = () => undefined
/** Sends the beginning of a body and nothing more. */
export const begins: Respond = (_request, response) => void response.writeHead(200).write('begin')
export const breaksOff: Respond = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' }).write('part')
  setTimeout(() => response.destroy(), 20)
}

export const coded = (encoding: string, bytes: Uint8Array): Respond =>
  text(bytes, { 'content-encoding': encoding, 'content-type': 'text/plain' })

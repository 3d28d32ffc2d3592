/**
 * Records real exchanges in a file and replays them: tests against an API without the API.
 *
 * Credentials are never written to the file: headers and query parameters keep their values only if they are
 * on an allow-list, and in JSON and form bodies the fields of credentials are replaced, at every depth. Other
 * confidential fields are specified by the test.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { UsageError } from '../../model/errors.ts'
import { loggableHeaders, loggableQuery, redacted } from '../../model/redaction.ts'
import { isSpentBySending } from '../bodies/request-body.ts'
import type { Call, WireResponse } from '../call.ts'
import type { ClientTransport, TransportFactory } from '../client-transport.ts'
import { decompress } from '../decompress.ts'
import { bodyText } from './mock-transport.ts'

/** Options of a cassette. */
export interface CassetteOptions {
  /** JSON file. */
  readonly file: string
  /**
   * `record` sends and records · `replay` never sends · `auto` replays when the file exists. @default 'auto'
   */
  readonly mode?: 'record' | 'replay' | 'auto'
  /**
   * Additional fields of JSON and form bodies whose values are replaced: `['email', 'taxNumber']`. @default
   * none
   */
  readonly redactFields?: readonly string[]
  /** Texts that must not appear in the file in any form; writing fails if one would. @default none */
  readonly secrets?: readonly string[]
}

/** Fields that contain credentials, as named by OAuth and most APIs. Compared without case, `-` and `_`. */
const credentialFields = [
  'accesstoken',
  'apikey',
  'assertion',
  'authorization',
  'clientassertion',
  'clientsecret',
  'code',
  'idtoken',
  'password',
  'refreshtoken',
  'secret',
  'signature',
  'token',
]

interface Exchange {
  readonly request: { readonly method: string; readonly address: string; readonly body: string }
  readonly response: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** Set when the body is not text. */
    readonly base64?: true
  }
}

/**
 * Creates a transport that records or replays: `new ApiClient({ baseUrl, transport: cassette({ file }) })`.
 */
export function cassette(options: CassetteOptions): TransportFactory {
  const replays = options.mode === 'replay' || (options.mode !== 'record' && existsSync(options.file))
  return (sockets) => (replays ? replaying(options) : recording(options, sockets()))
}

function recording(options: CassetteOptions, sockets: ClientTransport): ClientTransport {
  const exchanges: Exchange[] = []
  return {
    async exchange(call) {
      const request = await keptRequest(call, options)
      const response = await sockets.exchange({ ...call, streams: false })
      const plain = await plainResponse(response)
      exchanges.push({ request, response: keptResponse(plain, options) })
      return plain
    },
    async close() {
      await sockets.close()
      write(options, exchanges)
    },
  }
}

/** Equal requests are answered in the order in which they were recorded; the last response is repeated. */
function replaying(options: CassetteOptions): ClientTransport {
  const exchanges = read(options.file)
  const played = new Set<Exchange>()
  return {
    async exchange(call) {
      const wanted = JSON.stringify(await keptRequest(call, options))
      const fitting = exchanges.filter(({ request }) => JSON.stringify(request) === wanted)
      const found = fitting.find((one) => !played.has(one)) ?? fitting.at(-1)
      if (found === undefined) {
        const message = `${call.label} is not on the cassette ${options.file}: record it again.`
        throw new UsageError('HTTP_MOCK_UNEXPECTED', message)
      }
      played.add(found)
      call.progress.mayHaveLanded = true
      const { status, headers, body, base64 } = found.response
      return { status, headers, bytes: Buffer.from(body, base64 === true ? 'base64' : 'utf8') }
    },
    close: async () => {},
  }
}

/** Stored and returned without its content encoding, so that the file is readable. */
async function plainResponse(response: WireResponse): Promise<WireResponse> {
  const { 'content-encoding': encoding, 'content-length': _length, ...headers } = response.headers
  const plain = await decompress(response.bytes, encoding, 64 * 1024 * 1024)
  return plain.ok ? { ...response, headers, bytes: plain.bytes } : response
}

async function keptRequest(call: Call, options: CassetteOptions): Promise<Exchange['request']> {
  const url = new URL(call.origin + call.path)
  for (const name of new Set(url.searchParams.keys())) {
    if (!loggableQuery.has(name.toLowerCase())) url.searchParams.set(name, redacted)
  }
  const type = call.headers['content-type'] ?? ''
  // An upload's boundary differs each time, and a stream that can be read only once must not be consumed
  // here.
  const body =
    type.startsWith('multipart/') || isSpentBySending(call)
      ? ''
      : redactBody(await bodyText(call), type, options)
  return { method: call.method, address: url.pathname + url.search, body }
}

function keptResponse(
  { status, headers, bytes }: WireResponse,
  options: CassetteOptions,
): Exchange['response'] {
  const names = Object.entries(headers).filter(([name]) => loggableHeaders.has(name) || name === 'link')
  const kept = { status, headers: Object.fromEntries(names) }
  const text = Buffer.from(bytes).toString('utf8')
  if (!Buffer.from(text, 'utf8').equals(bytes)) {
    return { ...kept, body: Buffer.from(bytes).toString('base64'), base64: true }
  }
  return { ...kept, body: redactBody(text, headers['content-type'] ?? '', options) }
}

function redactBody(text: string, contentType: string, { redactFields = [] }: CassetteOptions): string {
  const names = new Set([...credentialFields, ...redactFields.map(plainName)])
  if (contentType.startsWith('application/x-www-form-urlencoded')) {
    const form = new URLSearchParams(text)
    for (const name of new Set(form.keys())) if (names.has(plainName(name))) form.set(name, redacted)
    return form.toString()
  }
  try {
    return JSON.stringify(JSON.parse(text, (key, value) => (names.has(plainName(key)) ? redacted : value)))
  } catch {
    return text
  }
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}

function write({ file, secrets = [] }: CassetteOptions, exchanges: readonly Exchange[]): void {
  const text = `${JSON.stringify({ version: 1, exchanges }, null, 2)}\n`
  for (const secret of secrets) {
    const forms = [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]
    const packed = ['base64', 'hex'] as const
    if (
      [...forms, ...packed.map((form) => Buffer.from(secret).toString(form))].some((form) =>
        text.includes(form),
      )
    ) {
      const message = `The cassette ${file} was not written: it would hold a secret. Name its field in redactFields.`
      throw new UsageError('HTTP_CASSETTE_UNUSABLE', message)
    }
  }
  writeFileSync(`${file}.part`, text)
  renameSync(`${file}.part`, file)
}

function read(file: string): readonly Exchange[] {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isCassette(content)) return content.exchanges
  } catch (cause) {
    throw new UsageError('HTTP_CASSETTE_UNUSABLE', `The cassette ${file} can't be read.`, { cause })
  }
  throw new UsageError('HTTP_CASSETTE_UNUSABLE', `${file} is not a cassette of version 1.`)
}

function isCassette(value: unknown): value is { readonly exchanges: readonly Exchange[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === 1 &&
    'exchanges' in value &&
    Array.isArray(value.exchanges)
  )
}

/** All names of the client's options, checked against their types by the compiler. */
import { suggestion } from '../model/definition/nearest.ts'
import { UsageError } from '../model/errors.ts'
import type { BreakerOptions } from './breaker/circuit.ts'
import type { LimitOptions } from './limits/rate-limiter.ts'
import type { ProxyOptions } from './network/proxy.ts'
import type {
  ApiClientOptions,
  CacheOptions,
  ResponseLimits,
  RetryOptions,
  StreamOptions,
  Timeouts,
  TypedCallOptions,
} from './options.ts'
import type { ItemsOptions } from './pagination/walk.ts'

const client = namesOf<ApiClientOptions>({
  baseUrl: true,
  secretPath: true,
  headers: true,
  auth: true,
  tokens: true,
  timeouts: true,
  retry: true,
  limits: true,
  response: true,
  cache: true,
  coalesceReads: true,
  cookies: true,
  redirects: true,
  breaker: true,
  idempotencyHeader: true,
  allowHttp: true,
  ca: true,
  clientCertificate: true,
  allowAddresses: true,
  allowPorts: true,
  proxy: true,
  lookup: true,
  connections: true,
  beforeRequest: true,
  onAttempt: true,
  telemetry: true,
  transport: true,
  clock: true,
  random: true,
})
const timeouts = namesOf<Timeouts>({ totalMs: true, connectMs: true, headersMs: true, bodyIdleMs: true })
const retry = namesOf<RetryOptions>({ retries: true, baseMs: true, capMs: true, maxRetryAfterMs: true })
const response = namesOf<ResponseLimits>({
  maxBytes: true,
  maxRatio: true,
  maxDepth: true,
  numbers: true,
  jsonTypes: true,
})
const breaker = namesOf<BreakerOptions>({ failures: true, windowMs: true, openMs: true })
const cache = namesOf<CacheOptions>({
  store: true,
  partition: true,
  impersonalHeaders: true,
  heuristic: true,
})
const limits = namesOf<LimitOptions>({
  rates: true,
  concurrency: true,
  reserve: true,
  maxWaiting: true,
  learn: true,
  parse: true,
  shared: true,
})
const proxy = namesOf<ProxyOptions>({ url: true, auth: true, noProxy: true })
const call = namesOf<StreamOptions & TypedCallOptions<unknown> & ItemsOptions>({
  path: true,
  query: true,
  headers: true,
  json: true,
  form: true,
  multipart: true,
  body: true,
  signal: true,
  onUploadProgress: true,
  onDownloadProgress: true,
  totalMs: true,
  retries: true,
  idempotencyKey: true,
  readOnly: true,
  priority: true,
  endpointClass: true,
  startBefore: true,
  correlationIds: true,
  schema: true,
  method: true,
  maxBytes: true,
  paginate: true,
  items: true,
  itemsRequired: true,
  itemsMax: true,
  pagesMax: true,
})

/** @throws UsageError HTTP_OPTIONS_INVALID naming the nearest known option */
export function assertKnownOptions(options: ApiClientOptions): void {
  assertKnown(options, client, '')
  if (options.timeouts !== undefined) assertKnown(options.timeouts, timeouts, 'timeouts.')
  if (options.retry !== undefined) assertKnown(options.retry, retry, 'retry.')
  if (options.response !== undefined) assertKnown(options.response, response, 'response.')
  if (options.limits !== undefined) assertKnown(options.limits, limits, 'limits.')
  if (options.proxy !== undefined) assertKnown(options.proxy, proxy, 'proxy.')
  if (typeof options.breaker === 'object') assertKnown(options.breaker, breaker, 'breaker.')
  if (typeof options.cache === 'object') assertKnown(options.cache, cache, 'cache.')
}

/** The same for the options of one call. */
export function assertKnownCallOptions(options: object): void {
  assertKnown(options, call, '')
}

/** The set of all names of an options type; omitting one is a type error. */
function namesOf<Options extends object>(
  names: Readonly<Record<keyof Required<Options>, true>>,
): ReadonlySet<string> {
  return new Set(Object.keys(names))
}

/**
 * A mistyped limit would not apply. @throws UsageError HTTP_OPTIONS_INVALID naming the nearest known option
 */
function assertKnown(given: object, known: ReadonlySet<string>, place: string): void {
  for (const name in given) {
    if (known.has(name)) continue
    const hint = suggestion(name, known)
    throw new UsageError(
      'HTTP_OPTIONS_INVALID',
      `The option ${place}${name} is unknown${hint === undefined ? '' : `: ${hint}`}${hint?.endsWith('?') === true ? '' : '.'}`,
    )
  }
}

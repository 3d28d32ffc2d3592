/** The part of a system's section that every HTTP connector shares, and its conversion to an API client. */
import { z } from 'zod'
import type { CallLogEntry } from '../../http/call-log.ts'
import { ApiClient } from '../../http/client.ts'
import type { LimitOptions } from '../../http/limits/rate-limiter.ts'
import type { ProxyOptions } from '../../http/network/proxy.ts'
import type { ApiClientOptions, ResponseLimits } from '../../http/options.ts'
import { parseShare, shareSchema } from '../../model/definition/schema/text.ts'
import { authSchema, clientCertificateSchema } from './auth-schema.ts'
import type { ConnectorBinding } from './define-connector.ts'

const rate = z.number().positive().optional()

const limitsSchema = z.strictObject({
  concurrency: z.int().min(1).max(1_000).optional().describe('Concurrent requests.'),
  perSecond: rate.describe('Requests per second; below 1 they are spread, 0.5 is one in two seconds.'),
  perMinute: rate.describe('Requests per minute.'),
  perHour: rate.describe('Requests per hour.'),
  perDay: rate.describe('Requests per day.'),
  reserve: shareSchema.optional().describe('Share of each limit that is reserved for manual work.'),
})

const proxySchema = z.strictObject({
  url: z.string().min(1).describe('Address of the proxy: `http://proxy.example:3128`.'),
  auth: z
    .strictObject({
      username: z.string().min(1).describe('The user name.'),
      password: z.string().min(1).describe('The password.'),
    })
    .optional()
    .describe('Credentials for a proxy that requires authentication.'),
  noProxy: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Hosts called directly: a name with its subdomains, an address, a network, or `*`. Loopback always is.',
    ),
})

/** Keys of a system that is reached over HTTP; a connector's schema spreads them. */
export const connectionShape = {
  url: z
    .string()
    .min(1)
    .describe('Address that every call stays below. HTTPS, except loopback with `allowHttp`.'),
  auth: authSchema.optional().describe('Authentication of calls. Default: none.'),
  clientCertificate: clientCertificateSchema
    .optional()
    .describe('Client certificate, for systems that require mutual TLS.'),
  limits: limitsSchema
    .optional()
    .describe('Limits of the system. Limits in its responses are observed automatically.'),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Sent with every request. Credentials belong in `auth`: headers are not treated as secret.'),
  allowHttp: z
    .boolean()
    .optional()
    .describe('Allows plain HTTP to a loopback address, for development on one machine. Default false.'),
  allowAddresses: z
    .array(z.string().min(1))
    .optional()
    .describe(
      'Addresses that may be called beside public ones: `loopback`, `private`, a network or one address.',
    ),
  allowPorts: z
    .array(z.int().min(1).max(65_535))
    .optional()
    .describe("Ports that may be called beside the url's and the token endpoint's own. Default 443."),
  proxy: proxySchema
    .optional()
    .describe('Sends calls through a proxy. Environment variables are not used. Default: none.'),
  ca: z.string().optional().describe('Certificate authority (PEM) trusted beside the built-in ones.'),
  maxResponseBytes: z.int().min(1_024).optional().describe('Largest response in bytes. Default 33554432.'),
  jsonTypes: z
    .union([z.literal('all'), z.array(z.string().min(1)).min(1)])
    .optional()
    .describe(
      'Media types that are read as JSON in addition to `application/json`, `text/json` and `+json`, for an API that uses another one: `[text/html]`. `all` reads every body as JSON.',
    ),
} as const

const connectionSchema = z.object(connectionShape)

/** A checked connection section. */
export type Connection = z.output<typeof connectionSchema>

const periods = { perSecond: 1_000, perMinute: 60_000, perHour: 3_600_000, perDay: 86_400_000 } as const

/** Converts rates below one request to longer windows: 0.5 per second is one in two seconds. */
function limitsOf(limits: Connection['limits']): LimitOptions {
  const rates = Object.entries(periods).flatMap(([name, perMs]) => {
    const requests = limits?.[name as keyof typeof periods]
    if (requests === undefined) return []
    return [
      requests >= 1 ? { requests: Math.floor(requests), perMs } : { requests: 1, perMs: perMs / requests },
    ]
  })
  const reserve = limits?.reserve === undefined ? undefined : parseShare(limits.reserve)
  return { ...(rates.length === 0 ? {} : { rates }), ...(reserve === undefined ? {} : { reserve }) }
}

function proxyOf({ url, auth, noProxy }: z.output<typeof proxySchema>): ProxyOptions {
  return {
    url,
    ...(auth === undefined ? {} : { auth }),
    ...(noProxy === undefined ? {} : { noProxy }),
  }
}

/** Returns the section's bounds and formats of responses. */
export function responseOptions({
  maxResponseBytes,
  jsonTypes,
}: Pick<Connection, 'maxResponseBytes' | 'jsonTypes'>): Partial<ResponseLimits> {
  return {
    ...(maxResponseBytes === undefined ? {} : { maxBytes: maxResponseBytes }),
    ...(jsonTypes === undefined ? {} : { jsonTypes }),
  }
}

/** Returns the client's options for address, authentication and limits from the section's keys. */
export function accessOptions(connection: Connection): ApiClientOptions {
  return {
    baseUrl: connection.url,
    limits: limitsOf(connection.limits),
    ...(connection.auth === undefined ? {} : { auth: connection.auth }),
    ...(connection.clientCertificate === undefined
      ? {}
      : { clientCertificate: connection.clientCertificate }),
    ...(connection.headers === undefined ? {} : { headers: connection.headers }),
    ...(connection.allowHttp === undefined ? {} : { allowHttp: connection.allowHttp }),
    ...(connection.allowAddresses === undefined ? {} : { allowAddresses: connection.allowAddresses }),
    ...(connection.allowPorts === undefined ? {} : { allowPorts: connection.allowPorts }),
    ...(connection.proxy === undefined ? {} : { proxy: proxyOf(connection.proxy) }),
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
  }
}

/**
 * Creates the client of one system.
 *
 * @param own options of this system's API that take precedence over the kit's: cookies, an idempotency
 *   header, a parser of limits
 * @throws UsageError HTTP_OPTIONS_INVALID
 */
export function connectClient(
  connection: Connection,
  binding: ConnectorBinding,
  own: Partial<ApiClientOptions> = {},
): ApiClient {
  const { name, timing, dependencies } = binding
  const { onAttempt } = dependencies
  const access = accessOptions(connection)
  return new ApiClient({
    timeouts: {
      totalMs: Math.max(timing.readTimeoutMs, timing.writeTimeoutMs),
      connectMs: Math.min(10_000, timing.readTimeoutMs),
    },
    // The engine has its own back-off; the client only bridges short disturbances of reads.
    retry: { retries: 2, baseMs: 100, capMs: 2_000 },
    // The engine itself holds back a failing system's lanes, and knows for each record when to read it again.
    breaker: false,
    connections: Math.min(1_024, timing.concurrency + 8),
    clock: dependencies.clock,
    ...(dependencies.tokens === undefined ? {} : { tokens: dependencies.tokens }),
    ...(dependencies.random === undefined ? {} : { random: dependencies.random }),
    ...(onAttempt === undefined ? {} : { onAttempt: (entry: CallLogEntry) => onAttempt(name, entry) }),
    ...own,
    ...access,
    headers: { ...own.headers, ...access.headers },
    limits: {
      ...own.limits,
      ...access.limits,
      ...(dependencies.buckets === undefined ? {} : { shared: { store: dependencies.buckets, key: name } }),
    },
    response: { ...own.response, ...responseOptions(connection) },
  })
}

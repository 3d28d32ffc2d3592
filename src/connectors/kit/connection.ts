/** The part of a system's section that every HTTP connector shares, and how it becomes an API client. */
import { z } from 'zod'
import type { CallLogEntry } from '../../http/call-log.ts'
import { ApiClient } from '../../http/client.ts'
import type { LimitOptions } from '../../http/limits/rate-limiter.ts'
import type { ApiClientOptions } from '../../http/options.ts'
import { parseShare, shareSchema } from '../../model/definition/schema/text.ts'
import { authSchema, clientCertificateSchema } from './auth-schema.ts'
import type { ConnectorBinding } from './define-connector.ts'

const limitsSchema = z.strictObject({
  concurrency: z.int().min(1).max(1_000).optional(),
  perSecond: z.number().positive().optional(),
  perMinute: z.number().positive().optional(),
  perHour: z.number().positive().optional(),
  perDay: z.number().positive().optional(),
  reserve: shareSchema.optional(),
})

/** Keys of a system that is reached over HTTP; a connector's schema spreads them. */
export const connectionShape = {
  url: z.string().min(1),
  auth: authSchema.optional(),
  /** Certificate and key in PEM, for systems that want mutual TLS. */
  clientCertificate: clientCertificateSchema.optional(),
  limits: limitsSchema.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Allows plain HTTP to a loopback address, for development on one machine. */
  allowHttp: z.boolean().optional(),
  /** Addresses allowed beside public ones: `loopback`, `private`, a network or one address. */
  allowAddresses: z.array(z.string().min(1)).optional(),
  /** Certificate authority (PEM) trusted beside the built-in ones. */
  ca: z.string().optional(),
  /** Largest answer in bytes. */
  maxAnswerBytes: z.int().min(1_024).optional(),
} as const

const connectionSchema = z.object(connectionShape)

/** A checked connection section. */
export type Connection = z.output<typeof connectionSchema>

const periods = { perSecond: 1_000, perMinute: 60_000, perHour: 3_600_000, perDay: 86_400_000 } as const

/** Rates below one request are spread: 0.5 per second is one in two seconds. */
function limitsOf(limits: Connection['limits']): LimitOptions {
  const rates = Object.entries(periods).flatMap(([name, perMs]) => {
    const requests = limits?.[name as keyof typeof periods]
    if (requests === undefined) return []
    return [
      requests >= 1 ? { requests: Math.floor(requests), perMs } : { requests: 1, perMs: perMs / requests },
    ]
  })
  const reserve = limits?.reserve === undefined ? undefined : parseShare(limits.reserve)
  return { rates, ...(reserve === undefined ? {} : { reserve }) }
}

/** Where a system is, how calls get in and how many may: the client's options by the section's keys. */
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
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
  }
}

/** Builds the client of one system. @throws RequestError HTTP_OPTIONS_INVALID */
export function connectClient(connection: Connection, binding: ConnectorBinding): ApiClient {
  const { name, timing, dependencies } = binding
  const { onAttempt } = dependencies
  const access = accessOptions(connection)
  return new ApiClient({
    ...access,
    limits: {
      ...access.limits,
      ...(dependencies.buckets === undefined ? {} : { shared: { store: dependencies.buckets, key: name } }),
    },
    timeouts: {
      totalMs: Math.max(timing.readTimeoutMs, timing.writeTimeoutMs),
      connectMs: Math.min(10_000, timing.readTimeoutMs),
    },
    // The engine has its own back-off; here only short disturbances of reads are bridged.
    retry: { retries: 2, baseMs: 100, capMs: 2_000 },
    // The engine holds a failing system's lanes back itself, and knows of each record when to look again.
    breaker: false,
    connections: Math.min(1_024, timing.concurrency + 8),
    clock: dependencies.clock,
    ...(dependencies.tokens === undefined ? {} : { tokens: dependencies.tokens }),
    ...(connection.maxAnswerBytes === undefined ? {} : { response: { maxBytes: connection.maxAnswerBytes } }),
    ...(dependencies.random === undefined ? {} : { random: dependencies.random }),
    ...(onAttempt === undefined ? {} : { onAttempt: (entry: CallLogEntry) => onAttempt(name, entry) }),
  })
}

/** An API client alone, from a plain object: the same section that a definition has under `systems`, and every further option of the client. */
import { z } from 'zod'
import { ApiClient } from '../../http/client.ts'
import type { ApiClientOptions } from '../../http/options.ts'
import { parseConfig } from './config-findings.ts'
import { accessOptions, connectionShape, responseOptions } from './connection.ts'

/** Bounds are the client's, which says them better than a schema. */
const number = z.number().optional()

const sectionSchema = z.strictObject({
  ...connectionShape,
  timeouts: z
    .strictObject({
      totalMs: number.describe('Longest a whole call may take.'),
      connectMs: number.describe('Longest name, TCP and TLS may take.'),
      headersMs: number.describe("Longest wait for the response's headers."),
      bodyIdleMs: number.describe("Longest silence within the response's body."),
    })
    .optional()
    .describe('Time bounds, in milliseconds. Default: as `Timeouts` says.'),
  retry: z
    .strictObject({
      retries: number.describe('Further attempts.'),
      baseMs: number.describe('First bound of the random wait, in milliseconds.'),
      capMs: number.describe('Largest bound of the random wait, in milliseconds.'),
    })
    .optional()
    .describe('When and how often a call is sent again. Default: as `RetryOptions` says.'),
  breaker: z
    .union([
      z.literal(false),
      z.strictObject({
        failures: number.describe('Failures that open the circuit.'),
        windowMs: number.describe('Within how many milliseconds they count.'),
        openMs: number.describe('How long nothing is sent then, in milliseconds.'),
      }),
    ])
    .optional()
    .describe('The circuit breaker; false for none. Default: as `BreakerOptions` says.'),
  response: z
    .strictObject({
      maxBytes: number.describe('Largest response, in bytes.'),
      maxDepth: number.describe('Deepest nesting of JSON.'),
      numbers: z
        .enum(['lossless', 'double'])
        .optional()
        .describe('Numbers: exact, or as JavaScript numbers.'),
    })
    .optional()
    .describe('Bounds on responses. Default: as `ResponseLimits` says.'),
  cache: z.boolean().optional().describe('Keeps responses as RFC 9111 says. Default false.'),
  coalesceReads: z
    .boolean()
    .optional()
    .describe('Equal reads under way at the same time are one request. Default false.'),
  cookies: z.boolean().optional().describe('Keeps cookies between calls. Default false.'),
  redirects: number.describe('Redirects of reads that are followed. Default: as `ApiClientOptions` says.'),
  connections: number.describe('Connections to one origin. Default: as `ApiClientOptions` says.'),
  idempotencyHeader: z
    .string()
    .min(1)
    .optional()
    .describe('Header that carries idempotency keys. Default `idempotency-key`.'),
  telemetry: z
    .boolean()
    .optional()
    .describe('Makes spans and metrics where OpenTelemetry is installed. Default true.'),
})

/** A system's section, for a client. */
export type ApiClientSection = z.input<typeof sectionSchema>

/** What a definition's section says to the engine and the connector, and not to the client. */
const othersKeys: ReadonlySet<string> = new Set(['connector', 'manifest', 'timing', 'webhooks'])

/**
 * Makes a client from a plain object.
 *
 * @param place what the section is, for messages: `systems.crm`
 * @param inCode options that a plain object can't hold, or that stand over it
 * @throws UsageError CONNECTOR_CONFIG_INVALID naming each wrong key · UsageError HTTP_OPTIONS_INVALID for a value out of bounds
 */
export function clientFromSection(
  section: ApiClientSection | Readonly<Record<string, unknown>>,
  place = 'client',
  inCode: Partial<ApiClientOptions> = {},
): ApiClient {
  const entries = Object.entries(section).filter(([key]) => !othersKeys.has(key))
  const checked = parseConfig(sectionSchema, Object.fromEntries(entries), place)
  const { timeouts, retry, breaker, response, ...rest } = checked
  const access = accessOptions(checked)
  const concurrency = checked.limits?.concurrency
  return new ApiClient({
    ...access,
    // In a definition the engine keeps this bound; here nobody else does.
    limits: { ...access.limits, ...(concurrency === undefined ? {} : { concurrency }) },
    ...given({
      timeouts: given(timeouts),
      retry: given(retry),
      breaker: breaker === false ? false : given(breaker),
      response: given({ ...responseOptions(checked), ...response }),
      cache: rest.cache,
      coalesceReads: rest.coalesceReads,
      cookies: rest.cookies,
      redirects: rest.redirects,
      connections: rest.connections,
      idempotencyHeader: rest.idempotencyHeader,
      telemetry: rest.telemetry,
    }),
    ...inCode,
  })
}

type Given<T> = { [Key in keyof T]?: Exclude<T[Key], undefined> }

/** Without the keys that were left out: an option set to `undefined` is not the same as none. */
function given<T extends object>(options: T): Given<T>
function given<T extends object>(options: T | undefined): Given<T> | undefined
function given(options: object | undefined): object | undefined {
  if (options === undefined) return undefined
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

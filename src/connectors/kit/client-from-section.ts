/**
 * Creates a standalone API client from a plain object: a section as under `systems` in a definition, plus
 * every further option of the client.
 */

import { z } from 'zod'
import { ApiClient } from '../../http/client.ts'
import type { ApiClientOptions } from '../../http/options.ts'
import { type Defined, definedOf } from '../../model/defined.ts'
import { parseConfig } from './config-findings.ts'
import { accessOptions, connectionShape, responseOptions } from './connection.ts'

/** The client checks the bounds, with better messages than a schema gives. */
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

/** A system's section, as input for a client. */
export type ApiClientSection = z.input<typeof sectionSchema>

/** Keys of a definition's section that concern the engine and the connector, not the client. */
const othersKeys: ReadonlySet<string> = new Set(['connector', 'manifest', 'timing', 'webhooks'])

/**
 * Creates a client from a plain object.
 *
 * @param place names the section in messages: `systems.crm`
 * @param inCode options that a plain object can't hold, or that override it
 * @throws UsageError CONNECTOR_CONFIG_INVALID naming each wrong key · UsageError HTTP_OPTIONS_INVALID for a
 *   value out of bounds
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
    // In a definition the engine enforces this bound; here the client has to.
    limits: { ...access.limits, ...(concurrency === undefined ? {} : { concurrency }) },
    ...definedOf({
      timeouts: given(timeouts),
      retry: given(retry),
      breaker: breaker === false ? false : given(breaker),
      response: definedOf({ ...responseOptions(checked), ...response }),
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

function given<T extends object>(options: T | undefined): Defined<T> | undefined {
  return options === undefined ? undefined : definedOf(options)
}

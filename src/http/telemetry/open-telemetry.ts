/**
 * OpenTelemetry, if the application brings it. `@opentelemetry/api` is an optional peer: looked for once, when the first client is made;
 * without it nothing of this is in the chain.
 */
import { createRequire } from 'node:module'
import type { Histogram, Tracer } from '@opentelemetry/api'

type Api = typeof import('@opentelemetry/api')

/** What an attempt is measured with. */
export interface Telemetry {
  readonly api: Api
  readonly tracer: Tracer
  /** `http.client.request.duration`, in seconds. */
  readonly duration: Histogram
}

let found: { readonly telemetry: Telemetry | undefined } | undefined

/** The telemetry of this process; undefined when the application has no OpenTelemetry. */
export function processTelemetry(): Telemetry | undefined {
  found ??= { telemetry: load() }
  return found.telemetry
}

function load(): Telemetry | undefined {
  let api: Api
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api')
  } catch {
    return undefined // not installed, which is how most people use this
  }
  return telemetryOn(api)
}

/** Both forward to whatever provider is registered, also when that happens later. */
function telemetryOn(api: Api): Telemetry {
  return {
    api,
    tracer: api.trace.getTracer('isthmus'),
    duration: api.metrics.getMeter('isthmus').createHistogram('http.client.request.duration', {
      description: 'Duration of HTTP client requests.',
      unit: 's',
      advice: {
        // The boundaries of the semantic conventions.
        explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
      },
    }),
  }
}

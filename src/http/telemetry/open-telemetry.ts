/**
 * OpenTelemetry, if the application brings it. `@opentelemetry/api` is an optional peer: looked for once, when the first client is made;
 * without it nothing of this is in the chain.
 */
import { createRequire } from 'node:module'
import type { Attributes, Histogram, MeterProvider, Tracer } from '@opentelemetry/api'

type Api = typeof import('@opentelemetry/api')

/** What an attempt is measured with. */
export interface Telemetry {
  readonly api: Api
  readonly tracer: Tracer
  /** Adds to `http.client.request.duration`. */
  recordDuration(seconds: number, attributes: Attributes): void
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

/** The tracer forwards to the provider of the moment by itself; a histogram does not, so it is made anew when another one is registered. */
function telemetryOn(api: Api): Telemetry {
  let provider: MeterProvider | undefined
  let histogram: Histogram | undefined
  return {
    api,
    tracer: api.trace.getTracer('isthmus'),
    recordDuration(seconds, attributes) {
      const current = api.metrics.getMeterProvider()
      if (histogram === undefined || current !== provider) {
        provider = current
        histogram = durationOn(current)
      }
      histogram.record(seconds, attributes)
    },
  }
}

function durationOn(provider: MeterProvider): Histogram {
  return provider.getMeter('isthmus').createHistogram('http.client.request.duration', {
    description: 'Duration of HTTP client requests.',
    unit: 's',
    advice: {
      // The boundaries of the semantic conventions.
      explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    },
  })
}

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
  /** True while nobody would see a span or a duration: the application has the API and has registered nothing. */
  isIdle(): boolean
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
  const noTracers = new api.ProxyTracerProvider().getDelegate()
  let provider: MeterProvider | undefined
  let histogram: Histogram | undefined
  let measures = false
  const look = (): void => {
    const current = api.metrics.getMeterProvider()
    if (current === provider) return
    provider = current
    measures = current.getMeter('isthmus') !== api.createNoopMeter()
    histogram = measures ? durationOn(current) : undefined
  }
  return {
    api,
    tracer: api.trace.getTracer('isthmus'),
    isIdle() {
      look()
      if (measures) return false
      const tracers = api.trace.getTracerProvider()
      const traces = !(tracers instanceof api.ProxyTracerProvider) || tracers.getDelegate() !== noTracers
      // Without a tracer of its own an application may still hand a trace on that it was given.
      return !traces && api.trace.getActiveSpan() === undefined
    },
    recordDuration(seconds, attributes) {
      look()
      histogram?.record(seconds, attributes)
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

/**
 * OpenTelemetry, if the application provides it. `@opentelemetry/api` is an optional peer: it is looked up
 * once, when the first client is created; without it the chain contains no telemetry.
 */
import { createRequire } from 'node:module'
import type { Attributes, Histogram, MeterProvider, Tracer } from '@opentelemetry/api'

type Api = typeof import('@opentelemetry/api')

/** Tracer and histogram of the attempts. */
export interface Telemetry {
  readonly api: Api
  readonly tracer: Tracer
  /**
   * True while no span or duration would be recorded: the application has the API but has registered no
   * provider.
   */
  isIdle(): boolean
  /** Records a value of `http.client.request.duration`. */
  recordDuration(seconds: number, attributes: Attributes): void
}

let found: { readonly telemetry: Telemetry | undefined } | undefined

/** Returns the telemetry of this process; undefined when the application has no OpenTelemetry. */
export function processTelemetry(): Telemetry | undefined {
  found ??= { telemetry: load() }
  return found.telemetry
}

function load(): Telemetry | undefined {
  let api: Api
  try {
    api = createRequire(import.meta.url)('@opentelemetry/api')
  } catch {
    return undefined // not installed, the most common case
  }
  return telemetryOn(api)
}

/**
 * The tracer forwards to the current provider by itself; a histogram does not, so it is created again when
 * another one is registered.
 */
function telemetryOn(api: Api): Telemetry {
  const noTracers = new api.ProxyTracerProvider().getDelegate()
  let provider: MeterProvider | undefined
  let histogram: Histogram | undefined
  let measures = false
  const findApi = (): void => {
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
      findApi()
      if (measures) return false
      const tracers = api.trace.getTracerProvider()
      const traces = !(tracers instanceof api.ProxyTracerProvider) || tracers.getDelegate() !== noTracers
      // Without its own tracer an application may still propagate a trace that it received.
      return !traces && api.trace.getActiveSpan() === undefined
    },
    recordDuration(seconds, attributes) {
      findApi()
      histogram?.record(seconds, attributes)
    },
  }
}

function durationOn(provider: MeterProvider): Histogram {
  return provider.getMeter('isthmus').createHistogram('http.client.request.duration', {
    description: 'Duration of HTTP client requests.',
    unit: 's',
    advice: {
      // The bucket boundaries of the semantic conventions.
      explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
    },
  })
}

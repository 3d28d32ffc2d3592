/**
 * One span for each request on the wire, following OpenTelemetry's conventions for HTTP clients, and its
 * duration as a metric. Addresses are templates: a path's values and a query may be personal data, or a key.
 */
import type { Attributes, Span } from '@opentelemetry/api'
import type { Call, DecodedResponse, HttpClock, Next, Policy, Progress } from '../call.ts'
import { isHttpError } from '../errors.ts'
import type { Telemetry } from '../telemetry/open-telemetry.ts'

/** Headers of the trace context. Baggage is not sent: it may contain anything. */
const traceHeaders: ReadonlySet<string> = new Set(['traceparent', 'tracestate', 'b3'])

/** Records with the providers that the application registered. */
export function tracePolicy(telemetry: Telemetry, clock: HttpClock): Policy {
  const { api, tracer, recordDuration } = telemetry
  /** Number of requests of a call so far, including the one after a 401. */
  const sent = new WeakMap<Progress, number>()
  let server = serverFacts('https://unknown.invalid')
  return {
    name: 'trace',
    run: (call, next) => (telemetry.isIdle() ? next(call) : traced(call, next)),
  }

  async function traced(call: Call, next: Next): Promise<DecodedResponse> {
    const resends = sent.get(call.progress) ?? 0
    sent.set(call.progress, resends + 1)
    if (server.origin !== call.origin) server = serverFacts(call.origin)
    const facts = requestFacts(call, server.attributes)
    const startedAt = clock.monotonic()
    const span = tracer.startSpan(`${call.method} ${call.route}`, {
      kind: api.SpanKind.CLIENT,
      attributes: { ...facts, ...(resends === 0 ? {} : { 'http.request.resend_count': resends }) },
    })
    const finish = (outcome: Attributes, failed: boolean): void => {
      recordDuration((clock.monotonic() - startedAt) / 1_000, { ...facts, ...outcome })
      if (span.isRecording()) span.setAttributes(outcome)
      if (failed) span.setStatus({ code: api.SpanStatusCode.ERROR })
      span.end()
    }
    try {
      const response = await next(withTrace(call, span))
      finish({ 'http.response.status_code': response.status }, false)
      return response
    } catch (error) {
      finish(failureFacts(error), true)
      throw error
    }
  }

  function withTrace(call: Call, span: Span): Call {
    if (!api.isSpanContextValid(span.spanContext())) return call
    const carrier: Record<string, string> = {}
    api.propagation.inject(api.trace.setSpan(api.context.active(), span), carrier)
    const headers: Record<string, string> = { ...call.headers }
    for (const [name, value] of Object.entries(carrier)) if (traceHeaders.has(name)) headers[name] = value
    return { ...call, headers }
  }
}

/** Parsed once: nearly all calls of a client have one origin. */
function serverFacts(origin: string): { readonly origin: string; readonly attributes: Attributes } {
  const { hostname, port, protocol } = new URL(origin)
  return {
    origin,
    attributes: {
      'server.address': hostname,
      'server.port': Number(port || (protocol === 'https:' ? 443 : 80)),
    },
  }
}

function requestFacts({ method, origin, route }: Call, server: Attributes): Attributes {
  return { ...server, 'http.request.method': method, 'url.full': origin + route, 'url.template': route }
}

function failureFacts(error: unknown): Attributes {
  if (!isHttpError(error)) return { 'error.type': 'INTERNAL' }
  const status: Pick<DecodedResponse, 'status'> | undefined =
    'status' in error && typeof error.status === 'number' ? { status: error.status } : undefined
  return {
    'error.type': status === undefined || status.status < 400 ? error.code : String(status.status),
    ...(status === undefined ? {} : { 'http.response.status_code': status.status }),
  }
}

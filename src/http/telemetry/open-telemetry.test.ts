import { execFileSync } from 'node:child_process'
import { metrics, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { sendJson, startServer } from '../../../test/support/local-server.ts'
import { ApiClient } from '../client.ts'
import type { ApiClientOptions } from '../options.ts'

const spans = new InMemorySpanExporter()
const durations = new InMemoryMetricExporter(AggregationTemporality.DELTA)
const reader = new PeriodicExportingMetricReader({ exporter: durations, exportIntervalMillis: 3_600_000 })
const meters = new MeterProvider({ readers: [reader] })
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
metrics.setGlobalMeterProvider(meters)

beforeEach(() => spans.reset())
afterAll(() => meters.shutdown())

async function calling(
  respond: Parameters<typeof startServer>[0],
  use: (client: ApiClient) => Promise<unknown>,
  options: Partial<ApiClientOptions> = {},
): Promise<string> {
  await using server = await startServer(respond)
  const client = new ApiClient({ baseUrl: server.url, allowHttp: true, retry: { baseMs: 1 }, ...options })
  await use(client).catch(() => undefined)
  await client.close()
  return server.url
}

test('each request on the wire is one span, which names the template and no value', async () => {
  let calls = 0
  const url = await calling(
    (_request, response) => {
      calls += 1
      sendJson(response, calls < 3 ? 503 : 200, {})
    },
    (client) => client.get('/users/{id}', { path: { id: 'canary' }, query: { q: 'canary' } }),
  )
  const finished = spans.getFinishedSpans()
  expect(finished.map(({ attributes }) => attributes['http.request.resend_count'])).toEqual([undefined, 1, 2])
  expect(finished.map(({ status }) => status.code)).toEqual([
    SpanStatusCode.ERROR,
    SpanStatusCode.ERROR,
    SpanStatusCode.UNSET,
  ])
  const [first] = finished
  expect(first).toMatchObject({ name: 'GET /users/{id}', kind: SpanKind.CLIENT })
  expect(first?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.response.status_code': 503,
    'error.type': '503',
    'server.address': '127.0.0.1',
    'server.port': Number(new URL(url).port),
    'url.full': `${url}/users/{id}`,
    'url.template': '/users/{id}',
  })
})

test('the request after a 401 counts as sent again', async () => {
  await calling(
    ({ headers }, response) => sendJson(response, headers['x-key'] === '2' ? 200 : 401, {}),
    (client) => client.get('/x'),
    {
      auth: (() => {
        let key = 0
        return { name: 'k', credential: () => ({ headers: { 'x-key': String(++key) } }), refused: () => true }
      })(),
    },
  )
  const counts = spans.getFinishedSpans().map(({ attributes }) => attributes['http.request.resend_count'])
  expect(counts).toEqual([undefined, 1])
})

test('a request without a response is named by its error code', async () => {
  await calling(
    (_request, response) => void response.destroy(),
    (client) => client.get('/x', { retries: 0 }),
  )
  expect(spans.getFinishedSpans()[0]?.attributes['error.type']).toBe('HTTP_NETWORK')
})

test('durations reach a provider that was registered after the first call', async () => {
  metrics.disable()
  const late = new InMemoryMetricExporter(AggregationTemporality.DELTA)
  const lateReader = new PeriodicExportingMetricReader({ exporter: late, exportIntervalMillis: 3_600_000 })
  const call = () =>
    calling(
      (_request, response) => sendJson(response, 200, {}),
      (client) => client.get('/x'),
    )
  await call()
  const provider = new MeterProvider({ readers: [lateReader] })
  metrics.setGlobalMeterProvider(provider)
  await call()
  await lateReader.forceFlush()
  expect(late.getMetrics()).toHaveLength(1)
  await provider.shutdown()
  metrics.disable()
  metrics.setGlobalMeterProvider(meters)
})

test('durations are a histogram in seconds', async () => {
  await calling(
    (_request, response) => sendJson(response, 200, {}),
    (client) => client.get('/x'),
  )
  await reader.forceFlush()
  const all = durations.getMetrics().flatMap((one) => one.scopeMetrics.flatMap((scope) => scope.metrics))
  const found = all.filter(({ descriptor }) => descriptor.name === 'http.client.request.duration')
  expect(found.at(-1)?.descriptor.unit).toBe('s')
  expect(found.at(-1)?.dataPoints[0]?.value).toMatchObject({ count: expect.any(Number) })
})

test('the trace goes along, the baggage does not', async () => {
  propagation.setGlobalPropagator({
    inject: (context, carrier, setter) => {
      setter.set(carrier, 'traceparent', trace.getSpanContext(context)?.spanId ?? '')
      setter.set(carrier, 'baggage', 'canary')
    },
    extract: (context) => context,
    fields: () => ['traceparent', 'baggage'],
  })
  let headers: Readonly<Record<string, unknown>> = {}
  await calling(
    (request, response) => {
      headers = request.headers
      sendJson(response, 200, {})
    },
    (client) => client.get('/x'),
  )
  propagation.disable()
  expect(headers.traceparent).toBe(spans.getFinishedSpans()[0]?.spanContext().spanId)
  expect(headers).not.toHaveProperty('baggage')
})

test('it can be switched off', async () => {
  await calling(
    (_request, response) => sendJson(response, 200, {}),
    (client) => client.get('/x'),
    { telemetry: false },
  )
  expect(spans.getFinishedSpans()).toEqual([])
})

test('without the package the client works and measures nothing', () => {
  const script = `
    import Module from 'node:module'
    const resolve = Module._resolveFilename
    Module._resolveFilename = (name, ...rest) => {
      if (name === '@opentelemetry/api') throw new RangeError('not installed')
      return resolve(name, ...rest)
    }
    const { processTelemetry } = await import(${JSON.stringify(new URL('./open-telemetry.ts', import.meta.url).href)})
    const { ApiClient } = await import(${JSON.stringify(new URL('../client.ts', import.meta.url).href)})
    await new ApiClient({ baseUrl: 'https://api.example.com' }).close()
    console.log(processTelemetry())`
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  expect(said.trim()).toBe('undefined')
})

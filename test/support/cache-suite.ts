/**
 * Runs the public suite for HTTP caches (cache-tests.fyi) over a fetch, against the suite's own server on loopback.
 *
 * Run as a program it measures one cache and prints its tally as JSON: `node test/support/cache-suite.ts isthmus` or `undici`. The suite keeps its
 * results in module state, so each run needs a process of its own.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import handleConfig from 'http-cache-tests/server/handle-config.mjs'
import handleState from 'http-cache-tests/server/handle-state.mjs'
import handleTest from 'http-cache-tests/server/handle-test.mjs'
import { Agent, interceptors, fetch as undiciFetch } from 'undici'
import { ApiClient, createFetch, type FetchLike } from '../../src/http.ts'

export interface SuiteTest {
  readonly id: string
  readonly name: string
  /** `required` by the RFC, `optimal` where a cache may do more, `check` for behaviour that is only recorded. */
  readonly kind?: 'required' | 'optimal' | 'check'
  /** Tests that must pass for the result to be meaningful. */
  readonly depends_on?: readonly string[]
  readonly browser_only?: boolean
}

export interface SuiteGroup {
  readonly id: string
  readonly tests: readonly SuiteTest[]
}

export interface SuiteResult {
  readonly id: string
  readonly name: string
  readonly kind: 'required' | 'optimal' | 'check'
  /** `void`: the test could not be set up, or one that it depends on did not pass. */
  readonly verdict: 'pass' | 'fail' | 'void'
}

/** One cache under test: makes the fetch for the server's address, and closes it. */
export interface Contender {
  fetchFor(baseUrl: string): { readonly fetch: FetchLike; close(): Promise<void> }
}

/** The suite tests caches behind a fetch, and asks every fetch to disable its own. Here the fetch's own cache is the one that is tested. */
function cachingFetch(fetch: FetchLike): FetchLike {
  return (input, init) => fetch(input, { ...init, cache: 'default' })
}

export const isthmus: Contender = {
  fetchFor(baseUrl) {
    const client = new ApiClient({
      baseUrl,
      allowHttp: true,
      // The suite names and counts its requests by headers.
      cache: { impersonalHeaders: ['test-id', 'test-name', 'req-num'], heuristic: 0.1 },
      retry: { retries: 0 },
      breaker: false,
      redirects: 5,
      connections: 256,
      limits: { learn: false, maxWaiting: 10_000 },
    })
    return { fetch: cachingFetch(createFetch(client)), close: () => client.close() }
  },
}

export const undici: Contender = {
  fetchFor() {
    const agent = new Agent()
    const dispatcher = agent.compose(interceptors.cache({ type: 'private' }))
    const fetch: FetchLike = (input, init) =>
      // Its own Request and Response types differ from the global ones in name only.
      undiciFetch(input as string, { ...(init as object), dispatcher }) as unknown as Promise<Response>
    return { fetch: cachingFetch(fetch), close: () => agent.close() }
  },
}

/**
 * Tests of which this copy of the suite expects the opposite of RFC 9111; the suite itself has reversed them since. They are counted reversed, for
 * every cache. 5.1: an invalid `Age` is ignored, and of several the first one counts. 5.3: an `Expires` that is in none of the three date formats has
 * already passed.
 */
const reversed: ReadonlySet<string> = new Set([
  ...['age-parse-nonnumeric', 'age-parse-negative', 'age-parse-float', 'age-parse-prefix-twoline'],
  ...['age-parse-dup-0', 'age-parse-dup-0-twoline', 'age-parse-dup-old'],
  ...['age-parse-parameter', 'age-parse-numeric-parameter'],
  ...['freshness-expires-32bit', 'freshness-expires-far-future'],
  ...['utc', 'aest', '2-digit-year', 'no-comma', 'multiple-spaces', 'date-dashes', 'time-periods'].map(
    (name) => `freshness-expires-invalid-${name}`,
  ),
  ...['freshness-expires-invalid-1-digit-hour', 'freshness-expires-invalid-multiple-lines'],
])

/** Runs every test that is not for browsers, this many concurrently. */
export async function runCacheSuite(contender: Contender, atOnce = 1_000): Promise<readonly SuiteResult[]> {
  const { getResults, runTests } = await import('http-cache-tests/client/runner.mjs')
  const { default: groups } = await import('http-cache-tests/tests/index.mjs')
  const handlers: Readonly<Record<string, typeof handleTest>> = {
    config: handleConfig,
    state: handleState,
    test: handleTest,
  }
  const server = createServer((request, response) => {
    const [place = '', ...segments] = (request.url ?? '').split('?')[0]?.slice(1).split('/') ?? []
    handlers[place]?.(segments, request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { fetch, close } = contender.fetchFor(baseUrl)
  try {
    await runTests(groups, fetch, false, baseUrl, atOnce)
    const results = getResults()
    const tests = groups.flatMap((group) => group.tests).filter((one) => one.browser_only !== true)
    return tests.map(({ id, name, kind = 'required', depends_on: needs = [] }) => {
      const result = results[id] ?? ['Setup', 'did not run']
      const isVoid = result !== true && (result[0] === 'Setup' || needs.some((one) => results[one] !== true))
      if (isVoid) return { id, name, kind, verdict: 'void' }
      return { id, name, kind, verdict: (result === true) === reversed.has(id) ? 'fail' : 'pass' }
    })
  } finally {
    await close()
    server.closeAllConnections()
    server.close()
  }
}

/** Numbers of verdicts. */
export function tallyOf(results: readonly SuiteResult[]): Record<SuiteResult['verdict'], number> {
  const count = (verdict: SuiteResult['verdict']): number =>
    results.filter((result) => result.verdict === verdict).length
  return { pass: count('pass'), fail: count('fail'), void: count('void') }
}

if (process.argv[1] === import.meta.filename) {
  const results = await runCacheSuite(process.argv[2] === 'undici' ? undici : isthmus, 100)
  process.stdout.write(`${JSON.stringify(tallyOf(results))}\n`)
}

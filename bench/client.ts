/**
 * The cost of a request with the API client and with others, in one run: processor time of this process for each request, and requests per second.
 * Ours has everything enabled; the others are configured as in their readmes, with retries where they support them.
 *
 * The clients take turns, so that other load on the machine affects all of them equally; the median counts.
 */
import { fork } from 'node:child_process'
import { Agent as HttpAgent } from 'node:http'
import axios from 'axios'
import axiosRetry from 'axios-retry'
import got from 'got'
import ky from 'ky'
import { Agent, request, fetch as undiciFetch } from 'undici'
import { ApiClient, createFetch } from '../src/http.ts'
import { percentile } from './statistics.ts'

/** Sends one request and reads its JSON. */
type Send = (path: string) => Promise<unknown>

interface Contender {
  readonly name: string
  readonly send: Send
  readonly close: () => Promise<void> | void
}

export interface ClientBenchOptions {
  /** Rounds of each client at each concurrency. */
  readonly rounds: number
  /** Requests per round. */
  readonly requests: number
  readonly say: (line: string) => void
}

interface Measured {
  readonly name: string
  readonly concurrency: number
  readonly cpuMicros: number
  readonly perSecond: number
  /** Processor time relative to `undici.request`. */
  readonly ratio: number
}

const token = 'bench-token'
const authorization = `Bearer ${token}`

function contenders(origin: string): readonly Contender[] {
  const agent = new Agent({ connections: 64 })
  const fetchAgent = new Agent({ connections: 64 })
  const ours = new ApiClient({
    baseUrl: origin,
    allowHttp: true,
    auth: { type: 'bearer', token },
    limits: { rates: [{ requests: 10_000_000, perMs: 1_000 }], concurrency: 64, reserve: 0.1 },
    cache: true,
    coalesceReads: true,
    redirects: 3,
    onAttempt: () => undefined,
  })
  const bare = new ApiClient({ baseUrl: origin, allowHttp: true, auth: { type: 'bearer', token } })
  const fetching = new ApiClient({ baseUrl: origin, allowHttp: true, auth: { type: 'bearer', token } })
  const ourFetch = createFetch(fetching)
  const gotClient = got.extend({
    headers: { authorization },
    agent: { http: new HttpAgent({ keepAlive: true, maxSockets: 64 }) },
  })
  const kyClient = ky.create({ headers: { authorization }, retry: 3 })
  const axiosClient = axios.create({
    headers: { authorization },
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets: 64 }),
  })
  axiosRetry(axiosClient, { retries: 3 })
  const nothing = (): void => {}
  return [
    {
      name: 'undici.request',
      send: async (path) =>
        (await request(origin + path, { dispatcher: agent, headers: { authorization } })).body.json(),
      close: () => agent.close(),
    },
    { name: 'isthmus, everything on', send: (path) => ours.get(path), close: () => ours.close() },
    { name: 'isthmus, defaults', send: (path) => bare.get(path), close: () => bare.close() },
    {
      name: 'isthmus, createFetch',
      send: async (path) => (await ourFetch(origin + path)).json(),
      close: () => fetching.close(),
    },
    {
      name: 'undici.fetch',
      send: async (path) =>
        (await undiciFetch(origin + path, { dispatcher: fetchAgent, headers: { authorization } })).json(),
      close: () => fetchAgent.close(),
    },
    {
      name: 'fetch',
      send: async (path) => (await fetch(origin + path, { headers: { authorization } })).json(),
      close: nothing,
    },
    { name: 'got', send: (path) => gotClient.get(origin + path).json(), close: nothing },
    { name: 'ky', send: (path) => kyClient.get(origin + path).json(), close: nothing },
    {
      name: 'axios + axios-retry',
      send: async (path) => (await axiosClient.get(origin + path)).data,
      close: nothing,
    },
  ]
}

let serial = 0

async function round(
  send: Send,
  concurrency: number,
  requests: number,
): Promise<{ cpuMs: number; ms: number }> {
  let left = requests
  const lane = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      serial += 1
      await send(`/records/${serial % 1_000}?serial=${serial}`)
    }
  }
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: concurrency }, lane))
  const { user, system } = process.cpuUsage(cpu)
  return { cpuMs: (user + system) / 1_000, ms: performance.now() - startedAt }
}

async function measure(
  all: readonly Contender[],
  concurrency: number,
  options: ClientBenchOptions,
): Promise<Measured[]> {
  const { rounds, requests } = options
  const micros = new Map<string, number[]>(all.map(({ name }) => [name, []]))
  const rates = new Map<string, number[]>(all.map(({ name }) => [name, []]))
  // The first two rounds are for warming up.
  for (let index = -2; index < rounds; index += 1) {
    for (const { name, send } of all) {
      const { cpuMs, ms } = await round(send, concurrency, requests)
      if (index < 0) continue
      micros.get(name)?.push((cpuMs * 1_000) / requests)
      rates.get(name)?.push((requests * 1_000) / ms)
    }
  }
  const median = (values: readonly number[] | undefined): number => percentile(values ?? [], 0.5)
  const base = median(micros.get('undici.request'))
  return all.map(({ name }) => {
    const cpuMicros = Math.round(median(micros.get(name)))
    const ratio = Math.round((median(micros.get(name)) / base) * 100) / 100
    return { name, concurrency, cpuMicros, perSecond: Math.round(median(rates.get(name))), ratio }
  })
}

/** Measures every client at concurrency 1 and 50. */
export async function benchClient(options: ClientBenchOptions): Promise<object> {
  const server = fork(new URL('client-server.ts', import.meta.url), { stdio: 'inherit' })
  const port = await new Promise<number>((resolve, reject) => {
    server.once('message', (message) => resolve(Number(message)))
    server.once('error', reject)
    server.once('exit', () => reject(new RangeError('the server ended before it listened')))
  })
  const all = contenders(`http://127.0.0.1:${port}`)
  try {
    const results: Measured[] = []
    for (const concurrency of [1, 50]) {
      options.say(`concurrency ${concurrency}`)
      for (const one of await measure(all, concurrency, options)) {
        results.push(one)
        options.say(
          `  ${one.name.padEnd(24)} ${String(one.cpuMicros).padStart(6)} µs CPU/request  ${String(one.perSecond).padStart(7)} requests/s  ${one.ratio.toFixed(2)} ×`,
        )
      }
    }
    return { figure: 'client', rounds: options.rounds, requests: options.requests, results }
  } finally {
    for (const { close } of all) await close()
    server.disconnect()
  }
}

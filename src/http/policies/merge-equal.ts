/**
 * Lets equal concurrent reads share one request.
 *
 * The request is independent of the call that started it: it continues while any caller waits for it, and
 * ends when the last one has left. It may take as long as the longest deadline allows. A write of this client
 * ends the sharing, so that a read that starts after it never gets data read before it.
 */
import type { Call, DecodedResponse, Policy } from '../call.ts'
import { rememberByHeaders } from '../header-names.ts'
import { Stop } from '../stop.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

/** One request that several callers wait for. */
interface Flight {
  readonly call: Mutable<Call>
  readonly waiting: Waiter[]
}

interface Waiter {
  readonly call: Call
  readonly resolve: (response: DecodedResponse) => void
  readonly reject: (error: unknown) => void
  readonly onStop: (reason: Error) => void
}

/** Copies a response, so that no two callers share objects. */
export type CopyResponse = (call: Call, response: DecodedResponse) => DecodedResponse

/** Shares requests of one client. */
export function mergeEqualPolicy(copy: CopyResponse): Policy {
  const flights = new Map<string, Flight>()
  return {
    name: 'merge-equal',
    async run(call, next) {
      if (call.streams === true) return next(call)
      if (call.method !== 'GET' && call.method !== 'HEAD') {
        flights.clear()
        return next(call).finally(() => flights.clear())
      }
      // Each call decides by itself when it is too late.
      if (call.startBefore !== undefined) return next(call)
      const key = keyOf(call)
      const joined = flights.get(key)
      if (joined === undefined) return takeOff(flights, key, call, next, copy)
      joined.call.deadlineAt = Math.max(joined.call.deadlineAt, call.deadlineAt)
      return waitFor(flights, key, joined, call)
    },
  }
}

function takeOff(
  flights: Map<string, Flight>,
  key: string,
  call: Call,
  next: (call: Call) => Promise<DecodedResponse>,
  copy: CopyResponse,
): Promise<DecodedResponse> {
  const flight: Flight = { call: { ...call, stop: new Stop(), callerSignal: undefined }, waiting: [] }
  flights.set(key, flight)
  const first = waitFor(flights, key, flight, call)
  const land = (): Waiter[] => {
    if (flights.get(key) === flight) flights.delete(key)
    for (const waiter of flight.waiting) waiter.call.stop.forget(waiter.onStop)
    return flight.waiting
  }
  next(flight.call).then(
    (response) => {
      const [one, ...others] = land()
      // Each copy is made before the first caller can change its response.
      const copies = others.map((waiter) => copy(waiter.call, response))
      one?.resolve(response)
      for (const [index, waiter] of others.entries()) waiter.resolve(copies[index] ?? response)
    },
    (error: unknown) => {
      for (const waiter of land()) waiter.reject(error)
    },
  )
  return first
}

function waitFor(
  flights: Map<string, Flight>,
  key: string,
  flight: Flight,
  call: Call,
): Promise<DecodedResponse> {
  return new Promise((resolve, reject) => {
    const onStop = (reason: Error): void => {
      reject(reason)
      flight.waiting.splice(flight.waiting.indexOf(waiter), 1)
      if (flight.waiting.length > 0) return
      if (flights.get(key) === flight) flights.delete(key)
      flight.call.stop.trigger(reason)
    }
    const waiter: Waiter = { call, resolve, reject, onStop }
    flight.waiting.push(waiter)
    call.stop.onStop(onStop)
  })
}

function keyOf(call: Call): string {
  return `${call.method} ${call.origin}${call.path} ${call.raw === true}${headersKey(call.headers)}`
}

const headersKey = rememberByHeaders((headers) => {
  let key = ''
  for (const name in headers) key += `\n${name}:${headers[name]}`
  return key
})

/**
 * Lets equal reads that are under way at the same time share one request.
 *
 * The request belongs to nobody: it goes on while anybody still waits for it, whoever began it, and ends when the last one has left. It
 * may take as long as the most patient of them allows. A write of this client ends the sharing, so that a read that begins after it never
 * gets what was read before it.
 */
import type { Call, DecodedAnswer, Policy } from '../call.ts'
import { Stop } from '../stop.ts'

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }

interface Flight {
  readonly call: Mutable<Call>
  readonly answer: Promise<DecodedAnswer>
  waiting: number
}

/** Makes another copy of an answer, so that no two callers hold the same objects. */
export type CopyAnswer = (call: Call, answer: DecodedAnswer) => DecodedAnswer

/** Does nothing unless `enabled`. */
export function mergeEqualPolicy(enabled: boolean, copy: CopyAnswer): Policy {
  const flights = new Map<string, Flight>()
  return {
    name: 'merge-equal',
    async run(call, next) {
      if (!enabled || call.streams === true) return next(call)
      if (call.method !== 'GET' && call.method !== 'HEAD') {
        flights.clear()
        return next(call).finally(() => flights.clear())
      }
      // Too late is decided for each call by itself.
      if (call.startBefore !== undefined) return next(call)
      const key = keyOf(call)
      const joined = flights.get(key)
      const flight = joined ?? takeOff(call, next)
      if (joined === undefined) {
        flights.set(key, flight)
        const land = (): void => {
          if (flights.get(key) === flight) flights.delete(key)
        }
        flight.answer.then(land, land)
      } else flight.call.deadlineAt = Math.max(flight.call.deadlineAt, call.deadlineAt)
      const answer = await waitFor(flight, call, () => {
        if (flights.get(key) === flight) flights.delete(key)
      })
      return joined === undefined ? answer : copy(call, answer)
    },
  }
}

function takeOff(call: Call, next: (call: Call) => Promise<DecodedAnswer>): Flight {
  const own: Mutable<Call> = { ...call, stop: new Stop(), callerSignal: undefined }
  return { call: own, answer: next(own), waiting: 0 }
}

function waitFor(flight: Flight, call: Call, onEmpty: () => void): Promise<DecodedAnswer> {
  flight.waiting += 1
  return new Promise((resolve, reject) => {
    const forget = call.stop.onStop((reason) => {
      reject(reason)
      flight.waiting -= 1
      if (flight.waiting > 0) return
      onEmpty()
      flight.call.stop.trigger(reason)
    })
    flight.answer.then(
      (answer) => {
        forget()
        resolve(answer)
      },
      (error: unknown) => {
        forget()
        reject(error)
      },
    )
  })
}

function keyOf(call: Call): string {
  let key = `${call.method} ${call.origin}${call.path} ${call.raw === true}`
  for (const name in call.headers) key += `\n${name}:${call.headers[name]}`
  return key
}

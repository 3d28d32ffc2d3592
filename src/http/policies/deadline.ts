/**
 * Settles the call when its total time is over or its caller aborts it, in any phase, without waiting for
 * anything: a socket stuck in a TLS handshake is cleaned up later, by its own time limit.
 */
import { type Call, type HttpClock, outcomeSoFar, type Policy } from '../call.ts'
import { Deadlines } from '../deadlines.ts'
import { HttpError, NetworkError } from '../errors.ts'

/** The call contains its own deadline; the clock determines the remaining time. */
export function deadlinePolicy(clock: HttpClock): Policy {
  const deadlines = new Deadlines()
  return {
    name: 'deadline',
    run: (call, next) =>
      new Promise((resolve, reject) => {
        const signal = call.callerSignal
        const end = (reason: Error): void => {
          clean()
          reject(reason)
          call.stop.trigger(reason)
        }
        const onAbort = (): void => end(callerGaveUp(call))
        if (signal?.aborted === true) {
          const reason = callerGaveUp(call)
          reject(reason)
          call.stop.trigger(reason)
          return
        }
        const deadline = deadlines.add(call.deadlineAt - clock.monotonic(), () => end(deadlinePassed(call)))
        const clean = (): void => {
          deadlines.remove(deadline)
          signal?.removeEventListener('abort', onAbort)
        }
        signal?.addEventListener('abort', onAbort)
        next(call).then(
          (response) => {
            clean()
            resolve(response)
          },
          (error: unknown) => {
            clean()
            reject(error)
          },
        )
      }),
  }
}

function deadlinePassed(call: Call): HttpError {
  const { phase, attempt } = call.progress
  return new HttpError(
    'HTTP_TIMEOUT',
    `${call.label} did not finish in time; it was in phase "${phase}" of attempt ${Math.max(1, attempt)}.`,
    { outcome: outcomeSoFar(call.progress), phase },
  )
}

function callerGaveUp(call: Call): NetworkError {
  return new NetworkError('HTTP_ABORTED', `${call.label} was aborted by its caller.`, {
    outcome: outcomeSoFar(call.progress),
    cause: call.callerSignal?.reason,
  })
}

/**
 * Stops calls to a part of an API that fails repeatedly; the error classes of the inner policies determine
 * what counts as a failure.
 */
import { type BreakerOptions, type CallEnd, Circuit } from '../breaker/circuit.ts'
import { type Call, type HttpClock, outcomeSoFar, type Policy } from '../call.ts'
import { HttpError, HttpStatusError, NetworkError, ResponseValidationError } from '../errors.ts'

/** Maximum number of circuits; the least recently used one is removed first. */
const circuitsMax = 256
/** Time-outs in the client's own queue or back-off say nothing about the API. */
const apiPhases: ReadonlySet<string> = new Set(['connect', 'headers', 'body'])

/** A circuit for each part of an API. */
export function breakerPolicy(options: BreakerOptions, clock: HttpClock): Policy {
  const circuits = new Map<string, Circuit>()
  return {
    name: 'breaker',
    async run(call, next) {
      const circuit = circuitFor(circuits, `${call.origin} ${call.endpointClass}`, options)
      const admission = circuit.admit(clock.monotonic())
      if ('waitMs' in admission) throw refusal(call, admission.waitMs)
      let isSettled = false
      const settle = (how: CallEnd): void => {
        if (!isSettled) circuit.settle(admission.era, how, clock.monotonic())
        isSettled = true
      }
      // A call that has to end releases its place immediately, before its socket is notified.
      const onStop = (reason: Error): void => settle(endOf(reason))
      call.stop.onStop(onStop)
      try {
        const response = await next(call)
        settle('success')
        return response
      } catch (error) {
        settle(endOf(error))
        throw error
      } finally {
        call.stop.forget(onStop)
      }
    },
  }
}

function circuitFor(circuits: Map<string, Circuit>, key: string, options: BreakerOptions): Circuit {
  const known = circuits.get(key)
  if (known !== undefined && circuits.size < circuitsMax) return known
  // Full: from here on their order shows which one is the least recently used.
  const circuit = known ?? new Circuit(options)
  circuits.delete(key)
  if (circuits.size >= circuitsMax) {
    const [oldest] = circuits.keys()
    if (oldest !== undefined) circuits.delete(oldest)
  }
  circuits.set(key, circuit)
  return circuit
}

/** A refusal is a response of an API that works. */
function endOf(error: unknown): CallEnd {
  if (error instanceof NetworkError) return error.code === 'HTTP_ABORTED' ? 'neither' : 'failure'
  if (error instanceof HttpError && error.phase !== undefined) {
    return error.code === 'HTTP_TIMEOUT' && apiPhases.has(error.phase) ? 'failure' : 'neither'
  }
  if (error instanceof HttpStatusError) {
    return error.code === 'HTTP_STATUS_TRANSIENT' && error.outcome === 'unknown' ? 'failure' : 'success'
  }
  if (error instanceof ResponseValidationError)
    return error.code === 'HTTP_RESPONSE_IS_HTML' ? 'failure' : 'success'
  return 'neither'
}

function refusal(call: Call, waitMs: number): HttpError {
  const afterMs = Math.max(1, Math.ceil(waitMs))
  return new HttpError(
    'HTTP_CIRCUIT_OPEN',
    `${call.label} was not sent: this part of the API keeps failing; it is tried again in ${afterMs} ms.`,
    { outcome: outcomeSoFar(call.progress), retry: { afterMs } },
  )
}

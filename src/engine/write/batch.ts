/**
 * Remote writes, through the gate of the system and within its time limit; batched where the system takes
 * several records per call.
 *
 * Writes of one operation at one resource that are ready at the same moment share a call, up to the
 * connector's `writeBatch`. Each stays a write of its own, with its own intent, latest start and outcome.
 *
 * - Writes that became late (`late`), or whose pass was stopped (`stopped`), are removed right before the
 *   call; the rest is sent. A write for which an open gate had no capacity in time is late as well.
 * - The call may start until the earliest latest start of its writes, so that none of them is sent late.
 * - A missing response, or a call that threw, says nothing about any of them: each is `unknown`.
 * - Records whose call failed as a whole are sent alone the next time: one of them may be the cause, and must
 *   not fail the others again (H33).
 */

import type {
  CallContext,
  CallFailure,
  ConnectedSystem,
  Resource,
  WriteResult,
} from '../../connectors/kit/contract.ts'
import { checkedResource } from '../../connectors/kit/responses/checked-resource.ts'
import type { Integration } from '../../model/integration.ts'
import { createBatcher, type Submit } from '../batcher.ts'
import { describeThrown } from '../pass/failure.ts'
import { mostUrgent } from '../pass/priority.ts'
import type { Clock, SendOutcome, SystemGate, Timeouts, WriteAsk, Writer } from '../ports.ts'
import type { EngineSettings } from '../settings.ts'
import { callMany, callOne, canTravelTogether } from './write-calls.ts'

/**
 * Maximum number of concurrent batch writes of one kind, kept low so that the next batch collects several
 * writes.
 */
const parallelBatches = 2
/** Number of records remembered as possible causes of a call that failed as a whole. */
const suspectsMax = 1_000

const late: SendOutcome = { kind: 'unsent', reason: 'late' }
const shut: SendOutcome = { kind: 'unsent', reason: 'shut' }
const stopped: SendOutcome = { kind: 'unsent', reason: 'stopped' }

/** Dependencies of writes, shared with the rest of the engine. */
export interface WriterOptions {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly gates: ReadonlyMap<string, SystemGate>
  readonly clock: Clock
  readonly timeouts: Timeouts
  readonly settings: Pick<EngineSettings, 'queueMax'>
}

/** Makes the {@link Writer} of one engine. */
export function createWriter(options: WriterOptions): Writer {
  const lanes = new Map<string, WriteLane>()
  const laneOf = ({ intent }: WriteAsk['write']): WriteLane => {
    const { system, operation, request } = intent
    const key = `${system}\n${request.resource}\n${operation}`
    const lane = lanes.get(key) ?? openLane(options, { system, resource: request.resource, operation })
    lanes.set(key, lane)
    return lane
  }
  return {
    write: (ask) => laneOf(ask.write).submit(ask),
    expectedWaitMs: (system) => {
      let waitMs = 0
      for (const lane of lanes.values()) if (lane.system === system) waitMs = Math.max(waitMs, lane.waitMs())
      return waitMs
    },
  }
}

/** The writes of one kind at one resource. */
interface WriteLane {
  readonly system: string
  readonly submit: Submit<WriteAsk, SendOutcome>
  /** How long a write submitted now would wait for its batch. */
  readonly waitMs: () => number
}

interface LaneKey {
  readonly system: string
  readonly resource: string
  readonly operation: WriteAsk['write']['intent']['operation']
}

interface Target {
  readonly gate: SystemGate
  readonly resource: Resource
  readonly limitMs: number
}

function openLane(options: WriterOptions, { system, resource: name, operation }: LaneKey): WriteLane {
  const connected = options.systems.get(system)
  const resource = connected === undefined ? undefined : checkedResource(connected.resource(name))
  const gate = options.gates.get(system)
  const limitMs = options.integration.systems.get(system)?.timing.writeTimeoutMs
  if (resource === undefined || gate === undefined || limitMs === undefined) {
    return { system, submit: async () => shut, waitMs: () => 0 }
  }
  const target: Target = { gate, resource, limitMs }
  const alone: Submit<WriteAsk, SendOutcome> = async (ask) =>
    (await sendTogether(options, target, [ask]))[0] ?? shut
  if (!canTravelTogether(resource, operation)) return { system, submit: alone, waitMs: () => 0 }
  const lane = batchLane(options, target, { system, alone, name: `${operation} ${system} ${name}` })
  // Restoring from an archive is a separate call.
  return {
    ...lane,
    submit: (ask) => (ask.write.intent.request.restore === true ? alone(ask) : lane.submit(ask)),
  }
}

function batchLane(
  options: WriterOptions,
  target: Target,
  lane: { readonly system: string; readonly alone: Submit<WriteAsk, SendOutcome>; readonly name: string },
): WriteLane {
  const { clock, settings } = options
  const batchMax = target.resource.capabilities.writeBatch ?? 1
  const suspects = new Set<string>()
  let waiting = 0
  let latencyMs = 0
  const together = createBatcher<WriteAsk, SendOutcome>({
    name: lane.name,
    clock,
    batchMax,
    queueMax: settings.queueMax,
    parallel: parallelBatches,
    run: async (asks) => {
      waiting -= asks.length
      const startedAt = clock.monotonic()
      const outcomes = await sendTogether(options, target, asks)
      latencyMs += (clock.monotonic() - startedAt - latencyMs) / 8
      if (asks.length > 1 && brokeOff(outcomes)) suspect(suspects, asks)
      return outcomes
    },
  })
  const submit: Submit<WriteAsk, SendOutcome> = async (ask) => {
    if (suspects.delete(ask.write.intent.recordId)) return lane.alone(ask)
    waiting += 1
    // A full queue rejects the write: it is retried like one for which the gate had no capacity.
    return together(ask).catch(() => {
      waiting = Math.max(0, waiting - 1)
      return shut
    })
  }
  return {
    system: lane.system,
    submit,
    waitMs: () => (Math.floor(waiting / batchMax) * latencyMs) / parallelBatches,
  }
}

/** True when no write got a response of its own, though the system itself is reachable. */
function brokeOff(outcomes: readonly SendOutcome[]): boolean {
  const sent = outcomes.filter((outcome) => outcome.kind !== 'unsent')
  return sent.length > 1 && sent.every((outcome) => outcome.kind === 'unknown')
}

function suspect(suspects: Set<string>, asks: readonly WriteAsk[]): void {
  for (const { write } of asks) suspects.add(write.intent.recordId)
  for (const oldest of suspects) {
    if (suspects.size <= suspectsMax) return
    suspects.delete(oldest)
  }
}

/** Sends these writes in one call when there is capacity. Returns the outcome of each; never rejects. */
async function sendTogether(
  options: WriterOptions,
  target: Target,
  asks: readonly WriteAsk[],
): Promise<readonly SendOutcome[]> {
  const { clock } = options
  const unsent = (): SendOutcome[] => asks.map(({ signal }) => (signal.aborted ? stopped : late))
  const isDue = (ask: WriteAsk): boolean => !ask.signal.aborted && ask.startBefore > clock.monotonic()
  const waitMs = Math.max(...asks.map((ask) => ask.startBefore)) - clock.monotonic()
  if (waitMs <= 0) return unsent()
  const responses = await target.gate.run(
    async () => {
      // After waiting for capacity: determine which writes may still start.
      const outcomes = unsent()
      const due = [...asks.keys()].filter((index) => {
        const ask = asks[index]
        return ask !== undefined && isDue(ask)
      })
      const going = asks.filter((_, index) => due.includes(index))
      for (const ask of going) ask.sent()
      const results = going.length === 0 ? [] : await callWithin(options, target, going)
      due.forEach((index, position) => {
        outcomes[index] = results[position] ?? { kind: 'unknown', failure: responseMissing }
      })
      return outcomes
    },
    { waitMs, failure: sharedFailure },
  )
  if (responses !== 'shut') return responses
  // With the gate open it was only the wait that was too long.
  return target.gate.closedUntil() === undefined ? unsent() : asks.map(() => shut)
}

const responseMissing: CallFailure = {
  code: 'ENGINE_RESPONSE_MISSING',
  message: 'The response does not cover every record of the call.',
  scope: 'record',
}

async function callWithin(
  options: WriterOptions,
  { resource, limitMs }: Target,
  asks: readonly WriteAsk[],
): Promise<readonly WriteResult[]> {
  const all = (failure: CallFailure): readonly WriteResult[] => asks.map(() => ({ kind: 'unknown', failure }))
  const [first] = asks
  // A batch serves many passes: once it is sent, the end of one pass does not abort it.
  const signal = asks.length === 1 && first !== undefined ? first.signal : never
  const startBefore = Math.min(...asks.map((ask) => ask.startBefore))
  try {
    const results = await options.timeouts.bound<readonly WriteResult[]>(
      limitMs,
      signal,
      async (inner) => {
        const context: CallContext = {
          signal: inner,
          priority: mostUrgent(asks.map((ask) => ask.priority)),
          passIds: asks.map(({ passId }) => passId),
          startBefore,
        }
        if (asks.length > 1) return callMany(resource, asks, context)
        return first === undefined ? [] : [await callOne(resource, first, context)]
      },
      () =>
        all({
          code: 'ENGINE_CALL_LATE',
          message: `No response within ${limitMs} ms.`,
          scope: 'system',
          kind: 'unreachable',
        }),
    )
    // Results that can't be assigned to their writes are discarded.
    return results.length === asks.length ? results : all(responseMissing)
  } catch (error) {
    return all({ ...describeThrown(error), scope: 'record' })
  }
}

const never = new AbortController().signal

/**
 * A system-wide failure counts for the call only when no write in it succeeded; a call that was not made says
 * nothing.
 */
function sharedFailure(outcomes: readonly SendOutcome[]): CallFailure | 'no-news' | undefined {
  let failure: CallFailure | undefined
  let calls = 0
  for (const outcome of outcomes) {
    if (outcome.kind === 'unsent') continue
    calls += 1
    const failed = 'failure' in outcome && outcome.kind !== 'rejected' ? outcome.failure : undefined
    if (failed?.scope !== 'system') return undefined
    failure = failed
  }
  return calls === 0 ? 'no-news' : failure
}

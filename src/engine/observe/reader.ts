/**
 * Reads by id, through the gate of the system and within its time limit; batched where the system has a batch
 * read.
 */

import type { CallFailure, ConnectedSystem, ReadResult, Resource } from '../../connectors/kit/contract.ts'
import { checkedResource } from '../../connectors/kit/responses/checked-resource.ts'
import type { Integration } from '../../model/integration.ts'
import { createBatcher, type Submit } from '../batcher.ts'
import { describeThrown } from '../pass/failure.ts'
import { mostUrgent } from '../pass/priority.ts'
import type { Clock, ReadById, SystemGate, TimedRead, Timeouts } from '../ports.ts'
import type { EngineSettings } from '../settings.ts'

/**
 * Maximum number of concurrent batch reads of one resource, kept low so that the next batch collects several
 * requests.
 */
const parallelBatches = 2

/** Dependencies of reads, shared with the rest of the engine. */
export interface ReaderOptions {
  readonly integration: Integration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly gates: ReadonlyMap<string, SystemGate>
  readonly clock: Clock
  readonly timeouts: Timeouts
  readonly settings: Pick<EngineSettings, 'queueMax'>
}

type Ask = Parameters<ReadById>[0]

/** Makes the {@link ReadById} of one engine. */
export function createReader(options: ReaderOptions): ReadById {
  const lanes = new Map<string, Submit<Ask, TimedRead>>()
  return async (ask) => {
    const key = `${ask.system}\n${ask.resource}`
    const known = lanes.get(key)
    if (known !== undefined) return known(ask)
    const lane = readLane(options, ask.system, ask.resource)
    lanes.set(key, lane)
    return lane(ask)
  }
}

function readLane(options: ReaderOptions, system: string, resourceName: string): Submit<Ask, TimedRead> {
  const connected = options.systems.get(system)
  const gate = options.gates.get(system)
  const timing = options.integration.systems.get(system)?.timing
  if (connected === undefined || gate === undefined || timing === undefined) return async () => 'shut'
  const resource = checkedResource(connected.resource(resourceName))
  const timed = (asks: readonly Ask[]) =>
    readTimed(options, { gate, resource, limitMs: timing.readTimeoutMs }, asks)
  if (resource.readMany === undefined || resource.capabilities.read.batch < 2) {
    return async (ask) => (await timed([ask]))[0] ?? 'shut'
  }
  return createBatcher({
    name: `readMany ${system} ${resourceName}`,
    clock: options.clock,
    run: timed,
    batchMax: resource.capabilities.read.batch,
    queueMax: options.settings.queueMax,
    parallel: parallelBatches,
  })
}

interface Target {
  readonly gate: SystemGate
  readonly resource: Resource
  readonly limitMs: number
}

async function readTimed(
  options: ReaderOptions,
  target: Target,
  asks: readonly Ask[],
): Promise<readonly TimedRead[]> {
  const { clock } = options
  let startedAt = clock.now()
  const results = await target.gate.run(
    () => {
      startedAt = clock.now()
      return readWithin(options, target, asks)
    },
    { waitMs: target.limitMs, failure: worstFailure },
  )
  const seenAt = clock.now()
  return asks.map((_, index) => {
    const result = results === 'shut' ? undefined : results[index]
    return result === undefined ? 'shut' : { result, startedAt, seenAt }
  })
}

async function readWithin(
  options: ReaderOptions,
  { resource, limitMs }: Target,
  asks: readonly Ask[],
): Promise<readonly ReadResult[]> {
  const [only] = asks
  const all = (failure: CallFailure): readonly ReadResult[] => asks.map(() => ({ kind: 'unknown', failure }))
  // A batch serves many passes, so the end of one pass does not abort it.
  const signal = asks.length === 1 && only !== undefined ? only.signal : never
  try {
    return await options.timeouts.bound(
      limitMs,
      signal,
      async (inner) => {
        const context = {
          signal: inner,
          priority: mostUrgent(asks.map(({ priority }) => priority ?? 'webhook')),
          passIds: asks.flatMap(({ passId }) => passId ?? []),
        }
        if (asks.length === 1 && only !== undefined) return [await resource.read(only.nativeId, context)]
        return (
          (await resource.readMany?.(
            asks.map((ask) => ask.nativeId),
            context,
          )) ?? []
        )
      },
      () =>
        all({
          code: 'ENGINE_CALL_LATE',
          message: `No response within ${limitMs} ms.`,
          scope: 'system',
          kind: 'unreachable',
        }),
    )
  } catch (error) {
    return all({ ...describeThrown(error), scope: 'record' })
  }
}

const never = new AbortController().signal

/** A system-wide failure counts for the batch only when nothing in it succeeded. */
function worstFailure(results: readonly ReadResult[]): CallFailure | undefined {
  let failure: CallFailure | undefined
  for (const result of results) {
    if (result.kind !== 'unknown' || result.failure.scope !== 'system') return undefined
    failure = result.failure
  }
  return failure
}

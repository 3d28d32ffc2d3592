/**
 * Searches by marker or values, through the gate of the system and within its time limit; batched where the
 * system supports it.
 */
import type {
  CallContext,
  CallFailure,
  FindRequest,
  FindResult,
  Resource,
} from '../../connectors/kit/contract.ts'
import { createBatcher, type Submit } from '../batcher.ts'
import { describeThrown } from '../pass/failure.ts'
import { mostUrgent } from '../pass/priority.ts'
import type { Find, SystemGate } from '../ports.ts'
import type { ReaderOptions } from './reader.ts'

/**
 * Maximum number of concurrent batch searches of one resource, kept low so that the next batch collects
 * several requests.
 */
const parallelBatches = 2

type Ask = Parameters<Find>[0]
type Found = FindResult | 'shut'

/** Makes the {@link Find} of one engine. */
export function createFinder(options: ReaderOptions): Find {
  const lanes = new Map<string, Submit<Ask, Found>>()
  return (ask) => {
    const key = JSON.stringify([ask.system, ask.resource])
    const lane = lanes.get(key) ?? findLane(options, ask.system, ask.resource)
    lanes.set(key, lane)
    return lane(ask)
  }
}

function findLane(options: ReaderOptions, system: string, resourceName: string): Submit<Ask, Found> {
  const connected = options.systems.get(system)
  const gate = options.gates.get(system)
  const limitMs = options.integration.systems.get(system)?.timing.readTimeoutMs
  if (connected === undefined || gate === undefined || limitMs === undefined) return async () => 'shut'
  const resource = connected.resource(resourceName)
  const run = (asks: readonly Ask[]) => findTimed(options, { gate, resource, limitMs }, asks)
  const batchMax = resource.capabilities.search?.batch ?? 1
  if (resource.findMany === undefined || batchMax < 2) return async (ask) => (await run([ask]))[0] ?? 'shut'
  return createBatcher({
    name: `findMany ${system} ${resourceName}`,
    clock: options.clock,
    run,
    batchMax,
    queueMax: options.settings.queueMax,
    parallel: parallelBatches,
  })
}

interface Target {
  readonly gate: SystemGate
  readonly resource: Resource
  readonly limitMs: number
}

async function findTimed(
  { timeouts }: ReaderOptions,
  { gate, resource, limitMs }: Target,
  asks: readonly Ask[],
): Promise<readonly Found[]> {
  const all = (failure: CallFailure): readonly FindResult[] => asks.map(() => ({ kind: 'unknown', failure }))
  const [only] = asks
  // A batch serves many passes, so the end of one pass does not abort it.
  const signal = asks.length === 1 && only !== undefined ? only.signal : never
  const priority = mostUrgent(asks.map((ask) => ask.priority))
  const call = (): Promise<readonly FindResult[]> =>
    timeouts
      .bound(
        limitMs,
        signal,
        (inner) =>
          findNow(
            resource,
            asks.map((ask) => ask.request),
            { signal: inner, priority, passIds: asks.map(({ passId }) => passId) },
          ),
        () =>
          all({ code: 'ENGINE_CALL_LATE', message: `No response within ${limitMs} ms.`, scope: 'record' }),
      )
      .catch((error: unknown) => all({ ...describeThrown(error), scope: 'record' }))
  const results = await gate.run(call, { waitMs: limitMs, failure: systemFailure })
  return asks.map((_, index) => (results === 'shut' ? 'shut' : (results[index] ?? 'shut')))
}

const never = new AbortController().signal

async function findNow(
  resource: Resource,
  requests: readonly FindRequest[],
  context: CallContext,
): Promise<readonly FindResult[]> {
  const [only] = requests
  if (requests.length > 1) return (await resource.findMany?.(requests, context)) ?? []
  if (only === undefined) return []
  const failure: CallFailure = {
    code: 'ENGINE_UNSUPPORTED',
    message: 'The connector offers no search.',
    scope: 'record',
  }
  return [(await resource.find?.(only, context)) ?? { kind: 'unknown', failure }]
}

/** A failure counts as a failure of the system only when nothing in the batch succeeded. */
function systemFailure(results: readonly FindResult[]): CallFailure | undefined {
  const [first] = results
  return first?.kind === 'unknown' && results.every(({ kind }) => kind === 'unknown')
    ? first.failure
    : undefined
}

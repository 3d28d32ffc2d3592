/**
 * `isthmus sync` and `isthmus full`: run manually, in this process if no service runs, otherwise in addition
 * to it.
 */
import { type Command, Option } from 'commander'
import type { PlaceResult } from '../../engine/intake/by-hand.ts'
import { UsageError } from '../../model/errors.ts'
import type { DomainEvent } from '../../model/events.ts'
import { counted, openForPeople, openInWords } from '../../model/health/words.ts'
import type { Integration } from '../../model/integration.ts'
import { describeRunEnd } from '../../model/run-reasons.ts'
import type { IsthmusRuntime } from '../../runtime/create-runtime.ts'
import { markNow, type SyncRequest, type Waited, waitUntilQuiet } from '../../runtime/sync-now.ts'
import { parseDuration, type Run } from '../command.ts'
import type { CliContext } from '../context.ts'
import { exitCodes } from '../exit-codes.ts'
import { table } from '../output.ts'
import { createMeter } from '../progress.ts'
import { parseRecordKey } from '../record-key.ts'
import { openService } from '../service.ts'

interface SyncOptions {
  readonly system?: string
  readonly entity?: string
  readonly record?: string
  readonly wait?: boolean
  readonly timeout: number
}

const timeoutDefaultMs = 600_000

const syncNow = (context: CliContext, options: SyncOptions): Promise<number> =>
  perform(context, 'sync', options)
const fullNow = (context: CliContext, options: SyncOptions): Promise<number> =>
  perform(context, 'full', options)

async function perform(context: CliContext, what: 'sync' | 'full', options: SyncOptions): Promise<number> {
  const { output } = context
  const stop = context.untilStopped()
  const startedAt = performance.now()
  const { runtime } = await openService(context, {
    roles: ['worker'],
    quiet: true,
    onEvent: listingProgress(context),
  })
  const signal = AbortSignal.any([stop, runtime.lost])
  try {
    const request = requestOf(runtime.integration, what, options)
    const { workers, paused } = await runtime.store.admin.status()
    if (paused !== undefined)
      throw new UsageError('CLI_PAUSED', `${paused.actor} has paused the work, so nothing would be done`)
    const alone = workers === 0
    if (alone) runtime.start()
    const places = await markNow(runtime, request, signal)
    const waited = alone || options.wait === true ? await wait(context, runtime, options, signal) : undefined
    runtime.lost.throwIfAborted()
    const { open } = await runtime.store.admin.status()
    const seconds = Math.round((performance.now() - startedAt) / 100) / 10
    output.progressDone()
    const result = {
      what: request.what,
      alone,
      places,
      ...(waited === undefined ? {} : waited),
      open,
      seconds,
    }
    output.result(result, () => draw(result, waited))
    return exitCodeOf(places, waited, open)
  } finally {
    await runtime.stop()
  }
}

function requestOf(integration: Integration, what: 'sync' | 'full', options: SyncOptions): SyncRequest {
  const { system, entity, record } = options
  if (record === undefined)
    return {
      what,
      filter: { ...(system === undefined ? {} : { system }), ...(entity === undefined ? {} : { entity }) },
    }
  const key = parseRecordKey(integration, record, entity)
  if ('recordId' in key) return { what: 'record', key }
  return { what: 'record', key: { ...key, entity: key.entity ?? onlyEntityOf(integration, key.system) } }
}

function onlyEntityOf(integration: Integration, system: string): string {
  const names = [...integration.entities.values()]
    .filter((entity) => entity.systems.has(system))
    .map((entity) => entity.name)
  const [only] = names
  if (only !== undefined && names.length === 1) return only
  throw new UsageError('CLI_USAGE', `specify the entity: --entity ${names.join(' or ')}`)
}

function listingProgress({ output }: CliContext): (event: DomainEvent) => void {
  const seen = new Map<string, number>()
  return (event) => {
    if (event.type === 'RunProgressed') seen.set(event.runId, event.seen)
    else if (event.type === 'RunFinished') seen.delete(event.runId)
    else return
    const listed = [...seen.values()].reduce((sum, count) => sum + count, 0)
    if (listed > 0) output.progress(`listing: ${counted(listed, 'record')} so far`)
  }
}

async function wait(
  { output }: CliContext,
  runtime: IsthmusRuntime,
  options: SyncOptions,
  signal: AbortSignal,
): Promise<Waited> {
  const meter = createMeter(() => performance.now())
  return await waitUntilQuiet(runtime, {
    timeoutMs: options.timeout,
    signal,
    onProgress: ({ active, waiting }) => {
      if (active + waiting > 0) output.progress(meter.left(active + waiting))
    },
    // The running service has ended, so this process takes over its work.
    onAbandoned: () => runtime.start(),
  })
}

/** Counts what waits for a decision. */
type OpenCounts = Readonly<Record<string, number>>

interface SyncResult {
  readonly what: SyncRequest['what']
  readonly alone: boolean
  readonly places: readonly PlaceResult[]
  readonly open: OpenCounts
  readonly seconds: number
}

function draw(result: SyncResult, waited: Waited | undefined): string {
  const count = (value: number | undefined): string => value?.toLocaleString('en') ?? ''
  const places = table(
    result.places,
    [
      { title: 'system', value: (place) => place.system },
      { title: 'entity', value: (place) => place.entity },
      { title: 'how', value: (place) => place.how },
      { title: 'listed', value: (place) => count(place.run?.seen), align: 'right' },
      { title: 'new', value: (place) => count(place.run?.discovered), align: 'right' },
      { title: 'changed', value: (place) => count(place.run?.changed ?? place.changed), align: 'right' },
      { title: 'missing', value: (place) => count(place.run?.missing), align: 'right' },
      {
        title: 'note',
        value: (place) => place.failure ?? describeRunEnd(place.run ?? {}) ?? '',
        widthMax: 80,
      },
    ],
    'marked',
  )
  return [places, '', verdict(result, waited)].join('\n')
}

function verdict({ open, seconds, places }: SyncResult, waited: Waited | undefined): string {
  if (waited === undefined)
    return 'scheduled; the running service does the work (see `isthmus status`, or add --wait)'
  const { active, waiting } = waited.queue
  const left = counted(active + waiting, 'record')
  const needs = openInWords(open)
  const person = needs.length === 0 ? '' : `; needs attention: ${needs.map(({ words }) => words).join(', ')}`
  const actions = [...new Set(needs.map(({ action }) => `\n  → ${action}`))].join('')
  const failed = places.filter(({ failure }) => failure !== undefined)
  if (failed.length > 0 && waited.outcome !== 'timeout' && waited.outcome !== 'stopped') {
    const names = failed.map(({ system, entity, failure }) => `${entity} in ${system}: ${failure}`)
    return `ended after ${seconds} s, but not everything could be read${person}${actions}\n${names.join('\n')}`
  }
  switch (waited.outcome) {
    case 'quiet':
      return `done in ${seconds} s${person}${actions}`
    case 'waiting':
      return `done in ${seconds} s; ${left} scheduled for later, such as writes to be verified${person}${actions}`
    case 'timeout':
      return `not done after ${seconds} s: ${left} remaining; nothing is lost: run it again or raise --timeout${person}${actions}`
    case 'stopped':
      return `stopped: ${left} remaining; nothing is lost: run it again`
  }
}

function exitCodeOf(places: readonly PlaceResult[], waited: Waited | undefined, open: OpenCounts): number {
  const unfinished = waited?.outcome === 'timeout' || waited?.outcome === 'stopped'
  if (unfinished || places.some((place) => place.failure !== undefined)) return exitCodes.failed
  return openForPeople(open) > 0 ? exitCodes.needsDecision : exitCodes.fine
}

function addTimeout(command: Command): Command {
  const timeout = new Option('--timeout <time>', 'longest wait, such as 30s or 10m')
  return command.addOption(timeout.argParser(parseDuration).default(timeoutDefaultMs, '10m'))
}

/** Adds `isthmus sync` and `isthmus full`. */
export function addSyncCommands(program: Command, run: Run): void {
  const sync = program
    .command('sync')
    .description('read changes now and apply them')
    .option('--system <name>', 'only this system')
    .option('--entity <name>', 'only this entity')
    .option('--record <key>', 'only this record: its id, or <system>:<native id>')
    .option('--wait', 'wait until nothing is due, even if a running service does the work')
  addTimeout(sync).action(run(syncNow))
  const full = program
    .command('full')
    .description('list everything, compare it with the stored state, and synchronise what differs')
    .option('--system <name>', 'only this system')
    .option('--entity <name>', 'only this entity')
    .option('--wait', 'wait until nothing is due, even if a running service does the work')
  addTimeout(full).action(run(fullNow))
}

/**
 * Watches for drift while a process runs: checks the schemas at startup and once a day, reports new
 * differences, and keeps the paused fields consistent with the store.
 *
 * Only processes that run the scheduler call the systems; every process follows the store, so that an
 * acceptance takes effect in all of them within {@link FOLLOW_EVERY_MS}.
 */
import type { ConnectedSystem } from '../../connectors/kit/contract.ts'
import type { EmitEvent } from '../../model/events.ts'
import type { Integration } from '../../model/integration.ts'
import type { SchemaRow } from '../../store/admin-contract.ts'
import type { Store } from '../../store/contract.ts'
import type { DatabaseClock } from '../clock.ts'
import { compareSchemas } from './compare-schemas.ts'
import { type DriftPolicy, type DriftReport, reportDrift } from './drift-report.ts'
import { type PausableIntegration, type PausedFields, pausedCode, placeKey } from './paused-fields.ts'

/** How often the accepted schemas are read from the store. */
export const FOLLOW_EVERY_MS = 30_000
/** How often the schemas are requested from the systems. */
export const LOOK_EVERY_MS = 86_400_000
/** Interval after a system did not respond. */
const LOOK_AGAIN_MS = 3_600_000
/** Maximum duration of one check of all systems. */
const LOOK_WITHIN_MS = 300_000
const failuresPerPage = 200

export interface DriftWatchOptions {
  readonly policy: DriftPolicy
  readonly pausable: PausableIntegration
  readonly systems: ReadonlyMap<string, ConnectedSystem>
  readonly store: Store
  readonly clock: DatabaseClock
  readonly emit: EmitEvent
  /** True if this process calls the systems. */
  readonly enabled: boolean
  /** Called when records became due. */
  readonly wake: () => void
}

export interface DriftWatch {
  /** Reads the stored schemas. Call it before the first pass, so that no pass reads a paused field. */
  prepare(): Promise<void>
  /** Runs until the signal aborts. Never rejects. */
  run(signal: AbortSignal): Promise<void>
}

/** Creates the watch of one process; it does nothing if no system describes its schema. */
export function createDriftWatch(options: DriftWatchOptions): DriftWatch {
  const describes = [...options.systems.values()].some(({ describe }) => describe !== undefined)
  const state: WatchState = { paused: undefined, nextAt: 0 }
  return {
    prepare: async () => {
      if (describes) await follow(options, state)
    },
    run: async (signal) => {
      if (!describes) return
      while (!signal.aborted) {
        await turn(options, state, signal).catch(() => {
          options.emit({ type: 'StoreFailed', operation: 'schemas', code: 'ENGINE_SCHEDULE_FAILED' })
        })
        await options.clock.sleep(FOLLOW_EVERY_MS, signal)
      }
    },
  }
}

interface WatchState {
  /** Undefined before the first check. */
  paused: PausedFields | undefined
  nextAt: number
}

async function turn(options: DriftWatchOptions, state: WatchState, signal: AbortSignal): Promise<void> {
  const { clock, enabled, pausable, systems, store } = options
  if (enabled && clock.now() >= state.nextAt) {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(LOOK_WITHIN_MS)])
    const context = { signal: bounded, priority: 'batch' } as const
    const { integration } = pausable
    const { news, failed } = await compareSchemas({ integration, systems, store, context })
    state.nextAt = clock.now() + (failed.length > 0 ? LOOK_AGAIN_MS : LOOK_EVERY_MS)
    for (const report of news) emitReport(options, report)
  }
  await follow(options, state)
}

function emitReport({ emit, policy, pausable }: DriftWatchOptions, report: DriftReport): void {
  if (policy === 'ignore') return
  const harmful = report.items.filter((item) => item.harmful)
  const paused = policy === 'pause' ? pausedBy(pausable.integration, [report]) : new Map()
  emit({
    type: 'SchemaDrifted',
    system: report.system,
    resource: report.resource,
    differences: report.items.length,
    harmful: harmful.length,
    fields: paused.size === 0 ? [] : [...new Set(harmful.flatMap(({ fields }) => fields))],
  })
}

/** Updates the paused fields. Records whose fields are no longer paused are marked. */
async function follow(options: DriftWatchOptions, state: WatchState): Promise<void> {
  const { policy, pausable, store } = options
  const rows: readonly SchemaRow[] = policy === 'pause' ? await store.admin.schemas() : []
  const paused = pausedBy(pausable.integration, reportDrift(pausable.integration, rows))
  pausable.pause(paused)
  const before = state.paused
  state.paused = paused
  const isReleased = (entity: string, system: string): boolean => {
    const key = placeKey(entity, system)
    return before === undefined ? !paused.has(key) : !isSame(before.get(key), paused.get(key))
  }
  const changed = [...new Set([...(before?.keys() ?? []), ...paused.keys()])]
  if (before !== undefined && changed.every((key) => isSame(before.get(key), paused.get(key)))) return
  if ((await releaseFailures(store, pausable.integration, isReleased)) > 0) options.wake()
}

function isSame(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  return (a?.size ?? 0) === (b?.size ?? 0) && [...(a ?? [])].every((name) => b?.has(name) === true)
}

/** Returns the fields that harmful differences affect. */
export function pausedBy(integration: Integration, reports: readonly DriftReport[]): PausedFields {
  const paused = new Map<string, Set<string>>()
  for (const { system, items } of reports)
    for (const name of items.filter(({ harmful }) => harmful).flatMap(({ fields }) => fields)) {
      const [entity = '', field = ''] = splitName(integration, name)
      const key = placeKey(entity, system)
      paused.set(key, (paused.get(key) ?? new Set()).add(field))
    }
  return paused
}

/** `entity.field`, where both may contain dots. */
function splitName({ entities }: Integration, name: string): readonly string[] {
  for (const entity of entities.values())
    if (name.startsWith(`${entity.name}.`)) {
      const field = name.slice(entity.name.length + 1)
      if (entity.fields.has(field)) return [entity.name, field]
    }
  return []
}

/** Retries failures of fields that are no longer paused, so that waiting values are read and written. */
async function releaseFailures(
  store: Store,
  integration: Integration,
  isReleased: (entity: string, system: string) => boolean,
): Promise<number> {
  const signatures = new Map<string, { readonly system: string; readonly signature: string }>()
  for (const system of integration.systems.keys()) {
    let cursor: string | undefined
    do {
      const after = cursor === undefined ? {} : { cursor }
      const page = await store.admin.failures({ system, limit: failuresPerPage, ...after })
      for (const { code, entity, signature } of page.rows)
        if (code === pausedCode && isReleased(entity, system))
          signatures.set(signature, { system, signature })
      cursor = page.cursor
    } while (cursor !== undefined)
  }
  let released = 0
  for (const filter of signatures.values()) released += await store.admin.retryFailures(filter, 'isthmus')
  return released
}

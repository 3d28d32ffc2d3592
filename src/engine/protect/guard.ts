/**
 * The mass-change guard: per system, entity and day only so many creates, updates and deletions happen by themselves. What goes beyond is
 * held for a person, record by record, while everything below the limit and every other place flows on.
 *
 * Creates and updates take their permits from the store in small blocks, so that a burst of thousands costs a few statements; permits that a
 * stopped process had left count as used. Deletions take theirs one by one, exactly, when they are first suspected: see `detect.ts`.
 *
 * What the first load itself causes is not counted: it is planned and approved as a whole. That is each change to a record that was
 * there when the load had listed all systems, towards a system in which it has never been in agreement before.
 */
import type { Entity, GuardLimit } from '../../model/integration.ts'
import type { IntentOperation } from '../../model/state.ts'
import type { EngineContext, Pass, PassParts } from '../context.ts'
import { addRows, emit, note, setLane } from '../pass/pass.ts'
import { isFirstLoad } from './first-loads.ts'

/** Permits taken at once, at most; fewer where the limit itself is small. */
const BLOCK_MAX = 64
/** A block may take this share of the smaller bound, so that unused permits hardly lower the limit. */
const BLOCKS_PER_LIMIT = 16
/** Permits not used within this time are dropped: the day that they were counted in goes on without them. */
const PERMIT_LIFE_MS = 3_600_000

/** Lane reason that lets one change past the guard; the store sets it when a person releases a hold. */
export const RELEASED = 'released'

interface Permits {
  left: number
  takenAt: number
  /** A refill on its way; all who find no permit wait for the same one. */
  refill: Promise<boolean> | undefined
}

/** Creates the guard of one engine. */
export function createGuard(): PassParts['allowChange'] {
  const permits = new Map<string, Permits>()
  return async (pass, { system, operation }) => {
    if (operation === 'archive' || operation === 'delete') return true
    if (pass.members.get(system)?.laneReason === RELEASED) {
      setLane(pass, system, 'open')
      return true
    }
    if (isFirstLoad(pass, system, await pass.context.firstLoads.listedAt(pass.context, pass.entity)))
      return true
    if (await takePermit(pass.context, permits, { entity: pass.entity, system, operation })) return true
    holdChange(pass, system, operation)
    return false
  }
}

function holdChange(pass: Pass, system: string, operation: IntentOperation): void {
  const reason = `More ${operation}s than the guard of ${pass.entity.name} allows in ${system} within 24 hours.`
  holdLane(pass, system, { kind: 'guard', reason })
}

/** Holds one lane for a person. */
export function holdLane(
  pass: Pass,
  system: string,
  {
    laneReason,
    ...hold
  }: {
    readonly kind: 'guard' | 'delete-guard' | 'update-delete'
    readonly reason: string
    /** What the closed lane says. @default the kind */
    readonly laneReason?: string
  },
): void {
  const { context, record, entity } = pass
  addRows(pass, {
    holds: [{ id: context.random.uuid(), recordId: record.id, entity: entity.name, system, ...hold }],
  })
  setLane(pass, system, 'held', { reason: laneReason ?? hold.kind })
  note(pass, { kind: 'hold', body: { system, ...hold } })
  emit(pass, { type: 'ChangeHeld', recordId: record.id, entity: entity.name, system, kind: hold.kind })
}

interface Counted {
  readonly entity: Entity
  readonly system: string
  readonly operation: 'create' | 'update'
}

async function takePermit(
  context: EngineContext,
  permits: Map<string, Permits>,
  counted: Counted,
): Promise<boolean> {
  const key = JSON.stringify([counted.system, counted.entity.name, counted.operation])
  const own = permits.get(key) ?? { left: 0, takenAt: 0, refill: undefined }
  permits.set(key, own)
  for (;;) {
    if (own.left > 0 && context.clock.now() - own.takenAt < PERMIT_LIFE_MS) {
      own.left -= 1
      return true
    }
    own.left = 0
    own.refill ??= refill(context, own, counted).finally(() => {
      own.refill = undefined
    })
    if (!(await own.refill)) return false
  }
}

/** Takes a block, or a single permit when the limit is near. False: the limit is reached. */
async function refill(context: EngineContext, own: Permits, counted: Counted): Promise<boolean> {
  const { entity, system, operation } = counted
  const limit: GuardLimit = entity.guard[operation]
  const block = Math.max(1, Math.min(BLOCK_MAX, Math.floor(limit.atLeast / BLOCKS_PER_LIMIT)))
  for (const count of block > 1 ? [block, 1] : [1]) {
    const granted = await context.store.reserve({ system, entity: entity.name, operation, count, ...limit })
    if (granted) {
      own.left = count
      own.takenAt = context.clock.now()
      return true
    }
  }
  return false
}

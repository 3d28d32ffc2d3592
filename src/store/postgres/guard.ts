/**
 * The mass-change guard's counts, in hourly buckets. Creates and updates are counted in the commit of their
 * intents, everything else by reservations of its own. A reservation is granted whole or not at all.
 */
import { IsthmusError } from '../../model/errors.ts'
import type { Decision, GuardedChange, GuardReservation, Settlement } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import type { LinkedCounts } from './linked-counts.ts'
import type { Held } from './pass-checks.ts'
import { addSpent, addWithin, readSpent } from './sql/guard-counts.ts'

/** Reservations of one system, entity and operation, with their positions in the batch. */
interface Lane {
  readonly system: string
  readonly entity: string
  readonly operation: GuardReservation['operation']
  readonly items: { readonly index: number; readonly reservation: GuardReservation }[]
}

/** Implements `Store.reserveChanges`. */
export async function reserveChanges(
  context: PostgresContext,
  reservations: readonly GuardReservation[],
): Promise<readonly boolean[]> {
  if (reservations.length === 0) return []
  return context.database.transaction('reserving changes', (session) =>
    reserve(session, context.linkedCounts, reservations),
  )
}

/** Changes that exceed the guard, by the error that rolls their transaction back. */
const exceededBy = new WeakMap<IsthmusError, ReadonlyMap<Decision, GuardedChange>>()

/**
 * Returns the changes because of which a transaction was rolled back, to be repeated without their decisions;
 * undefined for any other failure.
 */
export function guardedChangesOf(error: unknown): ReadonlyMap<Decision, GuardedChange> | undefined {
  return error instanceof IsthmusError ? exceededBy.get(error) : undefined
}

function guardExceeded(changes: ReadonlyMap<Decision, GuardedChange>): IsthmusError {
  const error = new IsthmusError('STORE_CONTENTION', 'deciding: changes exceed the mass-change guard')
  exceededBy.set(error, changes)
  return error
}

/**
 * Counts the changes of these decisions. The rows of the counts are shared by all processes, so this comes
 * last in a transaction: nobody waits for them longer than a commit takes, and no transaction that holds them
 * waits for anything else.
 *
 * @throws IsthmusError STORE_CONTENTION when changes exceed the guard: see `guardedChangesOf`
 */
export async function countChanges(
  { linkedCounts }: PostgresContext,
  session: Session,
  held: readonly Held<Decision>[],
): Promise<void> {
  const returned = unmadeOf(held)
  const asked = held.flatMap(({ item, record: { entity } }) =>
    (item.guarded ?? []).map((change) => ({ item, change, reservation: { ...change, entity, count: 1 } })),
  )
  const granted = await reserve(session, linkedCounts, [
    ...returned,
    ...asked.map(({ reservation }) => reservation),
  ])
  const exceeding = new Map<Decision, GuardedChange>()
  asked.forEach(({ item, change }, n) => {
    if (granted[returned.length + n] !== true && !exceeding.has(item)) exceeding.set(item, change)
  })
  if (exceeding.size > 0) throw guardExceeded(exceeding)
}

/** Changes that were counted and had no effect count no more. */
export async function uncountChanges(
  { linkedCounts }: PostgresContext,
  session: Session,
  held: readonly Held<Settlement>[],
): Promise<void> {
  await reserve(session, linkedCounts, unmadeOf(held))
}

function unmadeOf(held: readonly Held<Decision | Settlement>[]): readonly GuardReservation[] {
  return held.flatMap(({ item, record: { entity } }) =>
    // What was counted once is counted again whatever the bound says by now.
    (item.unmade ?? []).map((change) => ({
      ...{ ...change, entity, count: -1 },
      ...{ share: 0, atLeast: Number.MAX_SAFE_INTEGER },
    })),
  )
}

async function reserve(
  session: Session,
  linkedCounts: LinkedCounts,
  reservations: readonly GuardReservation[],
): Promise<readonly boolean[]> {
  const granted = reservations.map(() => false)
  for (const lane of lanesOf(reservations)) {
    const isWhole = await reserveWhole(session, linkedCounts, lane)
    const results = isWhole ? [] : await reserveOneByOne(session, linkedCounts, lane)
    for (const [n, { index }] of lane.items.entries()) granted[index] = isWhole || results[n] === true
  }
  return granted
}

/** In a fixed order, so that no two transactions deadlock. */
function lanesOf(reservations: readonly GuardReservation[]): readonly Lane[] {
  const lanes = new Map<string, Lane>()
  for (const [index, reservation] of reservations.entries()) {
    const { system, entity, operation } = reservation
    const key = JSON.stringify([system, entity, operation])
    const lane = lanes.get(key) ?? { system, entity, operation, items: [] }
    lane.items.push({ index, reservation })
    lanes.set(key, lane)
  }
  return [...lanes].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, lane]) => lane)
}

/**
 * The usual case, in one statement: all of it stays below the bound that is known, in whatever order. Returns
 * false where it does not, and has counted nothing then.
 */
async function reserveWhole(session: Session, linkedCounts: LinkedCounts, lane: Lane): Promise<boolean> {
  const sums = { added: 0, returned: 0 }
  for (const { count } of lane.items.map(({ reservation }) => reservation)) {
    if (count > 0) sums.added += count
    else sums.returned += count
  }
  const total = sums.added + sums.returned
  if (sums.added === 0) {
    await addSpent(session, lane.system, lane.entity, lane.operation, total)
    return true
  }
  const bound = leastBound(lane, linkedCounts.known(lane) ?? 0)
  if (await addWithin(session, lane, { added: sums.added, total, bound })) return true
  const raised = leastBound(lane, await linkedCounts.refreshed(session, lane))
  return raised > bound && addWithin(session, lane, { added: sums.added, total, bound: raised })
}

function leastBound({ items }: Lane, linked: number): number {
  return Math.min(...items.map(({ reservation }) => boundOf(reservation, linked)))
}

function boundOf({ share, atLeast }: GuardReservation, linked: number): number {
  return Math.max(atLeast, Math.floor(share * linked))
}

async function reserveOneByOne(
  session: Session,
  linkedCounts: LinkedCounts,
  lane: Lane,
): Promise<readonly boolean[]> {
  const { system, entity, operation, items } = lane
  const linked = await linkedCounts.refreshed(session, lane)
  // Locks the bucket's row, so that nobody adds to it between the reading and the adding.
  await addSpent(session, system, entity, operation, 0)
  const spent = await readSpent(session, system, entity, operation)
  let added = 0
  const results = items.map(({ reservation }) => {
    const fits = reservation.count < 0 || spent + added + reservation.count <= boundOf(reservation, linked)
    if (fits) added += reservation.count
    return fits
  })
  if (added !== 0) await addSpent(session, system, entity, operation, added)
  return results
}

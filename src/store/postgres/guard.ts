/** The mass-change guard's counts, in hourly buckets: a reservation is granted whole or not at all. */
import type { GuardReservation } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { addSpent, addWithin, countLinked, lockGuard, readSpent } from './sql/guard-counts.ts'

/** Reservations of one system, entity and operation, with their places in the batch. */
interface Lane {
  readonly system: string
  readonly entity: string
  readonly operation: GuardReservation['operation']
  readonly items: { readonly index: number; readonly reservation: GuardReservation }[]
}

export async function reserveChanges(
  context: PostgresContext,
  reservations: readonly GuardReservation[],
): Promise<readonly boolean[]> {
  const granted = reservations.map(() => false)
  const session = context.database.session('reserving changes')
  const lanes = lanesOf(reservations)
  const whole = await Promise.all(lanes.map((lane) => reserveWhole(session, lane)))
  const rest = lanes.filter((lane, index) => {
    if (whole[index] === true) for (const item of lane.items) granted[item.index] = true
    return whole[index] !== true
  })
  if (rest.length === 0) return granted
  await context.database.transaction('reserving changes', async (transaction) => {
    await lockGuard(transaction, context.lockClass)
    for (const lane of rest) {
      const results = await reserveOneByOne(transaction, lane)
      for (const [n, { index }] of lane.items.entries()) granted[index] = results[n] === true
    }
  })
  return granted
}

/** In one order for everybody, so that no two transactions wait for each other. */
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
 * The usual case, in one statement: all of it is far below the fixed bound. False where it is not, or where changes are taken back in between:
 * then the order counts.
 */
async function reserveWhole(session: Session, lane: Lane): Promise<boolean> {
  const counts = lane.items.map(({ reservation }) => reservation.count)
  if (counts.some((count) => count < 0)) return false
  const total = counts.reduce((sum, count) => sum + count, 0)
  const bound = Math.min(...lane.items.map(({ reservation }) => reservation.atLeast))
  return addWithin(session, lane, total, bound)
}

async function reserveOneByOne(session: Session, lane: Lane): Promise<readonly boolean[]> {
  const { system, entity, operation, items } = lane
  // Holds the bucket's row, so that nobody adds to it in one statement between the reading and the adding.
  await addSpent(session, system, entity, operation, 0)
  const spent = await readSpent(session, system, entity, operation)
  const linked = linkedOnce(session, system, entity)
  let added = 0
  const results: boolean[] = []
  for (const { reservation } of items) {
    const fits =
      reservation.count < 0 || (await within(reservation, spent + added + reservation.count, linked))
    if (fits) added += reservation.count
    results.push(fits)
  }
  if (added !== 0) await addSpent(session, system, entity, operation, added)
  return results
}

/** Counting a million records takes a while: they are counted once, and only when the fixed bound doesn't settle it. */
function linkedOnce(session: Session, system: string, entity: string): () => Promise<number> {
  let count: Promise<number> | undefined
  return () => {
    count ??= countLinked(session, system, entity)
    return count
  }
}

async function within(
  { share, atLeast }: GuardReservation,
  total: number,
  linked: () => Promise<number>,
): Promise<boolean> {
  return total <= atLeast || total <= Math.floor(share * (await linked()))
}

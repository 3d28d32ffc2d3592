/** The mass-change guard's counts, in hourly buckets: a reservation is granted whole or not at all. */
import type { GuardReservation } from '../contract.ts'
import type { PostgresContext } from './context.ts'
import type { Session } from './database.ts'
import { addSpent, countLinked, lockGuard, readSpent } from './sql/guard-counts.ts'

export async function reserveChanges(
  context: PostgresContext,
  reservations: readonly GuardReservation[],
): Promise<readonly boolean[]> {
  if (reservations.length === 0) return []
  return context.database.transaction('reserving changes', async (session) => {
    await lockGuard(session, context.lockClass)
    const lanes = new Map<string, { spent: number; added: number; readonly of: GuardReservation }>()
    const linked = new Map<string, number>()
    const granted: boolean[] = []
    for (const reservation of reservations) {
      const { system, entity, operation, count } = reservation
      const key = JSON.stringify([system, entity, operation])
      const lane = lanes.get(key) ?? {
        spent: await readSpent(session, system, entity, operation),
        added: 0,
        of: reservation,
      }
      lanes.set(key, lane)
      const fits = count < 0 || (await within(session, linked, reservation, lane.spent + lane.added + count))
      if (fits) lane.added += count
      granted.push(fits)
    }
    for (const { of, added } of lanes.values()) {
      if (added !== 0) await addSpent(session, of.system, of.entity, of.operation, added)
    }
    return granted
  })
}

/** Records are counted only when the fixed bound doesn't settle it, and once for all that asks: counting a million takes a while. */
async function within(
  session: Session,
  linked: Map<string, number>,
  reservation: GuardReservation,
  total: number,
): Promise<boolean> {
  const { system, entity, share, atLeast } = reservation
  if (total <= atLeast) return true
  const place = JSON.stringify([system, entity])
  const count = linked.get(place) ?? (await countLinked(session, system, entity))
  linked.set(place, count)
  return total <= Math.floor(share * count)
}

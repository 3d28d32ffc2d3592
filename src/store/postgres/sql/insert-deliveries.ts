import type { Session } from '../database.ts'
import { toText } from '../text.ts'

export interface EncodedDelivery {
  readonly system: string
  readonly deliveryId: string
  readonly body: Uint8Array
}

/** Stores deliveries once; answers the indexes of the new ones. */
export async function insertDeliveries(
  session: Session,
  deliveries: readonly EncodedDelivery[],
): Promise<Set<number>> {
  if (deliveries.length === 0) return new Set()
  const rows = await session.rows<{ system: string; delivery_id: string }>(statement, [
    deliveries.map(({ system }) => system),
    deliveries.map(({ deliveryId }) => toText(deliveryId)),
    deliveries.map(({ body }) => body),
  ])
  const stored = new Set(rows.map((row) => JSON.stringify([row.system, row.delivery_id])))
  const fresh = new Set<number>()
  deliveries.forEach(({ system, deliveryId }, index) => {
    // The first of several equal ones is the one that was stored.
    if (stored.delete(JSON.stringify([system, toText(deliveryId)]))) fresh.add(index)
  })
  return fresh
}

const statement = {
  name: 'insert-deliveries',
  text: `
    insert into delivery (system, delivery_id, received_at, body)
    select system, delivery_id, now_ms(), body
    from unnest($1::text[], $2::text[], $3::bytea[]) with ordinality as u (system, delivery_id, body, n)
    order by n
    on conflict do nothing
    returning system, delivery_id`,
}

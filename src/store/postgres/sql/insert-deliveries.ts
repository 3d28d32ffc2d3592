import { createHash } from 'node:crypto'
import { isNativeId } from '../../native-id.ts'
import type { Session } from '../database.ts'
import { packBytes } from '../packed-bytes.ts'
import { toText } from '../text.ts'

export interface EncodedDelivery {
  readonly system: string
  readonly deliveryId: string
  readonly body: Uint8Array
}

/** Stores deliveries once; returns the indexes of the new ones. */
export async function insertDeliveries(
  session: Session,
  deliveries: readonly EncodedDelivery[],
): Promise<Set<number>> {
  if (deliveries.length === 0) return new Set()
  const bodies = packBytes(deliveries.map(({ body }) => body))
  const rows = await session.rows<{ system: string; delivery_id: string }>(statement, [
    deliveries.map(({ system }) => system),
    deliveries.map(({ deliveryId }) => keyOf(deliveryId)),
    bodies.starts,
    bodies.bytes,
    bodies.lengths,
  ])
  const stored = new Set(rows.map((row) => JSON.stringify([row.system, row.delivery_id])))
  const fresh = new Set<number>()
  deliveries.forEach(({ system, deliveryId }, index) => {
    // Of several equal ones the first was stored.
    if (stored.delete(JSON.stringify([system, keyOf(deliveryId)]))) fresh.add(index)
  })
  return fresh
}

/** Senders choose these ids; one that is too long for an index is identified by its hash. */
function keyOf(deliveryId: string): string {
  if (isNativeId(deliveryId)) return toText(deliveryId)
  return `sha256:${createHash('sha256').update(deliveryId).digest('hex')}`
}

const statement = {
  name: 'insert-deliveries',
  text: `
    insert into delivery (system, delivery_id, received_at, body)
    select system, delivery_id, now_ms(), substring($4::bytea from start for length)
    from unnest($1::text[], $2::text[], $3::integer[], $5::integer[]) with ordinality
      as u (system, delivery_id, start, length, n)
    order by n
    on conflict do nothing
    returning system, delivery_id`,
}
